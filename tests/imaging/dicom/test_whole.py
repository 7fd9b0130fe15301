from io import BytesIO

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
)

from imaging.dicom.whole import read_meta, structural_fault
from imaging.phantoms import PhantomPatient, PhantomSize
from tests.imaging.dicom.instances import dicom_bytes, image

UID = "1.2.3"  # not one at random: of some lengths, a cut falls between two elements


def undefined_lengths(dataset: Dataset) -> Dataset:
    """Write every sequence and item with a delimiter in place of a length."""
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True
                undefined_lengths(item)
    return dataset


def structures() -> Dataset:
    return PhantomPatient.synthetic(1, patient_id="P1", size=PhantomSize.tiny()).rtstruct()


@pytest.fixture(
    params=["explicit", "implicit", "big endian", "compressed", "sequences", "delimited sequences"],
    scope="module",
)
def content(request: pytest.FixtureRequest) -> bytes:
    """A whole DICOM file of each kind."""
    if request.param == "compressed":
        pixels = encapsulate([bytes(500), bytes(700)])
        dataset = image(syntax=JPEGLSLossless, NumberOfFrames=2, SOPInstanceUID=UID)
        dataset.PixelData = pixels
        dataset["PixelData"].is_undefined_length = True
        return dicom_bytes(dataset)
    if request.param == "sequences":
        return dicom_bytes(structures())
    if request.param == "delimited sequences":
        return dicom_bytes(undefined_lengths(structures()))
    syntaxes = {
        "explicit": ExplicitVRLittleEndian,
        "implicit": ImplicitVRLittleEndian,
        "big endian": ExplicitVRBigEndian,
    }
    return dicom_bytes(image(syntax=syntaxes[request.param], SOPInstanceUID=UID))


def test_a_whole_file_has_no_fault(content):
    assert structural_fault(BytesIO(content)) == ""


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_file_cut_anywhere_is_found_out(content, share):
    cut = content[: int(len(content) * share)]

    assert "cut short" in structural_fault(BytesIO(cut))


def test_a_file_without_its_last_byte_is_found_out(content):
    assert "1 bytes are missing" in structural_fault(BytesIO(content[:-1]))


def test_zeros_after_the_end_are_padding(content):
    assert structural_fault(BytesIO(content + bytes(509))) == ""


def test_a_deflated_file_is_not_judged():
    content = dicom_bytes(image(syntax=DeflatedExplicitVRLittleEndian))

    assert structural_fault(BytesIO(content)) == ""


@pytest.mark.parametrize("content", [b"", b"DICM", bytes(4096), b"%PDF-1.7" * 100])
def test_other_files_are_not_dicom(content):
    assert structural_fault(BytesIO(content)) == "not a DICOM file"
    assert read_meta(content) is None


def test_a_sequence_of_something_else_than_items_is_found_out():
    content = dicom_bytes(undefined_lengths(structures()))
    broken = content.replace(b"\xfe\xff\x00\xe0", b"\x10\x00\x10\x00", 1)

    assert "something else" in structural_fault(BytesIO(broken))


def test_the_meta_information_tells_the_instance():
    dataset = image()

    meta = read_meta(dicom_bytes(dataset)[:1024])

    assert meta is not None
    assert meta.sop_instance_uid == dataset.SOPInstanceUID
    assert meta.transfer_syntax == ExplicitVRLittleEndian
    assert meta.sop_class_uid == dataset.SOPClassUID


def test_pydicom_alone_would_take_a_cut_file_for_whole():
    """The reason why the structure is followed at all; when this fails, the module may go."""
    content = dicom_bytes(image())

    dataset = pydicom.dcmread(BytesIO(content[:-100]))

    assert len(dataset.PixelData) == 28
