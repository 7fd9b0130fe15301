import numpy as np
import pytest

from imaging.errors import InputError
from imaging.labels.dictionaries import described, dictionary_of, known

VISTA = known("vista3d")
TOTAL = known("totalsegmentator")
RIBS = tuple(range(92, 116))


@pytest.mark.parametrize(
    "spelling",
    [
        "kidney_left",
        "left kidney",
        "Left Kidney",
        "KIDNEY LEFT",
        "Kidney_L",
        "kidney-l",
        "L kidney",
        "lt. kidney",
        "Kidney (left)",
        "KidneyLeft",
        "  kidney   left ",
        "left kidneys",
        "\uff4b\uff49dney left",  # full width, as an input method of East Asia types
    ],
)
@pytest.mark.parametrize(("dictionary", "label_id"), [(TOTAL, 3), (VISTA, 14)])
def test_a_name_is_found_however_it_is_spelled(spelling, dictionary, label_id):
    assert dictionary.resolve([spelling]) == (label_id,)


@pytest.mark.parametrize(
    ("text", "label_id"),
    [
        ("5", 5),
        (5, 5),
        (np.uint8(5), 5),
        ("-3", -3),
        (" 5 ", 5),
        ("05", 5),
        ("+5", 5),
        (4000, 4000),
        (2**64 - 1, 2**64 - 1),
        ("L5", 27),
        ("vertebra L5", 27),
        ("VB_T05", 39),
        ("Rib01_R", 104),
        ("left rib 10", 101),
        ("rib 1 left", 92),
        ("livers", 5),
        ("oesophagus", 15),
        ("left clavicle", 73),
        ("Lung_RML", 13),
        ("V_Venacava_I", 63),
        ("Bladder", 21),
        ("spinalcord", 79),
        ("SmallBowel", 18),
    ],
)
def test_a_label_is_found_by_id_name_or_abbreviation(text, label_id):
    assert TOTAL.resolve([text]) == (label_id,)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("ribs", RIBS),
        ("all ribs", RIBS),
        ("All the Ribs", RIBS),
        ("rib", RIBS),
        ("left ribs", RIBS[:12]),
        ("ribs_R", RIBS[12:]),
        ("rib 1", (92, 104)),
        ("rib_left_*", RIBS[:12]),
        ("left rib *", RIBS[:12]),
        ("rib_left_?", RIBS[:9]),
        ("Rib0?_L", RIBS[:9]),
        ("RIB_*_1[0-2]", (101, 102, 103, 113, 114, 115)),
        ("*_right", tuple(label.id for label in TOTAL if "right" in label.groups)),
        ("left", tuple(label.id for label in TOTAL if "left" in label.name)),
        ("L", tuple(label.id for label in TOTAL if "left" in label.name)),
        ("vertebrae", tuple(range(26, 51))),
        ("lumbar vertebrae", (27, 28, 29, 30, 31)),
        ("lungs", (10, 11, 12, 13, 14)),
        ("lung", (10, 11, 12, 13, 14)),
        ("left lung", (10, 11)),
        ("kidneys", (2, 3)),
        ("both kidneys", (2, 3)),
        ("kidney", (2, 3)),
        ("femur", (75, 76)),
        ("iliac arteries", (65, 66)),
        ("gluteus maximus", (80, 81)),
        ("muscles", tuple(range(80, 90))),
        ("left bones", (69, 71, 73, 75, 77, *RIBS[:12])),
        ("*", tuple(range(1, 118))),
    ],
)
def test_a_group_a_pattern_or_a_pair_means_several(text, ids):
    assert TOTAL.resolve([text]) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("lung", (20,)),
        ("lungs", (20, 28, 29, 30, 31, 32)),
        ("all lungs", (20, 28, 29, 30, 31, 32)),
        ("left lungs", (28, 29)),
        ("kidney", (2,)),
        ("kidneys", (2, 5, 14)),
        ("bone", (21,)),
        ("lesions", (23, 24, 26, 27, 128, 129, 130)),
        ("*tumor", (23, 24, 26, 130)),
    ],
)
def test_a_name_comes_before_a_group_and_a_plural_is_the_group(text, ids):
    assert VISTA.resolve([text]) == ids


def test_what_is_asked_for_comes_in_that_order_and_once():
    assert TOTAL.resolve(["liver", 1, "kidneys", "kidney_left", "1"]) == (5, 1, 2, 3)
    assert TOTAL.resolve([]) == ()


def test_a_name_letter_for_letter_comes_before_a_pattern_and_another_spelling():
    odd = dictionary_of([described(1, "PTV[60]"), described(2, "PTV6"), described(3, "ptv[60]")])

    assert odd.resolve(["PTV[60]"]) == (1,)
    assert odd.resolve(["ptv[6]"]) == (2,)


def test_words_in_another_order_come_before_another_number():
    alike = dictionary_of([described(1, "portal veins"), described(2, "vein portal")])

    assert alike.resolve(["portal vein"]) == (2,)


def test_a_name_of_both_sides_is_on_neither():
    shunt = dictionary_of([described(1, "left-right shunt")])

    assert shunt.resolve(["Left Right Shunt"]) == (1,)
    assert shunt.find("shunt") == shunt.find("left") == ()


def test_groups_that_a_file_states_count_instead_of_those_of_the_name():
    own = dictionary_of(
        [described(1, "rib_left_1", groups=["cage"]), described(2, "sternum", groups=["cage"])]
    )

    assert own.resolve(["cage"]) == (1, 2)
    assert own.resolve(["left cage"]) == (1,)
    assert own.groups() == {"cage": (1, 2)}
    with pytest.raises(InputError):
        own.resolve(["ribs"])


@pytest.mark.parametrize("dictionary", [VISTA, TOTAL])
def test_every_name_and_abbreviation_finds_its_own_label_only(dictionary):
    for label in dictionary:
        assert dictionary.resolve([label.name]) == (label.id,)
        assert dictionary.resolve([label.name.upper()]) == (label.id,)
        assert dictionary.resolve([label.name.replace(" ", "_")]) == (label.id,)
        if label.abbreviation:
            assert dictionary.resolve([label.abbreviation.lower()]) == (label.id,)


@pytest.mark.parametrize("dictionary", [VISTA, TOTAL])
def test_every_group_is_found_by_its_name(dictionary):
    for group, ids in dictionary.groups().items():
        assert dictionary.resolve([f"all {group}"]) == ids


def test_names_of_one_model_find_the_same_structures_of_the_other():
    found = {label.name: TOTAL.find(label.name) for label in VISTA}
    sided = [ids for name, ids in found.items() if name.startswith(("left ", "right "))]

    assert {len(ids) for ids in sided} == {1}
    assert {name for name, ids in found.items() if not ids} == {
        "prostate or uterus",
        "rectum",
        "lung tumor",
        "pancreatic tumor",
        "hepatic vessel",
        "hepatic tumor",
        "colon cancer primaries",
        "bone lesion",
        "kidney mass",
        "liver tumor",
        "vertebrae L6",
        "airway",
    }


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("5-7", (5, 6, 7)),
        (" 5 - 7 ", (5, 6, 7)),
        ("05-6", (5, 6)),
        ("4-4", (4,)),
        ("-3-1", (-3, -2, -1, 0, 1)),
        ("-5--3", (-5, -4, -3)),
    ],
)
def test_a_range_means_all_its_ids(text, ids):
    assert TOTAL.find(text) == ids


@pytest.mark.parametrize("text", ["7-5", "1-65537", "0-99999999999999999999"])
def test_a_range_that_ends_too_soon_or_too_late_is_refused(text):
    with pytest.raises(InputError, match="ends before it begins, or is more than 65536 ids"):
        TOTAL.find(text)


@pytest.mark.parametrize("text", ["1.0", "1e3", "5-", "--5", "5-7-9", "0x5", "\u0665", "\u00b2"])
def test_what_is_almost_an_id_is_a_name_that_nobody_has(text):
    assert TOTAL.find(text) == ()


def test_lists_are_cut_at_their_commas_but_names_with_commas_are_not():
    names = dictionary_of([described(1, "lobe, upper"), described(2, "liver", abbreviation="L, v")])

    assert names.apart(["Lobe, Upper", "l, v", "liver, 5-7,", "", " , "]) == (
        "Lobe, Upper",
        "l, v",
        "liver",
        "5-7",
    )
