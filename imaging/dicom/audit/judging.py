"""Whether an element is as the profile leaves it (DICOM PS3.15, Annex E).

Values are judged by their shape alone, without the key: whether a UID, a name or a date of the
right shape is the source's only a search for the source's own can tell.
"""

import re
from collections.abc import Sequence
from uuid import RFC_4122, UUID

from pydicom.datadict import dictionary_has_tag, keyword_for_tag

from imaging.dicom.audit.elements import Element
from imaging.dicom.audit.findings import Kind
from imaging.dicom.deidentify import retained
from imaging.dicom.deidentify.keyed import is_of_standard
from imaging.dicom.deidentify.sham_names import FEMALE, MALE, NEUTRAL, SURNAMES
from imaging.dicom.deidentify.table import basic_profile
from imaging.dicom.deidentify.tags import tag_of, tags_of
from imaging.dicom.deidentify.tg263 import follows_tg263
from imaging.dicom.deidentify.words import cleaned_words
from imaging.dicom.names import name_matches

PATIENT, STRUCTURED, DESCRIPTORS = "113108", "113104", "113105"
SHIFTED, DEVICE, UIDS = "113107", "113109", "113110"

_MARK = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}")
_PSEUDONYM = re.compile(r"P?[0-9A-HJKMNP-TV-Z]{16}")
_DUMMY = re.compile(r"REMOVED|urn:removed|000Y|0")
_DUMMY_DATE = re.compile(r"19000101(?:0*(?:\.0+)?)?|0+(?:\.0+)?")
_DATE_OR_TIME = re.compile(r"[0-9.:+-]{2,26}")
_NEW_ROI_NAME = re.compile(r"ROI_[0-9A-HJKMNP-TV-Z]{8}")
_SURNAMES, _GIVEN_NAMES = frozenset(SURNAMES), frozenset({*FEMALE, *MALE, *NEUTRAL})

_DATES = frozenset({"DA", "DT", "TM"})
_NUMERALS, _SIGNS = frozenset({"DS", "IS"}), b"0123456789+-.eE\\ \0"
_FREE_TEXT = frozenset({"LT", "ST", "UC", "UR", "UT"})
_NEVER = frozenset({"AE", "UN"})  # outside the table, these VRs go wholly
ROI_NAMES = tags_of("ROIName SegmentLabel")
_BURNED_IN = tag_of("BurnedInAnnotation")
_BIRTH_DATE = tag_of("PatientBirthDate")
_CODED = tags_of("FractionPattern LongCodeValue URNCodeValue")
# The rest of the table's dummy sequences must not have the source's items.
_WALKED = tags_of("""
    VerifyingObserverSequence FlowIdentifierSequence ReferencedImageSequence SourceImageSequence
""")


class Judge:
    """Judges the elements of one object, by what it says was retained."""

    def __init__(self, codes: frozenset[str], kept_roi_names: Sequence[str] = ()) -> None:
        """Take what was retained.

        Args:
            codes: The values of its DeidentificationMethodCodeSequence.
            kept_roi_names: Names and patterns that were allowed beside those of TG-263.
        """
        self._codes = codes
        self._kept = kept_roi_names
        self._profile = basic_profile()

    def kind(self, element: Element) -> Kind | None:
        """Return what is wrong with an element, None when nothing is."""
        tag = element.tag
        if (kind := _out_of_place(element)) is not None:
            return kind
        action = self._profile.get(tag)
        if element.vr == "SQ":
            return self._sequence(element, action)
        if action == "X" and not self._is_retained(element):
            return Kind.ATTRIBUTE
        return None if element.is_empty else self._value(element, is_listed=action is not None)

    def _sequence(self, element: Element, action: str | None) -> Kind | None:
        if action is None or not element.items or element.tag in _WALKED:
            return Kind.ATTRIBUTE if action == "X" and not self._is_retained(element) else None
        if self._is_retained(element):
            return None
        if action == "D" and element.items == 1:
            return None  # a dummy item, whose own elements are judged
        return Kind.ATTRIBUTE if action.startswith("X") else Kind.VALUE

    def _value(self, element: Element, *, is_listed: bool) -> Kind | None:
        """Judge a value by its VR first, then by the table."""
        texts = element.texts()
        if (kind := _plain_kind(element)) is not None:
            return kind
        if element.tag in ROI_NAMES:
            fits, kind = all(map(self._is_fit_roi_name, texts)), Kind.ROI_NAME
        elif element.vr == "UI":
            fits, kind = self._are_fit_uids(element, texts), Kind.UID
        elif element.vr in _DATES:
            fits, kind = self._are_fit_dates(element, texts), Kind.VALUE
        elif is_listed and element.vr != "PN":
            fits, kind = self._is_retained(element) or _is_replaced(element, texts), Kind.VALUE
        else:
            return self._unlisted(element, texts)
        return None if fits else kind

    def _unlisted(self, element: Element, texts: list[str]) -> Kind | None:
        if element.vr == "PN":
            return None if all(map(is_fit_name, texts)) else Kind.NAME
        if element.vr == "AS":
            return None if _is_replaced(element, texts) else Kind.VALUE
        if element.vr in _NEVER:
            return Kind.ATTRIBUTE
        if element.vr not in _FREE_TEXT or element.tag in _CODED:
            return None
        fits = _is_replaced(element, texts) or (DESCRIPTORS in self._codes and _are_words(texts))
        return None if fits else Kind.TEXT

    def _is_retained(self, element: Element) -> bool:
        """Whether the object says that it keeps such an attribute, and may with this value."""
        tag, codes = element.tag, self._codes
        if element.vr in _DATES and SHIFTED in codes:
            return tag not in retained.NOT_SHIFTED
        if element.vr == "UI" or tag in retained.REFERENCES:
            return UIDS in codes
        if tag in retained.DEVICE and DEVICE in codes:
            return True
        if tag in retained.PATIENT and PATIENT in codes:
            return True
        if tag in retained.STRUCTURED_CONTENT:
            return STRUCTURED in codes
        may = tag in retained.DESCRIPTORS and DESCRIPTORS in codes
        may = may or (tag in retained.PATIENT_CLEANED and PATIENT in codes)
        return may and (element.vr == "SQ" or _is_cleaned(element))

    def _is_fit_roi_name(self, name: str) -> bool:
        if not name or _NEW_ROI_NAME.fullmatch(name) or _DUMMY.fullmatch(name):
            return True
        return follows_tg263(name) or any(name_matches(name, kept) for kept in self._kept)

    def _are_fit_uids(self, element: Element, uids: list[str]) -> bool:
        return UIDS in self._codes or names_class(element) or all(map(is_new_uid, uids))

    def _are_fit_dates(self, element: Element, texts: list[str]) -> bool:
        moved = SHIFTED in self._codes and (
            element.tag == _BIRTH_DATE or element.tag not in retained.NOT_SHIFTED
        )
        shape = _DATE_OR_TIME if moved else _DUMMY_DATE
        return all(shape.fullmatch(text) for text in texts if text)


def is_new_uid(uid: str) -> bool:
    """Whether a UID is of the standard itself, or a random UUID's number under 2.25; "" too.

    UUIDs of the other kinds hold a clock and a network address, or a name's hash.
    """
    if not uid or is_of_standard(uid):
        return True
    root, _, number = uid.rpartition(".")
    if root != "2.25" or not number.isdecimal() or int(number) >= 1 << 128:
        return False
    uuid = UUID(int=int(number))
    return uuid.version == 4 and uuid.variant == RFC_4122


def names_class(element: Element) -> bool:
    """Whether a UID says what an object is and how it is written, not which one it is."""
    keyword = keyword_for_tag(element.tag)
    return "SOPClass" in keyword or "TransferSyntax" in keyword


def is_fit_name(name: str) -> bool:
    """Whether a person's name is a sham name, a dummy, or none."""
    if not name.strip("^= ") or _DUMMY.fullmatch(name):
        return True
    surname, _, rest = name.partition("^")
    given, _, mark = rest.partition("^")
    return surname in _SURNAMES and given in _GIVEN_NAMES and bool(_MARK.fullmatch(mark))


def _out_of_place(element: Element) -> Kind | None:
    """Judge by the tag alone: what no data set that was de-identified has."""
    group = element.tag >> 16
    if element.is_private:
        return Kind.PRIVATE
    if group >> 8 in {0x50, 0x60}:
        return Kind.OVERLAY
    if group < 8 or not element.tag & 0xFFFF or not dictionary_has_tag(element.tag):
        return Kind.UNKNOWN
    return None


def _plain_kind(element: Element) -> Kind | None:
    """Judge what needs no table: letters in a number, and what an object says of its pixels."""
    if element.vr in _NUMERALS and element.value.translate(None, _SIGNS):
        return Kind.TEXT
    says_yes = element.tag == _BURNED_IN and element.text().strip(" \0").upper() == "YES"
    return Kind.BURNED_IN if says_yes else None


def _is_replaced(element: Element, texts: list[str]) -> bool:
    """Whether a value is a dummy or has a pseudonym's shape; of numbers and bytes, zero."""
    if not element.value.strip(b"\0"):
        return True
    return all(not text or _DUMMY.fullmatch(text) or _PSEUDONYM.fullmatch(text) for text in texts)


def _is_cleaned(element: Element) -> bool:
    texts = element.texts()
    return _is_replaced(element, texts) or _are_words(texts)


def _are_words(texts: list[str]) -> bool:
    """Whether texts are of the fixed vocabulary: cleaning them once more changes nothing."""
    return all(cleaned_words(text) == text for text in texts)
