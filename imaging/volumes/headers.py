"""The headers of image files: what is needed to place and to decode each slice."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom import Dataset

from imaging.dicom.decoding import size_fault
from imaging.dicom.frames import directions, finite_numbers, stated
from imaging.dicom.reading import UNREADABLE
from imaging.errors import DicomError
from imaging.volumes.geometry import Floats

_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")  # little-endian, and not compressed
_IMPLICIT = _NATIVE[0]
_PIXEL_DATA = b"\xe0\x7f\x10\x00"
_MEANING = ("PhotometricInterpretation", "RescaleType", "Units", "Modality", "FrameOfReferenceUID")
_KEYWORDS = (
    *_MEANING,
    "BitsAllocated",
    "BitsStored",
    "Columns",
    "HighBit",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "ModalityLUTSequence",
    "NumberOfFrames",
    "PerFrameFunctionalGroupsSequence",
    "PixelRepresentation",
    "PixelSpacing",
    "RescaleIntercept",
    "RescaleSlope",
    "Rows",
    "SOPInstanceUID",
    "SamplesPerPixel",
    "SeriesInstanceUID",
    "SharedFunctionalGroupsSequence",
    "SliceThickness",
)


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """How the pixels of one slice are stored (PS3.3 C.7.6.3).

    Attributes:
        shape: Rows and columns.
        bits_allocated: Of one pixel.
        bits_stored: How many of them hold the value.
        high_bit: The most significant of these.
        is_signed: Two's complement.
        offset: Where the slice starts in its file; -1 when it must be decoded.
        frame: Which frame of its file it is.
        frames: How many there are.
        fault: Why they are no grey values, or not decoded; empty when they can be.
    """

    shape: tuple[int, int]
    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool
    offset: int
    frame: int
    frames: int
    fault: str


@dataclass(frozen=True, slots=True, eq=False)
class SliceHeader:
    """One slice, before its pixels are read.

    Attributes:
        path: Its file.
        sop_instance_uid: The UID of its instance.
        series_instance_uid: The UID of its series.
        meaning: What must be the same for all slices: see ``_MEANING``, and whether it is rescaled.
        position_mm: x, y, z of the first pixel; None when it is not stated.
        orientation: Direction cosines, shape (6,); None when they are not stated or broken.
        spacing_mm: Between rows and between columns; None likewise.
        thickness_mm: Slice Thickness; None likewise.
        slope: What stored values are multiplied by ...
        intercept: ... and what is then added.
        pixels: How they are stored.
    """

    path: Path
    sop_instance_uid: str
    series_instance_uid: str
    meaning: tuple[str, ...]
    position_mm: Floats | None
    orientation: Floats | None
    spacing_mm: Floats | None
    thickness_mm: float | None
    slope: float
    intercept: float
    pixels: PixelLayout

    @property
    def modality(self) -> str:
        """Modality, such as CT."""
        return self.meaning[_MEANING.index("Modality")]

    @property
    def frame_of_reference_uid(self) -> str:
        """Of its coordinates; empty when it is not stated."""
        return self.meaning[_MEANING.index("FrameOfReferenceUID")]


def read_slices(path: Path) -> list[SliceHeader]:
    """Read the header of a file: one slice, or one for each frame of a multi-frame image.

    Raises:
        DicomError: It cannot be read as an image.
        OSError: The file cannot be read at all.
    """
    with path.open("rb") as file:
        try:
            dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(_KEYWORDS))
            return list(_slices(path, dataset, _native_offset(file, dataset)))
        except UNREADABLE as error:
            msg = f"cannot be read as an image ({type(error).__name__})"
            raise DicomError(path.name, msg) from error


def _native_offset(file: BinaryIO, dataset: Dataset) -> int:
    """Find where uncompressed little-endian pixels begin; -1 when they are anything else."""
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    if syntax not in _NATIVE:
        return -1
    start = file.tell()
    length = 8 if syntax == _IMPLICIT else 12
    header = file.read(length)
    return start + length if header[:4] == _PIXEL_DATA else -1


def _slices(path: Path, dataset: Dataset, offset: int) -> Iterator[SliceHeader]:
    """Yield what describes each frame."""
    frames = int(dataset.get("NumberOfFrames") or 1)
    shared = [str(dataset.get(keyword) or "") for keyword in _MEANING]
    for frame in range(frames):
        place = stated(dataset, frame, "PlanePositionSequence")
        measures = stated(dataset, frame, "PixelMeasuresSequence")
        rescale = stated(dataset, frame, "PixelValueTransformationSequence")
        slope = _number(rescale, "RescaleSlope")
        yield SliceHeader(
            path=path,
            sop_instance_uid=str(dataset.SOPInstanceUID),
            series_instance_uid=str(dataset.get("SeriesInstanceUID", "")),
            meaning=(*shared, "" if slope is None else "rescaled"),
            position_mm=finite_numbers(place, "ImagePositionPatient", 3),
            orientation=directions(stated(dataset, frame, "PlaneOrientationSequence")),
            spacing_mm=finite_numbers(measures, "PixelSpacing", 2),
            thickness_mm=_number(measures, "SliceThickness"),
            slope=1.0 if slope is None else slope,
            intercept=_number(rescale, "RescaleIntercept") or 0.0,
            pixels=_layout(dataset, offset, frame, frames),
        )


def _layout(dataset: Dataset, offset: int, frame: int, frames: int) -> PixelLayout:
    """Read how pixels are stored."""
    shape = int(dataset.Rows), int(dataset.Columns)
    bits = int(dataset.BitsAllocated)
    stored = int(dataset.get("BitsStored") or bits)
    high_bit = dataset.get("HighBit")
    fault = ""
    if int(dataset.get("SamplesPerPixel") or 1) != 1:
        fault = "pixels are colours, not grey values"
    elif dataset.get("ModalityLUTSequence"):
        fault = "pixels are converted by a table, not by slope and intercept"
    elif offset < 0 and (too_large := size_fault(*shape, bits)):
        fault = f"PixelData {too_large}"
    size = shape[0] * shape[1] * bits // 8
    return PixelLayout(
        shape=shape,
        bits_allocated=bits,
        bits_stored=stored,
        high_bit=stored - 1 if high_bit is None else int(high_bit),
        is_signed=int(dataset.get("PixelRepresentation") or 0) == 1,
        offset=-1 if offset < 0 or bits not in {8, 16, 32} else offset + frame * size,
        frame=frame,
        frames=frames,
        fault=fault,
    )


def _number(dataset: Dataset, keyword: str) -> float | None:
    """Read one finite number; None when it is missing or broken."""
    found = finite_numbers(dataset, keyword, 1)
    return None if found is None else float(found[0])
