import os

import pytest

from imaging.dicom.identity import different_names
from tests.imaging.dicom.instances import image, only_series, write

STUDY, CT = "1.2.3", "1.2.3.1"


def slice_of(**values):
    return image(StudyInstanceUID=STUDY, SeriesInstanceUID=CT, **values)


def test_equal_copies_are_silent(archive, folder):
    dataset = slice_of(SOPInstanceUID="1.2.3.1.1")
    paths = [write(dataset, folder / name) for name in ("a", "b", "c")]
    os.utime(paths[1], ns=(1, 1))

    series = only_series(archive)

    assert series.conflicting == ()
    assert [row.locator for row in series.instances] == ["a/1.2.3.1.1.dcm"]


@pytest.mark.parametrize("other", [{"KVP": "140"}, {"SeriesDescription": "longer"}])
@pytest.mark.parametrize("place", ["0", "z"])
def test_copies_that_differ_are_named(archive, folder, other, place):
    known = {"KVP": "120"}
    for number in (3, 1, 2):
        dataset = slice_of(SOPInstanceUID=f"1.2.3.1.{number}", **known)
        write(dataset, folder / "a")
        write(dataset, folder / "b")
    for number in (3, 1):
        changed = slice_of(SOPInstanceUID=f"1.2.3.1.{number}", **(known | other))
        write(changed, folder / place)
    for path in folder.rglob("*.dcm"):
        os.utime(path, ns=(1, 1))

    series = only_series(archive)

    assert series.conflicting == ("1.2.3.1.1", "1.2.3.1.3")
    assert len(series.instances) == 3


def test_a_copy_gone_since_it_was_found_counts_as_different(archive, folder):
    dataset = slice_of(SOPInstanceUID="1.2.3.1.1")
    paths = [write(dataset, folder / name) for name in ("a", "b")]
    archive.patient_ids()
    paths[1].unlink()

    assert only_series(archive).conflicting == ("1.2.3.1.1",)


def test_every_object_of_a_study_tells_whose_it_is(archive, folder):
    write(slice_of(PatientName="Doe^Jane", PatientBirthDate="19500101"), folder, "a")
    write(slice_of(PatientName="Doe^Jane", PatientBirthDate=""), folder, "b")
    write(slice_of(PatientName="", PatientBirthDate="19400101"), folder, "c")
    write(slice_of(PatientName="Roe^Richard"), folder, "d")

    (row,) = archive.patients(["P1"])
    (study,) = row.studies

    assert study.patient_names == ("Doe^Jane", "Roe^Richard")
    assert study.patient_birth_dates == ("19400101", "19500101")


def test_a_copy_that_is_passed_over_still_tells_whose_it_is(archive, folder):
    for name in ("Doe^Jane", "Roe^Richard"):
        write(slice_of(SOPInstanceUID="1.2.3.1.1", PatientName=name), folder / name)

    (row,) = archive.patients(["P1"])

    assert row.studies[0].patient_names == ("Doe^Jane", "Roe^Richard")


@pytest.mark.parametrize(
    ("first", "others", "names"),
    [
        ("", [], ()),
        ("", [""], ()),
        ("Doe^Jane", ["Doe^Jane", ""], ("Doe^Jane",)),
        ("", ["Roe^R", "Doe^J"], ("Doe^J", "Roe^R")),
        ("Doe^Jane", ["Doe^Jane^^^"], ("Doe^Jane",)),
        ("Yamada^Tarou=\u5c71\u7530", ["Yamada^Tarou"], ("Yamada^Tarou=\u5c71\u7530",)),
        ("=\u5c71\u7530", ["=\u4f50\u85e4"], ("=\u4f50\u85e4", "=\u5c71\u7530")),
    ],
)
def test_the_first_group_of_a_name_tells_people_apart(first, others, names):
    assert different_names(first, others) == names
