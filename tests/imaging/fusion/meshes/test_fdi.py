"""FDI numbers, as ISO 3950 counts teeth: quadrants clockwise from the patient's upper right."""

import pytest

from imaging.fusion.meshes import fdi, tooth_in
from imaging.phantoms.teeth import PERMANENT


@pytest.mark.parametrize(
    ("number", "name", "kind"),
    [
        (11, "Upper right central incisor", "incisor"),
        (22, "Upper left lateral incisor", "incisor"),
        (33, "Lower left canine", "canine"),
        (44, "Lower right first premolar", "premolar"),
        (15, "Upper right second premolar", "premolar"),
        (26, "Upper left first molar", "molar"),
        (37, "Lower left second molar", "molar"),
        (48, "Lower right third molar", "molar"),
        (51, "Upper right deciduous central incisor", "incisor"),
        (63, "Upper left deciduous canine", "canine"),
        (74, "Lower left deciduous first molar", "molar"),
        (85, "Lower right deciduous second molar", "molar"),
    ],
)
def test_a_number_is_a_tooth(number, name, kind):
    tooth = fdi(str(number))

    assert tooth is not None
    assert (tooth.number, tooth.name, tooth.kind) == (number, name, kind)
    assert (tooth.quadrant, tooth.position) == divmod(number, 10)
    assert tooth.is_upper == name.startswith("Upper")
    assert tooth.deciduous == ("deciduous" in name)


def test_there_are_52_teeth():
    teeth = {tooth for number in range(100) if (tooth := fdi(str(number)))}

    assert len(teeth) == len({tooth.name for tooth in teeth}) == 52
    assert {str(tooth.number) for tooth in teeth if not tooth.deciduous} == {*PERMANENT}


@pytest.mark.parametrize(
    "name",
    [
        "36",
        "tooth_36",
        "T36",
        "FDI-36",
        "fdi 36",
        "36_root",
        "Crown36.ply",
        "fusion_36",
        "upper-36",
    ],
)
def test_names_of_many_spellings_are_understood(name):
    tooth = fdi(name)

    assert tooth is not None
    assert tooth.number == 36


@pytest.mark.parametrize(
    "name",
    [
        *("", "tooth", "9", "19", "10", "49", "56", "86", "136", "3.6", "11_12", "part-11"),
        *("mesh no 12", "patient 11", "\u0661\u0661", "\u00b9\u00b9", "1 1", "cbct_upper_jaw"),
    ],
)
def test_other_names_are_no_teeth(name):
    assert fdi(name) is None


@pytest.mark.parametrize("group", ["upper", "lower", "cbct_upper_jaw", "cbct_lower_jaw"])
def test_a_jaw_is_no_tooth_though_it_has_a_number(group):
    assert tooth_in("11", group) is None
    assert tooth_in("11", "fusion") == fdi("11") is not None
