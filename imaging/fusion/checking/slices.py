"""The headers of a CBCT's slices, read without their pixels."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, NamedTuple

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset

from imaging.dicom.frames import directions, finite_numbers, stated
from imaging.dicom.reading import UNREADABLE
from imaging.dicom.tags import tag_text
from imaging.errors import InputError
from imaging.fusion.checking.containers import Member

Floats = NDArray[np.float64]

CT, LOCALIZER, OTHER, NO_DICOM = "CT", "localizer", "other", "no DICOM"
_CT_IMAGES = frozenset(
    f"1.2.840.10008.5.1.4.1.1.{number}"
    for number in ("2", "2.1", "2.2")  # plain, enhanced, legacy
)
_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")  # little-endian, not compressed or deflated
_UNREAD = ("1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2")  # deflated; big-endian, retired
_IMPLICIT = _NATIVE[0]
_PIXEL_DATA = b"\xe0\x7f\x10\x00"
_UNDEFINED = 0xFFFFFFFF
_HEADS = (1 << 17, 1 << 25)  # enough for a slice; and for the functional groups of a large volume
_MOST_FRAMES = 20_000
SAME = (
    "Rows",
    "Columns",
    "FrameOfReferenceUID",
    "PixelRepresentation",
    "PhotometricInterpretation",
    "BitsStored",
)
_KEYWORDS = (
    *SAME,
    "BitsAllocated",
    "BurnedInAnnotation",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "ImageType",
    "Modality",
    "NumberOfFrames",
    "PerFrameFunctionalGroupsSequence",
    "PixelSpacing",
    "RescaleIntercept",
    "RescaleSlope",
    "SOPClassUID",
    "SOPInstanceUID",
    "SamplesPerPixel",
    "SeriesInstanceUID",
    "SharedFunctionalGroupsSequence",
)


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One slice, or one frame of a multi-frame image.

    Attributes:
        member: Its file.
        sop_instance_uid: Of its instance.
        series_instance_uid: Of its series.
        shape: Rows and columns.
        same: What all slices of a volume share, by keyword, as text.
        position_mm: x, y, z of the first pixel; None when it is not stated.
        orientation: Direction cosines, shape (6,); None when they are not stated or broken.
        spacing_mm: Between rows and between columns; None when it is not stated.
        faults: What is wrong with it by itself.
    """

    member: Member
    sop_instance_uid: str
    series_instance_uid: str
    shape: tuple[int, int]
    same: dict[str, str]
    position_mm: Floats | None
    orientation: Floats | None
    spacing_mm: Floats | None
    faults: tuple[str, ...]


class FileSlices(NamedTuple):
    """What a file is: `CT`, `LOCALIZER`, `OTHER` or `NO_DICOM`, and the slices of a CT."""

    kind: str
    slices: tuple[Slice, ...] = ()


class _Header(NamedTuple):
    """A data set up to its pixels, which begin at ``start``; -1 where there are none."""

    dataset: Dataset
    start: int
    head: bytes


def read_slices(member: Member, file: BinaryIO) -> FileSlices:
    """Read what a file holds.

    Args:
        member: What it is.
        file: At its start; a part of it is read, from there on.

    Raises:
        InputError: It is DICOM, but cannot be read.
    """
    head = file.read(_HEADS[0])
    if head[128:132] != b"DICM":
        return FileSlices(NO_DICOM)
    try:
        header = _header(head, file)
        if header.start < 0 or not _is_ct(header.dataset):
            return FileSlices(OTHER)
        if "LOCALIZER" in tag_text(header.dataset, "ImageType").upper().split("\\"):
            return FileSlices(LOCALIZER)
        return FileSlices(CT, tuple(_slices(member, header)))
    except UNREADABLE as error:
        msg = f"DICOM files that cannot be read ({type(error).__name__})"
        raise InputError(msg) from None  # what pydicom says may hold a value


def _is_ct(dataset: Dataset) -> bool:
    kind = str(dataset.get("SOPClassUID", ""))
    return kind in _CT_IMAGES and tag_text(dataset, "Modality") == "CT"


def _header(head: bytes, file: BinaryIO) -> _Header:
    """Read up to the pixels, or to the end of what a header may take."""
    header = _parsed(head)
    if header is None or header.start < 0:
        head += file.read(_HEADS[1] - len(head))
        header = _parsed(head)
    if header is None:
        msg = "its header does not end"
        raise ValueError(msg)
    return header


def _parsed(head: bytes) -> _Header | None:
    """Read a data set of which perhaps only the first bytes are there; None when they do not do."""
    stream = BytesIO(head)
    try:
        dataset = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=list(_KEYWORDS))
    except UNREADABLE:
        if len(head) < _HEADS[0]:
            raise
        return None
    start = stream.tell()
    return _Header(dataset, start if head[start : start + 4] == _PIXEL_DATA else -1, head)


def _slices(member: Member, header: _Header) -> Iterator[Slice]:
    """Yield what describes each frame."""
    dataset = header.dataset
    frames = int(dataset.get("NumberOfFrames") or 1)
    if not 1 <= frames <= _MOST_FRAMES:
        msg = "frames beyond count"
        raise ValueError(msg)
    shape = int(dataset.Rows), int(dataset.Columns)
    faults = tuple(_faults(member, header, frames))
    same = {keyword: tag_text(dataset, keyword) for keyword in SAME}
    for frame in range(frames):
        place = stated(dataset, frame, "PlanePositionSequence")
        direction = stated(dataset, frame, "PlaneOrientationSequence")
        measures = stated(dataset, frame, "PixelMeasuresSequence")
        rescale = stated(dataset, frame, "PixelValueTransformationSequence")
        yield Slice(
            member=member,
            sop_instance_uid=f"{dataset.SOPInstanceUID} {frame}",
            series_instance_uid=str(dataset.SeriesInstanceUID),
            shape=shape,
            same=same | {name: tag_text(rescale, name) for name in _RESCALE},
            position_mm=finite_numbers(place, "ImagePositionPatient", 3),
            orientation=directions(direction),
            spacing_mm=finite_numbers(measures, "PixelSpacing", 2),
            faults=faults,
        )


_RESCALE = ("RescaleSlope", "RescaleIntercept")
COMPRESSED = "with compressed pixels: decompress them first"


def _faults(member: Member, header: _Header, frames: int) -> Iterator[str]:
    """Yield what is wrong with a file by itself."""
    dataset = header.dataset
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    bits = int(dataset.get("BitsAllocated") or 0)
    if syntax in _UNREAD:
        yield "in an encoding that is deflated or big-endian"
    elif syntax not in _NATIVE:
        yield COMPRESSED
    else:
        length = int(dataset.Rows) * int(dataset.Columns) * frames * bits // 8
        if _is_short(member, header, syntax, length):
            yield "with fewer bytes of pixels than they state: cut short"
    if bits != 16:
        yield "whose pixels do not have 16 bits"
    if int(dataset.get("SamplesPerPixel") or 1) != 1:
        yield "in colour"
    if tag_text(dataset, "BurnedInAnnotation").upper() == "YES":
        yield "with text burned into the pixels (BurnedInAnnotation)"


def _is_short(member: Member, header: _Header, syntax: str, expected: int) -> bool:
    """Whether a file ends before its uncompressed pixels do, or holds fewer than it should."""
    offset = 4 if syntax == _IMPLICIT else 8
    start = header.start + offset
    length = int.from_bytes(header.head[start : start + 4], "little")
    return length < expected or start + 4 + length > member.size
