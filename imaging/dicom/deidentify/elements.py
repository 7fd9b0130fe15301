"""Elements as texts, and other elements in their place; one that was not decoded stays so.

An element that was read and not yet asked for is raw: its bytes, which are written again as they
are. Only those that change, or may hold text, are looked into.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import cast

from pydicom import Dataset
from pydicom.datadict import dictionary_has_tag, dictionary_VM, dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.sequence import Sequence as Items
from pydicom.tag import BaseTag

from imaging.dicom.deidentify.values import DUMMY
from imaging.dicom.reading import UNREADABLE

Element = DataElement | RawDataElement

_UNDEFINED = 0xFFFFFFFF
_NUMBERS, _LONGEST_NUMBER = frozenset({"US", "SS", "UL", "SL", "FL", "FD"}), 8
_ESCAPE = b"\x1b"  # begins a switch of character sets (PS3.5, 6.1.2.5)
_CONTENT_SEQUENCE, _PERSON_CODES = 0x0040A730, 0x00401101


def element_at(source: Dataset, tag: int) -> Element | None:
    """Return an element as it is, raw when nobody asked for its value yet; None where absent."""
    return cast("Element | None", source.get_item(tag))  # pydicom's types leave out both


def vr_of(element: Element) -> str:
    """Return an element's VR; where the transfer syntax leaves it out, the dictionary's."""
    return str(element.VR or dictionary_VR(element.tag))


def is_misshapen(element: Element) -> bool:
    """Whether a raw element's length is wrong, so that it may have swallowed what follows it.

    Its bytes are fewer than its length says, or more than its one binary number needs.
    """
    if not isinstance(element, RawDataElement) or element.length == _UNDEFINED:
        return False
    length = len(element.value or b"")
    if element.length != length:
        return True
    if length <= _LONGEST_NUMBER or not dictionary_has_tag(element.tag):
        return False
    return vr_of(element)[:2] in _NUMBERS and dictionary_VM(element.tag) == "1"


def with_known_vr(element: Element) -> Element:
    """Return an element of unknown VR with the dictionary's; UN is implicit (PS3.5, 6.2.2)."""
    if not isinstance(element, RawDataElement) or not dictionary_has_tag(element.tag):
        return element
    if element.VR != "UN":
        return element
    vr = dictionary_VR(element.tag)[:2]
    return element._replace(VR=vr, is_implicit_VR=True, is_little_endian=True)


def decoded(element: Element, source: Dataset) -> DataElement | None:
    """Return an element with its value; None where its bytes are none of its VR."""
    if isinstance(element, DataElement):
        return element
    try:
        return convert_raw_data_element(
            element, encoding=source.original_character_set or None, ds=source
        )
    except (*UNREADABLE, OSError):  # pydicom raises it, too, where items end too early
        return None


def texts_of(element: Element, source: Dataset) -> list[str]:
    """Return an element's values as texts; [] where there is none or it cannot be read."""
    content = element.value
    if isinstance(content, bytes) and content.isascii() and _ESCAPE not in content:
        return [part.strip(" \0") for part in content.decode().split("\\")] if content else []
    whole = decoded(element, source)
    if whole is None or whole.is_empty:
        return []
    value = whole.value
    if isinstance(value, bytes):
        return [value.decode("utf-8", "replace").strip(" \0")]
    return [str(part).strip(" \0") for part in (value if whole.VM > 1 else [value])]


def texts_at(source: Dataset, tag: int) -> list[str]:
    """Return an attribute's values as texts; [] where it is absent, empty or cannot be read."""
    element = element_at(source, tag)
    return [] if element is None else texts_of(element, source)


def text_at(source: Dataset, tag: int) -> str:
    """Return an attribute's values as one text, with backslashes between them."""
    return "\\".join(texts_at(source, tag)).strip()


def items_of(element: Element, source: Dataset) -> Sequence[Dataset] | None:
    """Return a sequence's items; None when it is none."""
    whole = decoded(element, source)
    return whole.value if whole is not None and whole.VR == "SQ" else None


def with_texts(element: Element, texts: Sequence[str]) -> Element:
    """Return an element with other values."""
    text, vr = "\\".join(texts), vr_of(element)
    if isinstance(element, DataElement) or not text.isascii():
        return DataElement(element.tag, vr, text)
    content = text.encode()
    if len(content) % 2:
        content += b"\0" if vr == "UI" else b" "
    return element._replace(value=content, length=len(content))


def unshared(element: Element) -> Element:
    """Return an element that changes with no other; a raw one cannot change."""
    return deepcopy(element) if isinstance(element, DataElement) else element


def emptied(element: Element) -> Element:
    """Return an element without a value."""
    if isinstance(element, RawDataElement):
        return element._replace(value=b"", length=0)
    return DataElement(element.tag, element.VR, [] if element.VR == "SQ" else None)


def dummied(element: Element) -> Element | None:
    """Return an element with a value that says nothing; None for VRs that have no such value."""
    vr = vr_of(element)[:2]  # of "OB or OW" the first
    if vr == "SQ":
        return DataElement(element.tag, vr, _dummy_items(element.tag))
    return DataElement(element.tag, vr, DUMMY[vr]) if vr in DUMMY else None


def like(source: Dataset, elements: Mapping[BaseTag, Element]) -> Dataset:
    """Return a data set of other elements, encoded as the source is."""
    made = Dataset(dict(elements), parent_encoding=source.original_character_set or "iso8859")
    copy_encoding(source, made)
    return made


def copy_encoding(source: Dataset, target: Dataset) -> None:
    """Note in a data set how its raw elements are encoded, and how it is to be written."""
    is_implicit, is_little = source.original_encoding
    target.set_original_encoding(is_implicit, is_little, source.original_character_set)
    # pydicom lets them only be set with a warning, yet still goes by them when it writes.
    stated = {name: vars(source).get(name) for name in ("_is_implicit_VR", "_is_little_endian")}
    vars(target).update(stated)


def _dummy_items(tag: int) -> Items:
    """Return a sequence that means nothing, with an item where objects may not go without."""
    if tag == _PERSON_CODES:
        return Items([_code("REMOVED", "99REMOVED", "REMOVED")])
    if tag != _CONTENT_SEQUENCE:
        return Items()
    item = Dataset()
    item.RelationshipType = "CONTAINS"
    item.ValueType = "TEXT"
    item.ConceptNameCodeSequence = Items([_code("121106", "DCM", "Comment")])
    item.TextValue = "REMOVED"
    return Items([item])


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code
