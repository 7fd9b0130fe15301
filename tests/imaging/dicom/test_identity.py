import pytest

from imaging.dicom import HeldIds
from tests.imaging.dicom.instances import image, write


@pytest.mark.parametrize(
    ("held", "asked", "meant"),
    [
        (["X", " X"], "X", ["X"]),
        (["X", " X"], " X", [" X"]),
        ([" X"], "X", [" X"]),
        (["X"], " X ", ["X"]),
        (["  X", " X"], "X", ["  X", " X"]),
        ([" X", "X Y"], "Y", []),
        (["X Y"], "XY", []),
        (["\tX"], "X", []),
        ([""], " ", [""]),
        ([], "X", []),
    ],
)
def test_blanks_around_an_id_count_only_where_spelling_decides(held, asked, meant):
    assert HeldIds(held).meant_by(asked) == meant


def test_a_patient_with_a_leading_blank_is_found_without_it(archive, folder):
    for name in ("  PAD", "XPAD", "PLAIN"):
        write(image(patient_id=name), folder)

    found = [row.patient_id for row in archive.patients(["PAD", " PLAIN", "  PAD", "AD"])]

    assert found == ["  PAD", "PLAIN"]
    assert [each.patient_id for each in archive.holdings(["PAD"])] == ["  PAD"]
