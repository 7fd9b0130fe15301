"""Elements whose VR is not what the dictionary says, or whose value is not what their VR says."""

import struct
from io import BytesIO

import pydicom
import pytest
from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.tag import Tag

from tests.imaging.dicom.instances import dicom_bytes, image


def implicit_bytes(dataset):
    content = DicomBytesIO()
    content.is_implicit_VR, content.is_little_endian = True, True
    write_dataset(content, dataset)
    return content.getvalue()


def with_unknown_vr(tag, content):
    """What is read of a file that says UN of an attribute, as old archives do."""
    source = image(SOPInstanceUID="1.2.3")
    source[tag] = DataElement(tag, "OB", content)
    start = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    written = dicom_bytes(source).replace(start + b"OB", start + b"UN")
    read = pydicom.dcmread(BytesIO(written))
    assert read.get_item(tag).VR == "UN"
    return read


def image_like(read, keyword, value):
    """The same object with a VR."""
    source = image(SOPInstanceUID="1.2.3", **{keyword: value})
    source.file_meta = read.file_meta
    return source


@pytest.mark.parametrize(("text", "left"), [("12.5", 12.5), ("Quill", None), ("19500101^Q", None)])
def test_a_number_that_is_none_is_emptied(deidentifier, text, left):
    source = image()
    source.add(DataElement(Tag("SliceThickness"), "LO", text))
    content = dicom_bytes(source).replace(
        b"LO" + bytes([len(text) + len(text) % 2]), b"DS" + bytes([len(text) + len(text) % 2])
    )

    made = deidentifier.dataset(pydicom.dcmread(BytesIO(content)))

    assert made.SliceThickness == left


@pytest.mark.parametrize("keyword", ["OtherPatientNames", "InstitutionName", "PatientComments"])
def test_a_listed_attribute_goes_though_its_vr_is_unknown(deidentifier, keyword):
    read = with_unknown_vr(Tag(keyword), b"Quillfeather")

    made = deidentifier.dataset(read)

    assert b"Quillfeather" not in dicom_bytes(made)


@pytest.mark.parametrize("keyword", ["PatientName", "PatientID", "StudyInstanceUID", "StudyDate"])
def test_what_has_another_value_gets_it_though_its_vr_is_unknown(deidentifier, keyword):
    read = with_unknown_vr(Tag(keyword), b"20240131")

    made = deidentifier.dataset(read)

    assert made == deidentifier.dataset(image_like(read, keyword, "20240131"))
    assert b"20240131" not in dicom_bytes(made)


def test_a_sequence_whose_vr_is_unknown_is_gone_through(deidentifier):
    item = Dataset()
    item.InstitutionName, item.RTROIObservationsSequence = "Quillfeather", [Dataset()]
    item.RTROIObservationsSequence[0].OperatorsName = "Quillfeather"
    holder = Dataset()
    holder.PlanePositionSequence = [item]
    tag = Tag("PlanePositionSequence")

    made = deidentifier.dataset(with_unknown_vr(tag, implicit_bytes(holder)[8:]))

    assert b"Quillfeather" not in dicom_bytes(made)
