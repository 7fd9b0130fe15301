"""Patients whose CT is stored in an unusual, and allowed, way."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)
from SimpleITK import GetImageFromArray, WriteImage

from imaging.phantoms.edges.case import EdgeCase
from imaging.phantoms.edges.changes import each_image

_GARBAGE = 0xA000  # an overlay that older scanners keep in the bits above the pixel


def _as_syntax(syntax: UID) -> Callable[[int, Dataset], None]:
    def change(_: int, image: Dataset) -> None:
        image.file_meta.TransferSyntaxUID = syntax

    return change


def _big_endian(_: int, image: Dataset) -> None:
    image.PixelData = _pixels(image).astype(">i2").tobytes()
    image.file_meta.TransferSyntaxUID = ExplicitVRBigEndian


def _run_lengths(_: int, image: Dataset) -> None:
    image.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)


def _slope_of_two(_: int, image: Dataset) -> None:
    image.PixelData = (_pixels(image) // 2).astype("<u2").tobytes()
    image.PixelRepresentation = 0
    image.RescaleSlope = 2


def _own_intercept(index: int, image: Dataset) -> None:
    shift = index % 2 * 500
    image.PixelData = (_pixels(image) + shift).astype("<i2").tobytes()
    image.RescaleIntercept = -1024 - shift


def _twelve_bits(_: int, image: Dataset) -> None:
    pixels = np.clip(_pixels(image), 0, 4095).astype("<u2")
    image.PixelData = (pixels | _GARBAGE).astype("<u2").tobytes()
    image.PixelRepresentation = 0
    image.BitsStored, image.HighBit = 12, 11


def _signed_twelve_bits(_: int, image: Dataset) -> None:
    hu = np.clip(_pixels(image) - 1024, -2048, 2047)
    image.PixelData = (hu.astype("<u2") & 0x0FFF).tobytes()
    image.BitsStored, image.HighBit = 12, 11
    image.RescaleIntercept = 0


def _half_units(_: int, image: Dataset) -> None:
    image.PixelData = (2 * _pixels(image)).astype("<i2").tobytes()
    image.RescaleSlope = 0.5


def _white_is_low(_: int, image: Dataset) -> None:
    image.PhotometricInterpretation = "MONOCHROME1"


def _jpeg(compressor: Literal["JPEG", "JPEG2000"]) -> Callable[[int, Dataset], None]:
    def change(_: int, image: Dataset) -> None:
        pixels = _pixels(image).astype("<u2").reshape(image.Rows, image.Columns)
        encoded = _encoded(pixels, compressor)
        image.PixelRepresentation = 0
        image.PixelData = encoded.PixelData
        image["PixelData"].VR, image["PixelData"].is_undefined_length = "OB", True
        image.file_meta.TransferSyntaxUID = encoded.file_meta.TransferSyntaxUID

    return change


def _encoded(pixels: NDArray[np.uint16], compressor: str) -> Dataset:
    """Compress pixels without loss, as an object that holds little else."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "image.dcm"
        image = GetImageFromArray(pixels)
        WriteImage(image, str(file), useCompression=True, compressor=compressor)
        return pydicom.dcmread(file)


def _pixels(image: Dataset) -> NDArray[np.int16]:
    """Return the pixels as the phantom has them: 0 is -1024 HU, and nothing is below."""
    return np.frombuffer(image.PixelData, dtype="<i2")


STORAGE_CASES = (
    EdgeCase(
        "N30-slope-of-two",
        "Pixels are unsigned, with a RescaleSlope of 2.",
        each_image(_slope_of_two),
    ),
    EdgeCase(
        "N31-an-intercept-for-each-slice",
        "Every second slice has another RescaleIntercept, and pixels to go with it.",
        each_image(_own_intercept),
    ),
    EdgeCase(
        "N32-twelve-bits",
        "Pixels have 12 bits; the four above are no part of them and not zero (PS3.5, 8.1.1).",
        each_image(_twelve_bits),
    ),
    EdgeCase("N33-run-lengths", "The CT is compressed as RLE Lossless.", each_image(_run_lengths)),
    EdgeCase(
        "N34-deflated",
        "The CT is deflated.",
        each_image(_as_syntax(DeflatedExplicitVRLittleEndian)),
    ),
    EdgeCase("N35-big-endian", "The CT is big-endian, which is retired.", each_image(_big_endian)),
    EdgeCase(
        "N36-implicit-vr",
        "The CT is in DICOM's default transfer syntax.",
        each_image(_as_syntax(ImplicitVRLittleEndian)),
    ),
    EdgeCase("N37-jpeg-lossless", "The CT is lossless JPEG.", each_image(_jpeg("JPEG"))),
    EdgeCase("N38-jpeg-2000", "The CT is lossless JPEG 2000.", each_image(_jpeg("JPEG2000"))),
    EdgeCase(
        "N39-signed-twelve-bits",
        "Pixels are HU in 12 bits with a sign, and the bits above are 0 below zero, too.",
        each_image(_signed_twelve_bits),
    ),
    EdgeCase("N50-half-units", "RescaleSlope is 0.5.", each_image(_half_units)),
    EdgeCase(
        "N51-monochrome1",
        "Low pixels are shown white, which changes nothing about their HU.",
        each_image(_white_is_low),
    ),
)
