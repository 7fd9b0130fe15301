"""Structures that TG-263 has a name for (its worksheet of 2017), without side, margin or part.

Foley is missing on purpose: as a word alone it is more often a surname than a catheter.
"""

_VESSELS_AND_HEART = """
    A A_Aorta A_Aorta_Arch A_Aorta_Asc A_Aorta_Desc A_Brachiocephls A_Carotid A_Carotid_Ext
    A_Carotid_Int A_Celiac A_Coronary A_Coronary_Cflx A_Femoral A_Femoral_Cflx A_Hepatic A_Humeral
    A_Humeral_Cflx A_Hypophyseal A_Iliac A_Iliac_Cflx A_Iliac_Ext A_Iliac_Int A_LAD A_LCx A_LMCA
    A_Mesenteric A_Pulmonary A_RCA A_Renal A_Splenic A_Subclavian A_Vertebral
    V V_Azygos V_Brachioceph V_Femoral V_Hepatic V_Iliac V_Iliac_Ext V_Iliac_Int V_Jugular
    V_Jugular_Ext V_Jugular_Int V_Portal V_Pulmonary V_Renal V_Splenic V_Subclavian V_Venacava
    Atrium GreatVes Heart Myocardium Pericardium Valve Valve_Aortic Valve_Mitral Valve_Pulmonic
    Valve_Tricuspid Ventricle
"""

_HEAD_AND_NECK = """
    Arytenoid BrachialPlex Brain Brainstem Brainstem_Core Brainstem_Surf BuccalMucosa CN
    Cartlg_Thyroid Cavity_Nasal Cavity_Oral Cerebellum Cerebrum Cist_Pontine Cist_Suprasellar
    Cochlea Cornea CribriformPlate Cricoid Cricopharyngeus CorpusCallosum Ear_External
    Ears_External Ear_Internal Ear_Middle Eye Eyes Fossa_Jugular Fossa_Pituitary Fossa_Posterior
    Glnd_Lacrimal Glnd_Parathyroid Glnd_Subling Glnd_Submand Glnd_Thyroid Glottis Hardpalate
    Hemisphere Hippocampi Hippocampus Hypothalamus Hypothalmus Joint_TM Laryngl_Pharynx Larynx
    Larynx_SG Lens Lips Lobe_Frontal Lobe_Occipital Lobe_Parietal Lobe_Temporal Malleus Mandible
    Musc_Constrict Musc_Digastric Musc_Masseter Musc_Platysma Musc_Pterygoid Musc_Sclmast
    Musc_Temporal Nasalconcha Nasalconcha_LI Nasalconcha_RI Nasopharynx Nose Nrv_Oculomotor
    OpticChiasm OpticNrv Orbit Oropharynx Palate_Soft Parotid Pharynx Pineal Pituitary Pons
    Proc_Condyloid Proc_Coronoid Pterygoid_Lat Pterygoid_Med Retina Scalp Sinus_Ethmoid
    Sinus_Frontal Sinus_Maxilry Sinus_Maxillary Sinus_Sphenoid Skull Stapes Surf_Eye
    Sys_Ventricular Thalamus Tongue Tongue_All Tongue_Base Tongue_Oral Tonsil VocalCord
"""

_TRUNK = """
    AirWay Anus Appendix Bag_Bowel BileDuct BileDuct_Common Bladder Bladder_Wall Bowel Bowel_Large
    Bowel_Small Breast Bronchus Bronchus_Main Canal_Anal Carina CaudaEquina Cavernosum Cecum Cervix
    Chestwall Colon Colon_Ascending Colon_Decending Colon_Descending Colon_Sigmoid Colon_Transverse
    Diaphragm Duodenum Esophagus Gallbladder Genitals Glnd_Adrenal Glnd_Thymus Ileum Jejunum
    Jejunum_Ileum Kidney Kidney_Cortex Kidney_Hilum Kidney_Pelvis Lig_Hepatogastrc Liver
    Lung Lung_LLL Lung_LUL Lung_RLL Lung_RML Lung_RUL Mediastinum Nipple Ovaries Ovary PancJejuno
    Pancreas Pancreas_Head Pancreas_Tail Parametrium PenileBulb Penis Perineum Peritoneum Prostate
    Prostate_Bed ProstateBed Rectal_Wall Rectum SacralPlex Scrotum SeminalVes Sigmoid Sphincter_Anal
    Spleen Spleen_Hilum Spongiosum Stomach Testes Testis Thoracic_Duct Trachea Ureter UreterDivert
    Urethra Urethra_Prostatc Uterus Vagina Vagina_Surf VaginalCuff Vulva Wall_Vagina
"""

_BONES_AND_SPINE = """
    Acetabulum Bone BoneMarrow BoneMarrow_Act Bone_Ethmoid Bone_Frontal Bone_Hyoid Bone_Ilium
    Bone_Incus Bone_Ischium Bone_Lacrimal Bone_Mandible Bone_Mastoid Bone_Nasal Bone_Occipital
    Bone_Palatine Bone_Parietal Bone_Pelvic Bone_Sphenoid Bone_Temporal Bone_Zygomatic Clavicle
    Dens Elbow Femur Femur_Base Femur_Head Femur_Joint Femur_Neck Femur_Shaft Fibula GrowthPlate
    Humerus Humerus_Head Joint_Elbow Joint_Glenohum Joint_Hip Joint_Surface Knee Maxilla Musc
    Nrv_Peripheral Nrv_Root PubicSymphys Radius Rib Sacrum Scapula Skeleton SpinalCanal SpinalCord
    SpinalCord_Cerv SpinalCord_Lum SpinalCord_Sac SpinalCord_Thor Sternum Strct Strct_Suprapatel
    Tendon Tendon_Quad ThecalSac Tibia Ulna VB VB_C VB_L VB_S VB_T Vomer
"""

_NODES_AND_SPACES = """
    LN LN_Ax LN_Ax_Apical LN_Ax_Central LN_Ax_L1 LN_Ax_L2 LN_Ax_L3 LN_Ax_Lateral LN_Ax_Pectoral
    LN_Ax_Subscap LN_Brachioceph LN_Bronchpulm LN_Diaphragmatic LN_IMN LN_Iliac LN_Iliac_Ext
    LN_Iliac_Int LN_Inguinofem LN_Intercostal LN_Ligamentarter LN_Mediastinal LN_Neck LN_Neck_IA6
    LN_Obturator LN_Paraaortic LN_Paramammary LN_Parasternal LN_Pelvic LN_Portahepatis LN_Presacral
    LN_Pulmonary LN_Sclav LN_Supmammary LN_Trachbrnch
    Spc Spc_Bowel Spc_Bowel_Small Spc_Retrophar Spc_Retrosty Spc_Supraclav
"""

_NOT_ANATOMY = """
    Artifact Bag_Ostomy Body Bolus Boost Couch CouchInterior CouchSurface Edema Eval External IDL
    Implant Leads Markers Pacemaker Postop Preop Prosthesis Scar Scar_Boost Skin Skin_Perineum
    Skin_Peritoneum SurgicalBed TumorBed
"""

_LEVELS_OF_NECK = (
    "IA IB II IIA IIB III IV IVA IVB V VA VB VC VI VIA VIB VII VIIA VIIB VIII IX X XA XB"
)
_CRANIAL_NERVES = "I II III IV V VI VII VIII IX X XI XII"
_VERTEBRAE = {"C": 7, "T": 12, "L": 5, "S": 5}


def _numbered() -> set[str]:
    """Return the names that have a number: cranial nerves, nodes of the neck, ribs, vertebrae."""
    names = {f"CN_{number}" for number in _CRANIAL_NERVES.split()}
    names |= {f"LN_Neck_{level}" for level in _LEVELS_OF_NECK.split()}
    names |= {f"Rib{number:02}" for number in range(1, 13)}
    names |= {f"Bolus_{mm:02}mm" for mm in range(1, 31)}
    for letter, count in _VERTEBRAE.items():
        names |= {f"VB_{letter}{number}" for number in range(1, count + 1)}
    return names | {f"VB_T{number:02}" for number in range(1, 10)}


_ALL = (
    _VESSELS_AND_HEART,
    _HEAD_AND_NECK,
    _TRUNK,
    _BONES_AND_SPINE,
    _NODES_AND_SPACES,
    _NOT_ANATOMY,
)

ROOTS = frozenset(name for names in _ALL for name in names.split()) | _numbered()
