"""What the options keep, and what they keep out."""

from typing import Any

import pydicom
import pytest
from pydantic import ValidationError
from pydicom import Dataset

from imaging.dicom.deidentify import Deidentifier, DeidentifyOptions, Done
from tests.imaging.dicom.deidentify.conftest import KEY
from tests.imaging.dicom.instances import image

CODES = {
    "clean_structured_content": "113104",
    "clean_descriptors": "113105",
    "retain_longitudinal_intervals": "113107",
    "retain_patient_characteristics": "113108",
    "retain_device_identity": "113109",
    "retain_uids": "113110",
}


def made_with(source=None, **options):
    return Deidentifier(KEY, **options).dataset(source or image())


def codes_of(dataset):
    return [code.CodeValue for code in dataset.DeidentificationMethodCodeSequence]


@pytest.mark.parametrize("option", CODES)
def test_an_option_that_is_used_is_named_in_the_object_by_its_code(option):
    options = dict.fromkeys(CODES, False) | {option: True}

    assert codes_of(made_with(**options)) == ["113100", CODES[option]]


def test_no_option_is_named_that_is_not_used():
    assert codes_of(made_with(**dict.fromkeys(CODES, False))) == ["113100"]


def test_an_unknown_option_is_refused():
    with pytest.raises(ValidationError):
        Deidentifier(KEY, retain_everything=True)


def test_only_intervals_are_retained_by_default_and_pixels_held_back():
    chosen = DeidentifyOptions().model_dump()

    assert {name for name, value in chosen.items() if value is True} == {
        "retain_longitudinal_intervals",
        "hold_back_pixels",
    }


def test_options_do_not_change_once_given():
    with pytest.raises(ValidationError):
        setattr(DeidentifyOptions(), "retain_uids", True)  # noqa: B010 - its type forbids it too


PATIENT: dict[str, Any] = {
    "PatientSex": "F",
    "PatientAge": "061Y",
    "PatientSize": 1.7,
    "PatientWeight": 64,
}


def test_patient_characteristics_go_by_default():
    made = made_with(image(**PATIENT))

    assert made["PatientSex"].is_empty
    assert not {"PatientAge", "PatientSize", "PatientWeight"} & set(made.dir())


def test_patient_characteristics_stay_when_asked_for():
    made = made_with(image(**PATIENT), retain_patient_characteristics=True)

    assert {keyword: made[keyword].value for keyword in PATIENT} == PATIENT


@pytest.mark.parametrize(
    ("age", "kept"),
    [("089Y", "089Y"), ("090Y", "090Y"), ("091Y", "090Y"), ("107Y", "090Y"), ("100D", "100D")],
)
def test_an_age_above_ninety_is_ninety(age, kept):
    made = made_with(image(PatientAge=age), retain_patient_characteristics=True)

    assert made.PatientAge == kept


def test_an_age_that_is_none_goes():
    source = image()
    source.PatientAge = "61, teacher"

    assert "PatientAge" not in made_with(source, retain_patient_characteristics=True)


def test_what_a_patient_is_keeps_no_word_of_who_it_is():
    source = image(PatientName="Quillfeather^Ann", EthnicGroup="Quillfeather")

    made = made_with(source, retain_patient_characteristics=True)

    assert "EthnicGroup" not in made or "Quill" not in made.EthnicGroup


def test_device_identity_goes_by_default_and_stays_when_asked_for():
    source = image(DeviceSerialNumber="SN4711", StationName="CT2", InstitutionName="Ward 7")

    plain, kept = made_with(source), made_with(source, retain_device_identity=True)

    assert "SN4711" not in str(plain)
    assert (kept.DeviceSerialNumber, kept.StationName) == ("SN4711", "CT2")
    assert "Ward 7" not in str(kept)


def test_uids_stay_when_asked_for_and_everything_else_goes():
    source = image(FrameOfReferenceUID="1.2.3")

    made = made_with(source, retain_uids=True)

    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert made[keyword].value == source[keyword].value
    assert made.file_meta.MediaStorageSOPInstanceUID == source.SOPInstanceUID
    assert made.PatientID != source.PatientID


DESCRIBED: dict[str, Any] = {
    "StudyDescription": "Quillfeather CT Thorax 3mm",
    "SeriesDescription": "Quillfeather",
}


def test_descriptions_go_by_default():
    made = made_with(image(**DESCRIBED))

    assert not DESCRIBED.keys() & set(made.dir())


def test_of_cleaned_descriptions_the_known_words_stay(through_file):
    target, outcome = through_file(image(**DESCRIBED), clean_descriptors=True)

    made = pydicom.dcmread(target)
    assert made.StudyDescription == "CT Thorax 3mm"
    assert "SeriesDescription" not in made
    assert outcome.counts[Done.CLEANED] == 1


def test_a_known_word_that_is_the_patients_name_does_not_stay():
    source = image(PatientName="Thorax^Ann", StudyDescription="CT Thorax")

    assert "Thorax" not in str(made_with(source, clean_descriptors=True))


def report():
    """A structured report with a code, a number, a reference, a text and a person."""
    items = [Dataset() for _ in range(5)]
    types = ("CODE", "NUM", "IMAGE", "TEXT", "PNAME")
    for item, kind in zip(items, types, strict=True):
        item.RelationshipType, item.ValueType = "CONTAINS", kind
        item.ConceptNameCodeSequence = [coded("121071", "Finding")]
    items[0].ConceptCodeSequence = [coded("111", "Nodule")]
    items[1].MeasuredValueSequence = [Dataset()]
    items[1].MeasuredValueSequence[0].NumericValue = 12.5
    items[2].ReferencedSOPSequence = [Dataset()]
    items[2].ReferencedSOPSequence[0].ReferencedSOPInstanceUID = "1.2.3"
    items[3].TextValue = "seen by Dr Quillfeather"
    items[4].PersonName = "Quillfeather^Ann"
    return image(PixelData=None, ContentSequence=items, PatientName="Owl^Bob")


def coded(value, meaning):
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "99TEST", meaning
    return code


def test_the_content_of_a_report_goes_by_default():
    made = made_with(report())

    assert [item.ValueType for item in made.ContentSequence] == ["TEXT"]
    assert made.ContentSequence[0].TextValue == "REMOVED"


def test_of_cleaned_content_codes_numbers_and_references_stay():
    deidentifier = Deidentifier(KEY, clean_structured_content=True)

    made = deidentifier.dataset(report())

    code, number, reference, text, person = made.ContentSequence
    assert code.ConceptCodeSequence[0].CodeMeaning == "Nodule"
    assert number.MeasuredValueSequence[0].NumericValue == 12.5
    uid = reference.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    assert uid == deidentifier.uid("1.2.3")
    assert text.TextValue == "REMOVED"
    assert "Quill" not in str(person)


@pytest.mark.parametrize(
    ("name", "kept"),
    [("Lung_L", True), ("PTV_5000", True), ("Quillfeather", False), ("Dr Owl", True)],
)
def test_roi_names_stay_that_are_standard_or_allowed(name, kept):
    source = image(StructureSetROISequence=[Dataset()])
    source.StructureSetROISequence[0].ROIName = name

    made = made_with(source, kept_roi_names=("dr *",))

    new = made.StructureSetROISequence[0].ROIName
    assert (new == name) == kept
    assert kept or (new.startswith("ROI_") and len(new) == 12)


def test_an_allowed_roi_name_that_holds_the_patients_does_not_stay():
    source = image(PatientName="Quill^Ann", StructureSetROISequence=[Dataset()])
    source.StructureSetROISequence[0].ROIName = "Lung Quill"

    made = made_with(source, kept_roi_names=("*",))

    assert made.StructureSetROISequence[0].ROIName.startswith("ROI_")
