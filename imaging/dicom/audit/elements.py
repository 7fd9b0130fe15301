"""A data set as a flat run of elements with their raw bytes, so that nothing is decoded in vain."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pydicom.valuerep import TEXT_VR_DELIMS

from imaging.dicom.reading import UNREADABLE

_CHARACTER_SET = 0x00080005
_IN_CHARACTER_SET = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_IN_ASCII = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR"})
_OPAQUE = frozenset({"OB", "UN"})
_ONE_VALUE = frozenset({"LT", "ST", "UT", "UR"})
_MOST_OPAQUE = 1 << 20
_ASCII = ("iso8859",)


@dataclass(frozen=True, slots=True)
class Element:
    """One element, at any depth.

    Attributes:
        tag: Its tag.
        vr: Its VR; where the file does not say, or says UN, the dictionary's.
        value: Its bytes; b"" for a sequence.
        items: How many items a sequence has.
        parents: The tags of the sequences around it, each with the number of the item.
        encodings: What its text is written in, as Python calls it.
    """

    tag: int
    vr: str
    value: bytes
    items: int
    parents: tuple[tuple[int, int], ...]
    encodings: tuple[str, ...]

    @property
    def is_private(self) -> bool:
        """Whether a manufacturer, not DICOM, defines it."""
        return bool(self.tag >> 16 & 1)

    @property
    def is_empty(self) -> bool:
        """Whether it has no value."""
        return not self.items and not self.value.strip(b" \0")

    @property
    def path(self) -> str:
        """Its tag and those of the sequences around it."""
        return "".join(f"{_spelled(tag)}[{item}]." for tag, item in self.parents) + _spelled(
            self.tag
        )

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        return f"{self.path} {keyword_for_tag(self.tag)}".rstrip()

    def text(self) -> str:
        """Return the value as text; "" where it is no text."""
        if self.vr in _IN_CHARACTER_SET:
            return _decoded(self.value, self.encodings)
        if self.vr in _IN_ASCII or (self.vr in _OPAQUE and len(self.value) <= _MOST_OPAQUE):
            return self.value.decode("latin-1")
        return ""

    def texts(self) -> list[str]:
        """Return the values as texts, without padding."""
        text = self.text()
        parts = [text] if self.vr in _ONE_VALUE else text.split("\\")
        return [part.strip(" \0") for part in parts]


def elements(
    dataset: Dataset,
    parents: tuple[tuple[int, int], ...] = (),
    encodings: tuple[str, ...] = _ASCII,
) -> Iterator[Element]:
    """Yield the elements of a data set in their order, each sequence before its items.

    What is inside a private sequence comes as its bytes.

    Raises:
        UNREADABLE: A sequence cannot be taken apart.
    """
    encodings = _own_encodings(dataset, encodings)
    for tag in sorted(dataset.keys()):
        raw = dataset.get_item(tag)
        vr = _vr(tag, raw)
        if vr != "SQ" or tag.is_private:
            yield Element(int(tag), vr, _bytes(raw), 0, parents, encodings)
            continue
        items = list(dataset[tag].value or ())
        yield Element(int(tag), vr, b"", len(items), parents, encodings)
        for number, item in enumerate(items):
            yield from elements(item, (*parents, (int(tag), number)), encodings)


def _own_encodings(dataset: Dataset, inherited: tuple[str, ...]) -> tuple[str, ...]:
    """Return the encodings that a data set or an item states, or those of what it is in."""
    if _CHARACTER_SET not in dataset:
        return inherited
    return _encodings(_bytes(dataset.get_item(_CHARACTER_SET)))


@lru_cache(256)
def _encodings(value: bytes) -> tuple[str, ...]:
    names = [name.strip(" \0") for name in value.decode("latin-1").split("\\")]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return tuple(convert_encodings(names))
    except UNREADABLE:
        return _ASCII


def _decoded(value: bytes, encodings: tuple[str, ...]) -> str:
    """Return text, what cannot be decoded as Latin-1: an audit reads on where others give up."""
    try:
        if len(encodings) == 1:
            return value.decode(encodings[0])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return decode_bytes(value, list(encodings), TEXT_VR_DELIMS)
    except (*UNREADABLE, UserWarning):
        return value.decode("latin-1")


def _vr(tag: BaseTag, raw: RawDataElement | DataElement | None) -> str:
    vr = raw.VR if raw is not None else None
    known = not tag.is_private and dictionary_has_tag(tag)
    if vr not in {None, "UN"} or not known:
        return vr or "UN"
    return dictionary_VR(tag)


def _bytes(raw: RawDataElement | DataElement | None) -> bytes:
    """Return the bytes of a value; those of a sequence of undefined length are not at hand."""
    value = raw.value if raw is not None else b""
    if isinstance(value, MultiValue):
        value = "\\".join(map(str, value))  # a character set; pydicom decodes that at once
    if isinstance(value, str):
        return value.encode()
    return bytes(value) if isinstance(value, bytes | bytearray) else b""


def _spelled(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
