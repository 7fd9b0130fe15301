"""One DICOM file taken apart for an audit: everything but its pixels, and where those are."""

import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pydicom

from imaging.dicom.audit.elements import Element, elements
from imaging.dicom.reading import UNREADABLE
from imaging.dicom.whole import NO_DICOM, structure_of
from imaging.errors import DicomError

_PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_CODES, _CODE_VALUE = 0x00120064, 0x00080100
_SAMPLES, _SAMPLE_BYTES = 16, 512


@dataclass(frozen=True, slots=True)
class AuditedObject:
    """What an audit looks at.

    Attributes:
        preamble: The first 128 bytes of the file.
        meta: The file meta information.
        elements: The data set, at every depth, without pixels.
        pixel_sample: Bytes out of the pixel data, evenly spread; b"" where there is none.
        trailing: What follows the pixel data.
    """

    preamble: bytes
    meta: tuple[Element, ...]
    elements: tuple[Element, ...]
    pixel_sample: bytes
    trailing: bytes

    @property
    def codes(self) -> frozenset[str]:
        """The values of DeidentificationMethodCodeSequence: what was done and retained."""
        return frozenset(
            text
            for element in self.elements
            if element.tag == _CODE_VALUE and element.parents[:1] and len(element.parents) == 1
            if element.parents[0][0] == _CODES
            for text in element.texts()
        )

    def texts(self, tag: int) -> list[str]:
        """Return the values of an attribute of the object itself, [] where it has none."""
        found = (e for e in self.elements if e.tag == tag and not e.parents)
        return [text for element in found for text in element.texts() if text]


def read_object(path: Path) -> AuditedObject | None:
    """Take a file apart, None when it is not DICOM.

    Raises:
        DicomError: It is DICOM, but broken.
        OSError: It cannot be read at all.
    """
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning may hold a value
        structure = structure_of(file)
        if structure.fault == NO_DICOM and not _begins_bare(file):
            return None
        if structure.fault:
            raise DicomError(path.name, structure.fault)
        try:
            return _taken_apart(file, structure.pixels)
        except UNREADABLE as error:
            msg = f"unreadable ({type(error).__name__})"
            raise DicomError(path.name, msg) from None


def _begins_bare(file: BinaryIO) -> bool:
    """Whether a file begins with group 8, as data sets do that were stored without a preamble."""
    file.seek(0)
    group, number = file.read(2), file.read(2)
    return group == b"\x08\0" and number[1:] == b"\0"


def _taken_apart(file: BinaryIO, pixels: tuple[int, int] | None) -> AuditedObject:
    file.seek(0)
    head = file.read(pixels[0] if pixels else -1)
    dataset = pydicom.dcmread(io.BytesIO(head))
    found = tuple(e for e in elements(dataset) if e.tag not in _PIXELS)
    trailing = b""
    if pixels:
        file.seek(pixels[1])
        trailing = file.read()
    return AuditedObject(
        preamble=head[:128],
        meta=tuple(elements(dataset.file_meta)),
        elements=found,
        pixel_sample=b"".join(_sample(file, *pixels)) if pixels else b"",
        trailing=trailing,
    )


def _sample(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """Yield pieces of the pixel data, without the header, which may be written in two ways."""
    first = start + 12
    step = max((end - first) // _SAMPLES, 1)
    for place in range(first, end, step):
        file.seek(place)
        yield file.read(min(_SAMPLE_BYTES, end - place))
