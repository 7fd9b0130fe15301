from datetime import date

import pytest

from imaging.dicom import DateRange
from imaging.orthanc import OrthancArchive
from tests.imaging.dicom.instances import image, write

pytestmark = pytest.mark.orthanc


AWKWARD = [
    "SUB*",
    "SUB?",
    "SUB_1",
    "SUB%1",
    "A\\B",
    "sub1",
    "Müller",
    "muller",
    "Mueller*",
    "  pad",
]


@pytest.fixture(scope="module")
def awkward(orthanc, tmp_path_factory):
    """Patients whose ids look like patterns, prefixes or variants of each other."""
    folder = tmp_path_factory.mktemp("awkward")
    for name in ("SUB1", "SUB11", "SUBX1", "A", "B", "pad", *AWKWARD):
        write(image(patient_id=name, SpecificCharacterSet="ISO_IR 192"), folder)
    write(image(patient_id="", PatientID=""), folder)
    opened = OrthancArchive(orthanc.url, orthanc.user, orthanc.password)
    opened.upload(folder.iterdir())
    opened.close()
    return folder


@pytest.mark.usefixtures("awkward")
@pytest.mark.parametrize("patient_id", [*AWKWARD, "SUB1", "SUB11", ""])
@pytest.mark.parametrize("listed_before", [True, False])
def test_a_patient_id_means_itself_only(archive, patient_id, listed_before):
    if listed_before:
        assert patient_id in archive.patient_ids()

    (row,) = archive.patients([patient_id])

    assert row.patient_id == patient_id
    assert len(row.series) == 1
    assert len(row.series[0].instances) == 1


@pytest.mark.usefixtures("awkward")
def test_ids_are_sorted_and_one_that_is_absent_is_left_out(archive):
    ids = archive.patient_ids()

    assert ids == sorted(ids)
    assert set(AWKWARD) <= set(ids)
    assert [row.patient_id for row in archive.patients(["absent", "SUB11", "SUB1", "SUB11"])] == [
        "SUB11",
        "SUB1",
    ]


@pytest.mark.parametrize("listed_before", [True, False])
def test_a_patient_with_a_leading_blank_is_found_without_it(archive, tmp_path, listed_before):
    names = ("  LEADING", "XLEADING", "TRAILED", "DOUBLED", " DOUBLED")
    archive.upload([write(image(patient_id=name), tmp_path) for name in names])
    if listed_before:
        archive.patient_ids()
    asked = ["LEADING", " TRAILED", "  LEADING", "EADING", "DOUBLED", " DOUBLED"]

    found = [row.patient_id for row in archive.patients(asked)]

    assert found == ["  LEADING", "TRAILED", "DOUBLED", " DOUBLED"]
    assert [each.patient_id for each in archive.holdings(asked)] == found


def test_names_are_decoded_and_those_of_the_study(archive, tmp_path):
    for charset, name, day in (
        ("ISO_IR 100", "Müller^Jürgen", "20240101"),
        ("ISO_IR 192", "山田^太郎", "20240102"),
        (None, "Plain^Name", "20240103"),
    ):
        dataset = image(
            patient_id="NAMES",
            PatientName=name,
            SpecificCharacterSet=charset,
            StudyDate=day,
            StudyInstanceUID=f"1.2.826.7.{day}",
            SeriesInstanceUID=f"1.2.826.8.{day}",
        )
        write(dataset, tmp_path)
    archive.upload(tmp_path.iterdir())

    (row,) = archive.patients(["NAMES"])

    names = [study.patient_name for study in row.studies]
    assert names == ["Müller^Jürgen", "山田^太郎", "Plain^Name"]


def test_study_dates_choose_patients_both_ends_included(empty_archive, tmp_path):
    for name, day in (
        ("A", "20240101"),
        ("B", "20240131"),
        ("C", None),
        ("E", ""),
        ("D", "20250101"),
    ):
        write(image(patient_id=name, StudyDate=day), tmp_path)
    empty_archive.upload(tmp_path.glob("*.dcm"))
    first, last = date(2024, 1, 1), date(2024, 1, 31)

    assert empty_archive.patient_ids(DateRange(first, last)) == ["A", "B"]
    assert empty_archive.patient_ids(DateRange(last=last)) == ["A", "B"]
    assert empty_archive.patient_ids(DateRange(first=last)) == ["B", "D"]
    assert empty_archive.patient_ids(DateRange()) == ["A", "B", "C", "D", "E"]


def test_dates_choose_patients_but_not_what_they_have(archive, tmp_path):
    for day in ("20240101", "20250101"):
        study = f"1.2.826.5.{day}"
        dataset = image(
            patient_id="TWODATES", StudyDate=day, StudyInstanceUID=study, SeriesInstanceUID=study
        )
        write(dataset, tmp_path)
    archive.upload(tmp_path.iterdir())

    ids = archive.patient_ids(DateRange(first=date(2025, 1, 1)))
    (row,) = archive.patients([name for name in ids if name == "TWODATES"])

    assert [study.study_date for study in row.studies] == ["20240101", "20250101"]


def test_the_same_uids_in_two_patients_stay_apart(archive, tmp_path):
    for name in ("TWIN1", "TWIN2"):
        dataset = image(
            patient_id=name,
            StudyInstanceUID="1.2.826.3.1",
            SeriesInstanceUID="1.2.826.3.2",
            SOPInstanceUID="1.2.826.3.3",
        )
        archive.upload([write(dataset, tmp_path, name)])

    (row,) = archive.patients(["TWIN2"])
    archive.fetch(row.series[0], tmp_path / "out")

    assert len(row.series[0].instances) == 1
    (file,) = (tmp_path / "out").iterdir()
    assert file.read_bytes() == (tmp_path / "TWIN2").read_bytes()
