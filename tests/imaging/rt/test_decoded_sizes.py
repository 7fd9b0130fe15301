"""Doses of few bytes that would be decoded to many, however they hide it."""

import struct

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders.base import get_encoder
from pydicom.uid import JPEGLSLossless, RLELossless

from imaging.errors import DicomError
from imaging.phantoms import PhantomPatient, PhantomSize
from imaging.rt import dicompyler
from imaging.rt.doses.pixels import stored_values

SHAPE = (2, 5, 7)
PATIENT = PhantomPatient.synthetic(1, size=PhantomSize.tiny())
VALUES = 900 * np.arange(70, dtype=np.uint16).reshape(SHAPE)


def decoded_by_dicompyler(dose: Dataset) -> np.ndarray:
    dicompyler.calculate([], dose)
    return dose.pixel_array


ENGINES = pytest.mark.parametrize("decode", [stored_values, decoded_by_dicompyler])


def dose_of(frames, syntax) -> Dataset:
    dose = PATIENT.rtdose()
    dose.PixelData = encapsulate(frames)
    dose["PixelData"].is_undefined_length = True
    dose.file_meta.TransferSyntaxUID = syntax
    dose.NumberOfFrames, dose.Rows, dose.Columns = SHAPE
    dose.BitsAllocated = dose.BitsStored = 16
    dose.HighBit, dose.GridFrameOffsetVector = 15, [0, 3]
    return dose


def frame_of(plane, syntax) -> bytes:
    rows, columns = plane.shape
    return get_encoder(syntax).encode(
        plane,
        rows=rows,
        columns=columns,
        number_of_frames=1,
        samples_per_pixel=1,
        bits_allocated=16,
        bits_stored=16,
        pixel_representation=0,
        photometric_interpretation="MONOCHROME2",
    )


def of_size(frame: bytes, size: tuple[int, int]) -> bytes:
    """A frame of JPEG-LS that says that it has some size."""
    at = frame.index(b"\xff\xf7") + 5
    return frame[:at] + struct.pack(">HH", *size) + frame[at + 4 :]


@ENGINES
@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_a_compressed_dose_is_decoded(syntax, decode):
    dose = dose_of([frame_of(plane, syntax) for plane in VALUES], syntax)

    np.testing.assert_array_equal(decode(dose), VALUES)


@ENGINES
def test_more_frames_than_the_dose_has_are_not_decoded(decode):
    dose = dose_of([frame_of(VALUES[0], RLELossless)] * 40, RLELossless)

    with pytest.raises(DicomError, match="holds 40 frames, and the image has 2"):
        decode(dose)


@ENGINES
@pytest.mark.parametrize("size", [(65_535, 65_535), (0, 0), (5, 8)])
def test_a_frame_that_says_that_it_has_another_size_than_the_image_is_not_decoded(size, decode):
    frame = frame_of(VALUES[0], JPEGLSLossless)

    with pytest.raises(DicomError, match="not of the image's size"):
        decode(dose_of([frame, of_size(frame, size)], JPEGLSLossless))


@ENGINES
def test_frames_without_a_header_are_refused(decode):
    with pytest.raises(DicomError, match="not of the image's size"):
        decode(dose_of([b"\xff\xd8\xff", b"\xff\xd8\xff\xf7\x00\x00"], JPEGLSLossless))


def test_compressed_frames_that_claim_to_have_a_length_are_measured_too():
    dose = dose_of([frame_of(plane, RLELossless) for plane in VALUES], RLELossless)
    dose["PixelData"].is_undefined_length = False
    dose.Rows, dose.Columns = 16_384, 16_384

    with pytest.raises(DicomError, match="takes 1073741824 bytes when it is decoded"):
        dicompyler.calculate([], dose)


def test_numbers_that_are_all_there_may_be_as_many_as_they_are(monkeypatch):
    monkeypatch.setattr("imaging.dicom.decoding._MOST_BYTES", 10)
    dose = PATIENT.rtdose()

    assert stored_values(dose).size > 10
    assert dicompyler.calculate([], dose) == []
