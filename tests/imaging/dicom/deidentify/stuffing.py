"""A file with something to find in every place that the profile knows, and what finds it again."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pydicom
from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from tests.imaging.dicom.deidentify.e11_rows import PROFILE
from tests.imaging.dicom.instances import dicom_bytes, image

# Sequences that the profile does not list, one within the other.
_NESTS = {
    "depth 1": ("PlanePositionSequence",),
    "depth 2": ("RTROIObservationsSequence", "RTRelatedROISequence"),
    "depth 4": ("BeamSequence", "ControlPointSequence", "WedgePositionSequence", "SourceSequence"),
    "delimited": ("FractionGroupSequence",),
}
PLACES = frozenset({"top", *_NESTS})
"""Where rows stand that are no part of a private block."""

# What they hold is itself in the table, so they are gone through.
_REFERENCES = {0x00081140: "ReferencedSOPInstanceUID", 0x00082112: "ReferencedSOPInstanceUID"}
_WALKED = {0x0040A073: "VerifyingOrganization", 0x00340001: "FlowIdentifier"}
_WITHIN = {tag: int(Tag(keyword)) for tag, keyword in (_REFERENCES | _WALKED).items()}
_CODE_MEANING = int(Tag("CodeMeaning"))  # which no profile takes away by itself
FIRST_DAY = date(1931, 1, 1)  # of dates, one after the other
_AFTER_PIXELS = 0xFFFCFFFC
_LAST_OF_META = 0x0002FFFF  # rows up to here do not belong into a data set
PRIVATE = "LEAKPRIVATEMAKER"


@dataclass(frozen=True, slots=True)
class Sentinel:
    """A value that occurs once in a file.

    Attributes:
        tag: The row of the table that it is there for.
        place: Where in the file that row is.
        value: As pydicom has it.
        needles: Its recognisable parts as bytes; none where chance would find them too.
    """

    tag: int
    place: str
    value: str | int | bytes
    needles: tuple[bytes, ...]


class Stuffing:
    """Makes sentinels, and files full of them.

    Attributes:
        sentinels: Those made so far.
    """

    def __init__(self) -> None:
        self.sentinels: list[Sentinel] = []
        self._days = 0

    def file(self, syntax: UID) -> bytes:
        """A file with every row at every depth, and in private blocks."""
        dataset = image(syntax=syntax, **_pixels(syntax))
        self._fill(dataset, "top")
        for place, keywords in _NESTS.items():
            self._fill(_nest(dataset, keywords), place)
        dataset["FractionGroupSequence"].is_undefined_length = True
        dataset.FractionGroupSequence[0].is_undefined_length_sequence_item = True
        self._add_private(dataset, "private")
        self._add_private(dataset.PlanePositionSequence[0], "private, nested")
        self._add_meta(dataset)
        dataset[_AFTER_PIXELS] = DataElement(
            _AFTER_PIXELS, "OB", self._text(_AFTER_PIXELS, "end").encode()
        )
        content = dicom_bytes(dataset)
        return self._text(0, "preamble").encode().ljust(128, b"\0") + content[128:]

    def _fill(self, dataset: Dataset, place: str) -> None:
        for tag in PROFILE:
            if tag != _AFTER_PIXELS and tag > _LAST_OF_META:
                dataset[tag] = self._element(tag, place)

    def _element(self, tag: int, place: str) -> DataElement:
        vr = _vr_of(tag)
        if vr != "SQ":
            return DataElement(tag, vr, self._value(tag, vr, place))
        within = _WITHIN.get(tag, _CODE_MEANING)
        item = Dataset()
        item[within] = DataElement(within, _vr_of(within), self._value(tag, _vr_of(within), place))
        return DataElement(tag, vr, Sequence([item]))

    def _value(self, tag: int, vr: str, place: str) -> str | int | bytes:
        self._days += vr in {"DA", "DT"}
        value, needles = _sentinel_of(vr, len(self.sentinels), self._days)
        self.sentinels.append(Sentinel(tag, place, value, needles))
        return value

    def _text(self, tag: int, place: str) -> str:
        return str(self._value(tag, "SH", place)) + " "

    def _add_private(self, dataset: Dataset, place: str) -> None:
        block = dataset.private_block(0x0013, PRIVATE, create=True)
        block.add_new(1, "LO", self._value(0x00131001, "LO", place))
        public = Dataset()
        self._fill(public, place)
        block.add_new(2, "SQ", Sequence([public]))
        block.add_new(3, "UN", self._text(0x00131003, place).encode())
        if place == "private":
            self.sentinels.append(Sentinel(0x00130010, place, PRIVATE, (PRIVATE.encode(),)))

    def _add_meta(self, dataset: Dataset) -> None:
        meta = dataset.file_meta
        meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        for keyword in ("SourceApplicationEntityTitle", "SendingApplicationEntityTitle"):
            setattr(meta, keyword, self._value(int(Tag(keyword)), "AE", "meta"))
        meta.ImplementationVersionName = str(self._value(0x00020013, "SH", "meta"))
        meta.PrivateInformationCreatorUID = UID(str(self._value(0x00020100, "UI", "meta")))
        meta.PrivateInformation = self._text(0x00020102, "meta").encode()


def survivors(content: bytes, sentinels: Iterable[Sentinel]) -> set[Sentinel]:
    """Those that a file still holds: in its bytes, or as the value of any element at any depth."""
    dataset = pydicom.dcmread(BytesIO(content), force=True)
    raw = content
    if dataset.file_meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian:
        raw += _inflated(content)
    values = set(values_of(dataset)) | set(values_of(dataset.file_meta))
    return {
        sentinel
        for sentinel in sentinels
        if sentinel.value in values or any(needle in raw for needle in sentinel.needles)
    }


def values_of(dataset: Dataset) -> Iterator[str | int | float | bytes]:
    """Every value of a data set at every depth; texts without what pads them."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from values_of(item)
        elif isinstance(element.value, bytes):
            yield element.value
        elif element.VM:
            values = element.value if element.VM > 1 else [element.value]
            yield from (value if type(value) in {int, float} else str(value) for value in values)


def _inflated(content: bytes) -> bytes:
    meta_length = pydicom.dcmread(BytesIO(content)).file_meta.FileMetaInformationGroupLength
    return zlib.decompress(content[132 + 12 + meta_length :], -zlib.MAX_WBITS)


def _pixels(syntax: UID) -> dict[str, Any]:
    return {"PixelData": encapsulate([bytes(500)])} if syntax.is_compressed else {}


def _nest(dataset: Dataset, keywords: Iterable[str]) -> Dataset:
    for keyword in keywords:
        setattr(dataset, keyword, [Dataset()])
        dataset = dataset[keyword].value[0]
    return dataset


def _vr_of(tag: int) -> str:
    if tag >> 24 in {0x50, 0x60}:
        return "LT" if tag & 0xFFFF == 0x4000 else "OB"
    return dictionary_VR(tag)[:2]


def _sentinel_of(vr: str, number: int, days: int) -> tuple[str | int | bytes, tuple[bytes, ...]]:
    """A value of a VR, one for each number, and its parts that give it away."""
    day = f"{FIRST_DAY + timedelta(days):%Y%m%d}"
    clock = f"{number % 24:02}{number % 60:02}37.{number:06}"
    values: dict[str, str | int | bytes] = {
        "AS": f"{number % 900 + 100:03}{'DWM'[number // 900 % 3]}",
        "DA": day,
        "TM": clock,
        "DT": f"{day}{clock}",
        "DS": f"{700_000 + number}.125",
        "IS": f"{81_000_000 + number}",
        "UI": f"1.2.826.0.1.3680043.{1_000_000 + number}",
        "UR": f"urn:leak{number:06}",
        "PN": f"Leak{number:06}^Quill",
        "US": 30_000 + number,
        "OB": f"LEAK{number:06}".encode(),
        "UN": f"LEAK{number:06}".encode(),
    }
    value = values.get(vr, f"LEAK{number:06}")
    if vr == "DT":
        return value, (day.encode(), clock.encode())
    if isinstance(value, int) or vr == "AS":  # four signs are soon found by chance
        return value, ()
    return value, (value if isinstance(value, bytes) else value.encode(),)
