"""Words that a cleaned description may keep: what was imaged and how, in five languages.

None is a usual surname or given name, unless it is anatomy (hand, kopf): that is why some good
words are missing (art, bravo, carina, cor, dixon, early, field, foley, fu, gross, hu, iris, linke,
long, low, mar, max, monaco, ng, omar, pons, post, ray, sharp, sim, small, wall, white). Nor are
there single letters, which could be initials, articles, which could be part of a name, or months.
"""

_MODALITIES = """
    angio angiogram angiographie angiography angiografia cbct ceus cr ct cta ctdi ctp dect dexa
    dsa dwi ebt ecg ekg elastography epi fluoro fluoroscopy fmri gated gating hrct image images
    imaging irm kvct linac localizer localiser mammo mammographie mammography mamografia mra mri
    mrcp mrs mrt mrv mvct nm opt pet petct petmr radiografia radiographie radiography radiology
    radiologie radiologia resonance resonanz resonancia risonanza rt scan scanner
    scanogram scout scintigraphie scintigraphy sonographie sonography spect swi szintigraphie tac
    tdm tomographie tomography tomografia tomosynthesis topogram topogramm ultrasound ultraschall
    échographie echographie ecografia surview us xr xray xa
"""

_SEQUENCES = """
    adc asl bssfp ciss cube dce diffusion dti dynamic dyn echo fatsat fiesta fisp flair fs fse
    fspgr gradient gre haste inversion ir irfse lava medic mprage mp2rage mpr pd pdw perfusion
    phase proton radial recovery relaxation saturation satured se spair spc spgr spin spir spoiled
    ssfp ssfse star stir suppressed suppression susceptibility t1 t1w t1ce t1gd t2 t2w tfe thrive
    tir tirm tof tr trufi trufisp tse turbo vibe weighted weighting wip propeller caipirinha
    grappa sense inphase outphase opposed opp dess b0 b50 b100 b400 b500 b600 b800 b1000 b1500
    flash
"""

_PLANES = """
    anterior ant axial ax ap bilateral caudal caudocranial coronal cranial craniocaudal decub
    decubitus distal dorsal dx feet frontal inferior inf isocenter isocentre landmark lateral lat
    left links lt medial mid middle oblique obl orthogonal pa plane planes posterior prone
    proximal rechts right rt sag sagittal sagittale supine superior sup transversal transverse tra
    trans ventral droite droit gauche destra destro sinistra sinistro derecha derecho izquierda
    izquierdo axiale coronale koronar bauchlage rückenlage procubito
"""

_CONTRAST_AND_PHASES = """
    arterial arteriell arteriale arteriosa artérielle balanced baseline bolus breath breathhold
    breathing cardiac contrast contraste contrasto cycle delayed dibh diastole diastolic ebh
    enhanced enhancement equilibrium exhalation expiration expiratory fb freebreathing gadolinium
    gd hepatobiliary iv inhale inhalation inspiration inspiratory intravenous iodine iodinated jod
    kontrast kontrastmittel km late mdc mip minip multiphase nach nativ native nephro
    nephrographic noncon noncontrast nativo oral oxygen parenchymal pdc phases plain portal
    portalvenous portovenous portalvenös postcon postcontrast postop precon precontrast preop pre
    respiratory rest resting retro retrospective sans senza ohne mit con avec stress systole
    systolic tardive triggered venous venös venosa veineux washout without with w/o exhale
"""

_PROCESSING = """
    ac attenuation average averaged avg algorithm asir b10f b20f b20s b25f b30f b30s b31f b31s
    b35f b36f b40f b40s b41f b41s b43f b45f b46f b50f b50s b60f b60s b70f b70s b75f b80f b80s b90s
    bone br36 br38 br40 br44 bl57 bl64 corrected correction curved deformable derived detail
    detector fbp fc01 fc08 fc13 fc18 fc30 fc51 fc52 filter filtered fov fused fusion hd hr40 hr49
    idose iterative i26f i30f i31f i40f i41f i44f i50f i70f kernel lung lungs matrix metal imar
    monoenergetic mono mosaic motion multiplanar nac original osem parallel processed psf qr40
    reconstruction reconstructed recon reformat reformatted reformats registered registration
    resampled resolution rigid saline smooth soft softtissue spectral spiral standard std stnd
    subtracted subtraction subtr summary synthetic thick thickness thin tissue truex ultra volume
    volumetric volumen voxel vrt window windowed calcification calcium calscore score screening
    report protocol protokoll protocole protocollo protocolo routine series serie séries slice
    slices schicht schichten spacing coupe coupes strato study studie studio étude estudio
    examination exam examen untersuchung esame test phantom calibration
"""

_RADIOTHERAPY = """
    adaptive adapted applicator arc arcs beam beams boost brachy brachytherapy breast clinical
    cone conebeam course ctv daily density dose dosis doses drr dvh eclipse effective electron
    electrons eqd2 external fiducial fiducials fraction fractions fx gtv hdr hypofractionated icbt
    igrt imrt ictv igtv immobilization imported internal isodose itv ldr marker markers mask mlc
    motionview obi offline online palliative patient photon photons pinnacle plan planned planning
    planung planungs planungsct plans portal position positioning prescription proton protons prv
    ptv pulsed qa radiation radiotherapy radiothérapie radioterapia raystation replan replanning
    rtdose rtplan rtstruct sabr sbrt setup shift sib simulation simulator srs srt stereotactic
    stereotaxy structure structures strukturen strahlentherapie surface target targets tbi therapy
    therapie thérapie terapia total treatment treated tumor tumour tumeur tumore vacuum
    verification vmat voxels bestrahlung bestrahlungsplanung 4d 3d 2d 4dct 3dct 4dcbct 3dcrt
"""

_HEAD_AND_NECK = """
    acoustic auditory brain brainstem canal carotid carotids cerebellum cerebral cerebrum cervical
    cheek chiasm cochlea cranium crâne cranio cráneo craniospinal ear ears eye eyes encephalon
    encéphale encefalo face facial forehead gehirn gesichtsschädel gland glands glottis hals head
    hirn hippocampus hypophyse hypophysis hypothalamus hypopharynx iac jaw kehlkopf kopf larynx
    lens lenses lip lips mandible massif mastoid maxilla maxillary maxillofacial meninges mouth
    mund nasal nasopharynx neck neurocranium nose optic oral orbit orbits orbita orbitale
    oropharynx palate paranasal parathyroid parotid parotids petrous pharynx pituitary retina
    salivary schilddrüse schädel schädelbasis sinus sinuses skull spinalis speicheldrüse stirn
    sublingual submandibular supraclavicular supraglottic teeth temporal temporomandibular thyroid
    tiroide tmj tongue tonsil tonsils trachea vestibular vocal zunge cerveau cerebro cervello
    cerebrale tête cabeza testa cuello collo cou
"""

_TRUNK = """
    abdomen abdominal abdo abdominopelvic addome adrenal adrenals airway anal anus aorta aortic
    appendix atrial atrium axilla axillary bauch becken bile biliary bladder blase bowel bronchi
    bronchial bronchus bronchoscopy brust brustkorb caecum cardio carotis cava cecum cervix chest
    chestwall cœur coeur colon colonography coronaries coronaro coronary cuore diaphragm dickdarm
    duodenum darm enterography enteroclysis esophagus oesophagus endometrium estómago estomac
    fegato foie gallbladder gallenblase gastric genital harnblase heart hepatic herz hepato
    hepática hígado ileum intestine jejunum kidney kidneys leber liver lunge lungen lymph magen
    mama mamma mammae mammary mediastinal mediastinum mesenteric milz myocardial myocardium niere
    nieren node nodes nodal oesophage omentum ovarian ovaries ovary pancreas pancreatic pankreas
    paraaortic pelvic pelvis pelvi pelvien perianal pericardial pericardium peritoneal perineum
    peritoneum pleura pleural polmone polmoni poumon poumons prostata prostate prostatic próstata
    pulmonaire pulmonal pulmonale pulmonar pulmonary rectal rectum rein reins rektum renal rénal
    retroperitoneum riñón sein seins seminal spleen speiseröhre stomach stomaco testes testicle
    testis thoracic thoraco thorax thorakal tórax torace thymus tube ureter urethra urinary uro
    urogram urography uterine uterus vagina vaginal vascular vein veins vena ventricle ventricular
    vésicule vesica vessel vessels vulva artery arteries ganglion ganglions
"""

_BONES_AND_LIMBS = """
    acetabulum acromioclavicular ankle arm arms articular bein beine bones bony brachial
    calcaneus cartilage caviglia cheville clavicle coccyx cord costal cruciate cspine disc discs
    elbow ellenbogen epaule épaule extremities extremity femoral femur fibula finger fingers foot
    forearm fuss fuß fusswurzel ginocchio genou gelenk hand hands handgelenk hip hips hombro
    hanche hüfte humerus hws iliac ilium ischium joint joints knee kniegelenk knees knie knochen
    kreuzbein leg legs ligament limb limbs lumbar lumbosacral lombaire lombare lspine lws meniscus
    muscle muscles muskel oberarm oberschenkel osseous ossa patella pied poignet rachis radius rib
    ribs rippen rodilla rotator sacral sacroiliac sacrum scapula schulter shoulder shoulders
    skeletal skeleton skelett skin spalla spinal spine sternum sprunggelenk tendon thigh
    thoracolumbar tibia toe toes tobillo tspine ulna unterarm unterschenkel upper lower vertebra
    vertebrae vertebral whole wholebody wirbelsäule wrist zehe bws colonne colonna columna
    ganzkörper entier muñeca polso piede gamba jambe body
"""

_FINDINGS = """
    abscess acute adenoma aneurysm biopsy biopsie bleed bleeding calculi cancer carcinoma catheter
    chronic cirrhosis cyst cystic dissection drain drainage edema effusion embolism embolization
    embolus empty fibrosis fistula followup fracture fraktur glioma glioblastoma haemorrhage
    hemorrhage hepatitis hernia hydrocephalus implant infarct infarction infection inflammation
    injury ischemia ischemic lesion lesions leukemia lymphoma lymphom malignant mass melanoma
    meningioma metastases metastasen metastasis metastatic metastasi metástasis mets myeloma
    necrosis neoplasm nodule nodules normal occlusion oedema osteoporosis pacemaker pneumonia
    pneumothorax polyp postoperative preoperative prosthesis recurrence recurrent residual
    resection rupture sarcoma schwannoma seizure sepsis stenosis stent stroke surgery surgical
    thrombosis thrombus trauma
"""

_ADMINISTRATION = """
    add additional adult all and auto automatic cd copy control contrôle controllo emergency
    evaluation final general infant kontrolle kontroll neonatal non not off only paediatric
    pediatric primary quality reference repeat research result results review secondary second
    screen source special staging statistics status therapeutic trial type unknown unspecified und
    et verlauf verlaufskontrolle vor suivi bilan avant après apres prima dopo antes después
"""

_GROUPS = (
    _MODALITIES,
    _SEQUENCES,
    _PLANES,
    _CONTRAST_AND_PHASES,
    _PROCESSING,
    _RADIOTHERAPY,
    _HEAD_AND_NECK,
    _TRUNK,
    _BONES_AND_LIMBS,
    _FINDINGS,
    _ADMINISTRATION,
)

_VERTEBRAE = {"c": 7, "t": 12, "th": 12, "l": 5, "s": 5}
_LEVELS = {
    f"{part}{number}" for part, count in _VERTEBRAE.items() for number in range(1, count + 1)
}

VOCABULARY = frozenset(word.casefold() for group in _GROUPS for word in group.split()) | _LEVELS
