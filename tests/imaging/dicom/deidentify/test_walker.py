"""What stays of a data set, what goes, and what takes its place; at every depth alike."""

from io import BytesIO

import pydicom
import pytest
from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imaging.dicom.deidentify import Done
from tests.imaging.dicom.deidentify.stuffing import values_of
from tests.imaging.dicom.instances import dicom_bytes, image


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID"])
def test_a_uid_becomes_the_same_at_every_depth(deidentifier, keyword):
    source = image(FrameOfReferenceUID="1.2.3")
    item = Dataset()
    setattr(item, keyword, source[keyword].value)
    item.RTRelatedROISequence = [Dataset()]
    item.RTRelatedROISequence[0].ReferencedSOPInstanceUID = source[keyword].value
    source.RTROIObservationsSequence = [item]

    made = deidentifier.dataset(source)

    (inner,) = made.RTROIObservationsSequence
    deepest = inner.RTRelatedROISequence[0].ReferencedSOPInstanceUID
    assert made[keyword].value == inner[keyword].value == deepest
    assert made[keyword].value == deidentifier.uid(source[keyword].value)


def test_several_uids_in_one_element_are_mapped_each(deidentifier):
    made = deidentifier.dataset(
        image(RelatedFrameOfReferenceUID="1.2", FailedSOPInstanceUIDList=["1.2", "1.3"])
    )

    assert list(made.FailedSOPInstanceUIDList) == list(map(deidentifier.uid, ("1.2", "1.3")))


def test_classes_and_transfer_syntaxes_stay(deidentifier):
    source = image(SOPClassUID="1.2.840.113619.4.26", ReferencedSOPClassUID="1.2.3.4")

    made = deidentifier.dataset(source)

    assert made.SOPClassUID == "1.2.840.113619.4.26"
    assert made.ReferencedSOPClassUID == "1.2.3.4"
    assert made.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_group_lengths_go_in_a_data_set(deidentifier, syntax):
    source = image(syntax=syntax)
    source[0x00100000] = DataElement(0x00100000, "UL", 4711)
    source.RTROIObservationsSequence = [Dataset()]
    source.RTROIObservationsSequence[0][0x00080000] = DataElement(0x00080000, "UL", 4711)

    made = deidentifier.dataset(source)

    assert 0x00100000 not in made
    assert 0x00080000 not in made.RTROIObservationsSequence[0]


@pytest.mark.parametrize("keyword", ["EncryptedAttributesSequence", "DirectoryRecordSequence"])
def test_what_cannot_be_judged_goes(deidentifier, keyword):
    source = image()
    item = Dataset()
    item.CodeMeaning = "Quillfeather"
    source[keyword] = DataElement(Tag(keyword), "SQ", Sequence([item]))

    assert keyword not in deidentifier.dataset(source)


@pytest.mark.parametrize(
    "tag", [0x00091001, 0x00210010, 0x00081111_00 >> 8 | 0x00010000, 0x00140FFE]
)
def test_private_and_unknown_attributes_go(deidentifier, tag):
    source = image()
    source[tag] = DataElement(tag, "LO", "Quillfeather")

    assert tag not in deidentifier.dataset(source)


@pytest.mark.parametrize("group", [0x5000, 0x501E, 0x6000, 0x60FE])
@pytest.mark.parametrize("element", [0x0010, 0x0022, 0x1500, 0x3000, 0x4000])
def test_curves_and_overlays_go_wholly(deidentifier, group, element):
    source = image()
    source[group << 16 | element] = DataElement(group << 16 | element, "OB", b"Quill!")

    assert not [tag for tag in deidentifier.dataset(source).keys() if tag.group == group]  # noqa: SIM118


@pytest.mark.parametrize(
    ("keyword", "value", "left"),
    [
        ("PositionReferenceIndicator", "XY", "XY"),
        ("AccessoryCode", "Quill", "Quill"),
        ("BeamName", "Field 1", "Field 1"),
        ("PixelDataProviderURL", "http://ward7.test/quill", "urn:removed"),
        ("TextValue", "Dr Quill called", "REMOVED"),
        ("EventTimerNames", "Quill", "Quill"),
        ("StrainDescription", "grey", "grey"),
    ],
)
def test_free_text_that_the_table_does_not_list_is_replaced_and_codes_stay(
    deidentifier, keyword, value, left
):
    if dictionary_VR(Tag(keyword)) in {"LT", "ST", "UT", "UC"}:
        left = "REMOVED"
    assert deidentifier.dataset(image(**{keyword: value}))[keyword].value == left


@pytest.mark.parametrize(
    "betraying",
    ["Quillfeather", "Scan of QUILLFEATHER, A.", "quillfeather_2", "id 4711815", "Ann's scan"],
)
@pytest.mark.parametrize("keyword", ["BeamName", "CodeMeaning", "SoftwareVersions"])
def test_a_kept_text_that_holds_a_word_of_the_identity_is_replaced(
    deidentifier, keyword, betraying
):
    source = image(PatientName="Quillfeather^Ann", PatientID="4711815")
    source.BeamSequence = [Dataset()]
    setattr(source.BeamSequence[0], keyword, betraying)

    made = deidentifier.dataset(source)

    assert made.BeamSequence[0][keyword].value == "REMOVED"


def test_a_word_that_only_contains_a_name_stays(deidentifier):
    source = image(PatientName="Ray^Ann", ManufacturerModelName="X-Array plannar")

    assert deidentifier.dataset(source).ManufacturerModelName == "X-Array plannar"


def test_a_name_in_kanji_is_found_within_a_text(deidentifier):
    source = image(
        SpecificCharacterSet="ISO_IR 192", PatientName="山田^太郎", ManufacturerModelName="CT山田様"
    )

    assert deidentifier.dataset(source).ManufacturerModelName == "REMOVED"


def test_people_the_table_does_not_list_are_emptied(deidentifier):
    made = deidentifier.dataset(image(SecondaryReviewerName="Quill^Ann"))

    assert made["SecondaryReviewerName"].is_empty


def test_names_of_no_people_are_in_nothing_that_is_written(deidentifier):
    made = deidentifier.dataset(image(PatientName="Quill^Ann", OperatorsName="Owl^Bob"))

    assert not {"Quill^Ann", "Owl^Bob", "P1"} & set(values_of(made))


def test_the_source_stays_as_it_is(deidentifier):
    source = pydicom.dcmread(BytesIO(dicom_bytes(image(OperatorsName="Owl^Bob"))))
    before = dicom_bytes(source)

    made = deidentifier.dataset(source)
    made.PatientID, made.Rows = "changed", 1

    assert dicom_bytes(source) == before


def test_to_change_what_was_made_changes_nothing_in_a_source_made_in_memory(deidentifier):
    source = image(BeamSequence=[Dataset()])
    source.BeamSequence[0].BeamNumber = 3

    made = deidentifier.dataset(source)
    made.Rows, made.BeamSequence[0].BeamNumber = 1, 1

    assert (source.Rows, source.BeamSequence[0].BeamNumber) == (8, 3)


def test_what_was_done_is_counted_at_every_depth(through_file):
    source = image(InstitutionName="Quill", StudyTime="103722", ContentDate="oops")
    source.RTROIObservationsSequence = [Dataset()]
    source.RTROIObservationsSequence[0].InstitutionName = "Quill"
    source.private_block(0x0013, "Quill", create=True).add_new(1, "LO", "Quill")

    _, outcome = through_file(source)
    _, plain = through_file(image())

    more = {what: outcome.counts[what] - plain.counts.get(what, 0) for what in outcome.counts}
    assert more == {
        Done.UID_MAPPED: 0,
        Done.PSEUDONYM: 0,
        Done.DATE_SHIFTED: 0,
        Done.PRIVATE_REMOVED: 2,
        Done.EMPTIED: 1,
        Done.REPLACED: 3,
        Done.KEPT: 1,
    }


def test_an_object_says_that_and_how_it_was_deidentified(deidentifier):
    made = deidentifier.dataset(image())

    assert made.PatientIdentityRemoved == "YES"
    (code, *_) = made.DeidentificationMethodCodeSequence
    assert (code.CodeValue, code.CodingSchemeDesignator) == ("113100", "DCM")


def test_every_text_of_the_marks_fits_its_vr(deidentifier):
    made = deidentifier.dataset(image())

    assert len(made.DeidentificationMethod) <= 64
    assert all(len(code.CodeMeaning) <= 64 for code in made.DeidentificationMethodCodeSequence)


def test_a_dataset_has_an_empty_preamble(deidentifier):
    assert deidentifier.dataset(image()).preamble == bytes(128)
