from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.dicom.deidentify.tg263 import follows_tg263
from imaging.dicom.deidentify.tg263_roots import ROOTS

bounded = settings(derandomize=True, max_examples=300, deadline=None, database=None)
SURNAMES = ["Mueller", "Smith", "Nguyen", "O'Brien", "Garcia", "Li", "Foley", "Sarl", "Longo"]
TARGETS = ["PTV", "GTVp", "CTV1", "PTV_High", "PTV_5040"]
PRIMARY = """
    Brain Brainstem SpinalCord Parotid_L Lung_L Lungs Heart A_Aorta Glnd_Submand_L Bone_Hyoid
    OpticNrv_L Femur_Head_R Bowel_Bag LN_Ax_L1_L External Skin Couch Lung_LUL Rib01_L VB_T07 VB_L5
    CN_IX_L LN_Neck_II_L Bolus_05mm Hippocampi Ears_External Kidney_Hilums Nasalconcha_LI
"""
DERIVED = """
    Brainstem_PRV SpinalCord_PRV05 OpticNrv_PRV03_L Kidney_L_PRV05 Brain~ Lung~_L Lungs~
    AirWay_Prox Esophagus_NAdj A_Mesenteric_S Lungs-GTV Brain-PTV Parotid_L-PTV Liver-GTVp1
    Kidney_L+Kidney_R Lungs^Ex zLung_L _Lung_L z_Lung_L
"""
TARGET = """
    GTV CTV ITV IGTV ICTV PTV PTV! GTVp GTVn2 CTVsb GTVpar GTVv GTVvas PTV12 PTVp1_CT1PT1 GTV_MR2
    CTV_A_Aorta PTV_Liver_R PTV_High CTV_Low PTV_Mid01 PTV_5040 PTV_5040x28 PTV_50.4Gy
    PTV_50.4Gyx28 PTV_50p4Gy PTV_Liver_20Gyx3 PTV_2000 PTV-05 PTVp1_High-03 PTV_High^opt zPTVopt
    E-PTV_Ev05_4500 PTV_High-PTV_Low
"""
DATED = """
    PTV_1950 PTV_2019 PTV_1203 PTV_3112 PTV_1231 PTV_12031950 PTV_123456 PTV_12.03.1950 PTV_0312
    PTV-12-03 PTV-12-03-50 Lung_L-1950 Lung_1203 PTV_12_03_50
"""
NAMED = """
    {} {}_L {}_PRV05 z{} _{} {}~ PTV_{} PTV{} PTV_{}_5040 PTV^{} PTV_High^opt^{} Lung_{} Lung_L_{}
    Lung_L^{} Lung_L-{} {}-Lung_L {}_Lung {}+PTV Lungs-{}-PTV PTVp1_CT1{} LN_{} A_{} Bone_{}
"""


@pytest.mark.parametrize("name", PRIMARY.split())
def test_primary_names_follow(name):
    assert follows_tg263(name)


@pytest.mark.parametrize("name", DERIVED.split())
def test_margins_parts_combinations_and_helpers_follow(name):
    assert follows_tg263(name)


@pytest.mark.parametrize(
    "name", ["L_Hilum_Kidney", "PRV05_Brainstem", "L_Submand_Glnd", "Asc_Aorta_A"]
)
def test_names_in_reverse_order_follow(name):
    assert follows_tg263(name)


@pytest.mark.parametrize("name", TARGET.split())
def test_targets_follow(name):
    assert follows_tg263(name)


@pytest.mark.parametrize("name", ["LUNG_L", "lung l", " Lung  L ", "ptv_high", "PTV High"])
def test_letter_case_and_blanks_do_not_count(name):
    assert follows_tg263(name)


@pytest.mark.parametrize(
    ("pattern", "surname"),
    [*product([*NAMED.split(), "Heart {}", "{} Heart", "PTV {} 50.4Gy"], SURNAMES)],
)
def test_a_surname_anywhere_does_not_follow(pattern, surname):
    assert not follows_tg263(pattern.format(surname))


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "z",
        "_",
        "^Ex",
        "Lung_L^",
        "Lung_L-",
        "-05",
        "Lung_L^Ex^Ex",
        "Rib13_L",
        "VB_T13",
        "VB_C8",
        "Lunge",
        "PTV_60",
        "PTV_Li1",
        "PTV_504",
        "Lung\u200b_L",
        "\uff2cung_L",
        "肺",
        "\udc80",
        "\u017fkin",
        "\u212aidney_L",
        "Lung_L" + "-PTV" * 20,
    ],
)
def test_other_names_do_not_follow(name):
    assert not follows_tg263(name)


@pytest.mark.parametrize("name", DATED.split())
def test_a_target_with_a_date_or_a_record_number_does_not_follow(name):
    assert not follows_tg263(name)


@pytest.mark.parametrize("name", ["PTV_1950x3", "PTV_1203x2", "PTV_4256", "PTV_6996", "PTV_3060"])
def test_a_dose_that_is_no_date_follows(name):
    assert follows_tg263(name)


def test_every_root_follows_on_either_side():
    assert len(ROOTS) > 300
    for root, side in product(ROOTS, ["", "_L", "_R"]):
        assert follows_tg263(root + side)


@bounded
@given(st.text(max_size=70))
def test_any_text_is_answered(name):
    assert follows_tg263(name) in {True, False}


@bounded
@given(st.sampled_from([*sorted(ROOTS), *TARGETS]), st.text("bdfghjkqwuy", min_size=4, max_size=12))
def test_letters_that_no_root_has_do_not_follow(root, letters):
    for name in (root + letters, f"{root}_{letters}", f"{root}^{letters}", f"{letters}-{root}"):
        assert not follows_tg263(name)


@pytest.mark.parametrize("piece", ["a-", "vb_s_s-", "ptv_a_", "ptv+", "lung~", "_l", "z", "-05"])
def test_a_name_of_many_readings_is_answered_at_once(piece):
    assert not follows_tg263((piece * 64)[:63] + "?")
