"""What is no whole DICOM file is an error that names it, and no value of it."""

from typing import Any

import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from imaging.errors import DicomError
from tests.imaging.dicom.instances import dicom_bytes, image, write

NAME = "Quillfeather"
WHOLE = dicom_bytes(image(PatientName=f"{NAME}^Ann", PatientID=NAME))
META_ONLY = WHOLE[: 132 + 12 + int.from_bytes(WHOLE[140:144], "little")]

MALFORMED = {
    "empty": b"",
    "text": f"{NAME}, a letter about her".encode() * 20,
    "garbage": bytes(range(256)) * 40,
    "zeros": bytes(4096),
    "preamble only": bytes(128) + b"DICM",
    "meta only": META_ONLY,
    "header cut short": WHOLE[:700],
    "pixels cut short": WHOLE[:-1],
    "a length beyond the end": WHOLE.replace(b"PN", b"UT", 1),
    "deflated, cut short": dicom_bytes(image(syntax=DeflatedExplicitVRLittleEndian))[:-40],
}


def left_beside(source):
    return [path.name for path in source.parent.iterdir() if path != source]


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_file_is_a_named_error_and_stays_as_it_is(deidentifier, tmp_path, kind):
    source = tmp_path / "source.dcm"
    source.write_bytes(MALFORMED[kind])

    with pytest.raises(DicomError) as caught:
        deidentifier.file(source, tmp_path / "target.dcm")

    assert caught.value.uid == "source.dcm"
    assert NAME not in str(caught.value)
    assert source.read_bytes() == MALFORMED[kind]
    assert left_beside(source) == []


@pytest.mark.parametrize("share", range(1, 40))
def test_a_file_cut_within_any_element_is_an_error(deidentifier, tmp_path, share):
    source = tmp_path / "source.dcm"
    within = len(WHOLE) * share // 40 | 1  # elements begin at even places
    source.write_bytes(WHOLE[:within])

    with pytest.raises(DicomError):
        deidentifier.file(source, tmp_path / "target.dcm")

    assert left_beside(source) == []


@pytest.mark.parametrize("bad", ["missing", "folder"])
def test_a_file_that_cannot_be_read_is_the_systems_error(deidentifier, tmp_path, bad):
    (tmp_path / "folder").mkdir()

    with pytest.raises(OSError, match=bad):
        deidentifier.file(tmp_path / bad, tmp_path / "target.dcm")

    assert not (tmp_path / "target.dcm").exists()


@pytest.mark.parametrize("number", ["PixelSpacing", "Rows", "NumberOfFrames"])
def test_a_value_that_is_none_of_its_vr_is_in_no_error(deidentifier, tmp_path, number):
    values: dict[str, Any] = {"NumberOfFrames": 1, number: None}
    source = write(image(**values), tmp_path, "source.dcm")
    odd = pydicom.dcmread(source)
    odd.add(pydicom.DataElement(number, "LO", NAME))
    written = dicom_bytes(odd).replace(b"LO" + bytes([len(NAME)]), b"IS" + bytes([len(NAME)]))
    source.write_bytes(written)

    said = said_of(deidentifier, source)

    assert NAME not in said
    assert not (tmp_path / "target.dcm").exists() or not said
    assert NAME.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("target*"))


def said_of(deidentifier, source):
    """What the error says; nothing where there is none."""
    try:
        deidentifier.file(source, source.with_name("target.dcm"))
    except DicomError as error:
        return str(error)
    return ""
