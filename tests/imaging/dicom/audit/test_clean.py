"""No false alarm: what our own de-identification writes is clean, whatever its options."""

from datetime import date, timedelta
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from imaging.dicom.audit import Kind, audit
from imaging.dicom.deidentify import Deidentifier
from tests.imaging.dicom.audit.conftest import KEY, changed, deidentify, first
from tests.imaging.dicom.instances import image, write


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"retain_longitudinal_intervals": False},
        {"retain_times_of_day": True},
        {"retain_device_identity": True},
        {"retain_patient_characteristics": True},
        {"retain_uids": True},
        {"clean_descriptors": True},
        {"clean_structured_content": True},
        {"attributes": "ct_volume"},
    ],
    ids=str,
)
def test_our_own_output_is_clean(deidentified, source, options):
    report = audit(deidentified(**options), source)

    assert report.findings == ()
    assert report.files == (4 if "attributes" in options else 10)
    assert report.unreadable == ()


def test_roi_names_that_were_kept_on_purpose_are_clean(source, tmp_path):
    renamed = tmp_path / "source"
    dataset = pydicom.dcmread(first_of(source, "RTSTRUCT"))  # which other tests read, too
    dataset.StructureSetROISequence[0].ROIName = "Odd one"
    write(dataset, renamed / "x" / "RTSTRUCT")
    output = tmp_path / "output"
    deidentify(renamed, output, kept_roi_names=("Odd*",))

    assert {finding.kind for finding in audit(output).findings} == {Kind.ROI_NAME}
    assert audit(output, kept_roi_names=["odd *"]).is_clean


def first_of(source: Path, modality: str) -> Path:
    return min(source.glob(f"*/{modality}/*.dcm"))


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_the_encoding_does_not_matter(tmp_path, syntax):
    source, output = tmp_path / "source", tmp_path / "output"
    write(image(patient_id="SUB-1234", syntax=syntax), source / "x" / "CT")
    deidentify(source, output)

    assert audit(output, source).is_clean
    assert audit(source, source).counts()[Kind.SOURCE_ID] == 1


def test_a_date_that_moved_onto_another_patients_is_no_finding(tmp_path):
    """Dates of thousands of patients meet by chance; an object's own never does."""
    source, output = tmp_path / "source", tmp_path / "output"
    deidentifier = Deidentifier(KEY)
    first_day = date(2020, 5, 17)
    moved = first_day + timedelta(deidentifier.keyed.days("SUB-0001"))
    for number, day in enumerate((first_day, moved), start=1):
        dataset = image(patient_id=f"SUB-000{number}", StudyDate=f"{day:%Y%m%d}")
        dataset.PixelData = bytes([number]) * 128
        write(dataset, source / "x" / "CT")
    deidentify(source, output)

    days = {pydicom.dcmread(path).StudyDate for path in output.rglob("*.dcm")}
    assert f"{moved:%Y%m%d}" in days
    assert audit(output, source).is_clean


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Heart^Jo", {"BodyPartExamined": "HEART"}),
        ("Siemens^Jo", {"Manufacturer": "SIEMENS"}),
        ("Philips^Jo", {"ManufacturerModelName": "Philips 4"}),
        ("Ann^Lee", {"Manufacturer": "Leeds Scanners"}),
        ("Opal^Jo", {}),
        ("Removed^Anonymous", {"ProtocolName": "Chest"}),
    ],
)
def test_a_name_that_is_also_a_word_is_no_finding_at_others(tmp_path, name, values):
    source, output = tmp_path / "source", tmp_path / "output"
    for number, person in enumerate((name, "Nemo^X", "Quist^Jo"), start=1):
        dataset = image(patient_id=f"SUB-000{number}", PatientName=person, **values)
        write(dataset, source / "x" / "CT")
    deidentify(source, output)

    assert audit(output, source).is_clean


def test_a_sham_name_that_a_patient_happens_to_have_is_no_finding(tmp_path):
    source, output = tmp_path / "source", tmp_path / "output"
    write(image(patient_id="SUB-0001"), source / "x" / "CT")
    deidentify(source, output)
    sham = str(pydicom.dcmread(first(output)).PatientName)
    other = image(patient_id="SUB-0002", PatientName=sham.rpartition("^")[0])
    write(other, source / "x" / "CT")

    assert audit(output, source).is_clean


def test_a_number_of_the_source_among_the_digits_of_a_uid_is_no_finding(tmp_path):
    source, output = tmp_path / "source", tmp_path / "output"
    path = write(image(), source / "x" / "CT")
    deidentify(source, output)
    new_uid = pydicom.dcmread(first(output)).SOPInstanceUID
    with changed(path) as dataset:
        dataset.PatientID = new_uid[10:17]

    assert audit(output, source).is_clean


def test_a_patient_called_as_an_organ_is_no_finding_among_others_rois(tmp_path):
    source, output = tmp_path / "source", tmp_path / "output"
    write(image(patient_id="SUB-0001", PatientName="Heart^Jo"), source / "x" / "CT")
    other = image(patient_id="SUB-0002", StructureSetROISequence=Sequence([Dataset()]))
    other.StructureSetROISequence[0].ROIName = "Heart"
    write(other, source / "x" / "CT")
    deidentify(source, output)

    assert audit(output, source).is_clean


@pytest.mark.parametrize("keyword", ["PatientID", "StudyID"])
def test_a_number_that_is_also_a_dose_is_no_finding_in_a_standard_roi_name(tmp_path, keyword):
    source, output = roi_named("PTV_5000", tmp_path, **{keyword: "5000"})

    assert roi_names(output) == ["PTV_5000"]
    assert audit(output, source).is_clean


@pytest.mark.parametrize(
    ("roi", "kind"), [("Boost 5000", Kind.SOURCE_ID), ("PTV_5000", Kind.PLANTED)]
)
def test_a_number_is_a_finding_in_other_roi_names_and_where_it_was_planted(tmp_path, roi, kind):
    source, output = roi_named("Boost", tmp_path, StudyID="5000")
    with changed(first(output)) as dataset:
        dataset.StructureSetROISequence[0].ROIName = roi
    planted = ["5000"] if kind is Kind.PLANTED else []

    found = audit(output, source, planted, kept_roi_names=["Boost*"])
    assert kind in {one.kind for one in found.findings if "ROIName" in one.place}


def roi_named(name, tmp_path, **values):
    dataset = image(**{"patient_id": "SUB-0001", **values})
    dataset.StructureSetROISequence = Sequence([Dataset()])
    dataset.StructureSetROISequence[0].ROIName = name
    write(dataset, tmp_path / "source" / "x" / "CT")
    deidentify(tmp_path / "source", tmp_path / "output", kept_roi_names=("Boost*",))
    return tmp_path / "source", tmp_path / "output"


def roi_names(output):
    dataset = pydicom.dcmread(first(output))
    return [item.ROIName for item in dataset.StructureSetROISequence]


def test_a_dummy_item_is_no_finding(tmp_path):
    source, output = tmp_path / "source", tmp_path / "output"
    dataset = image(patient_id="SUB-0001", ContentSequence=Sequence([Dataset(), Dataset()]))
    dataset.ContentSequence[0].TextValue = dataset.ContentSequence[1].TextValue = "Nemo was ill"
    write(dataset, source / "x" / "CT")
    deidentify(source, output)

    assert len(pydicom.dcmread(first(output)).ContentSequence) == 1
    assert audit(output, source).is_clean


def test_a_physician_called_as_a_manufacturer_is_no_finding(tmp_path):
    source, output = tmp_path / "source", tmp_path / "output"
    for physician in ("Siemens^Ada", ""):
        dataset = image(patient_id="SUB-0001", Manufacturer="SIEMENS")
        dataset.ReferringPhysicianName = physician
        write(dataset, source / "x" / "CT")
    deidentify(source, output)

    assert audit(output, source).is_clean
