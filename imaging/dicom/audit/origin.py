"""Which object of the source an object came from, and which of its dates stayed as they were.

A date that moved may well be that of another object, so a date only tells something where it is
compared with that of the object it came from. Pixels and numbers come out of a de-identification
as they went in: they tell which that is, without a key.
"""

import hashlib
from collections.abc import Iterator

from imaging.dicom.audit.elements import Element
from imaging.dicom.audit.objects import AuditedObject
from imaging.dicom.deidentify.table import basic_profile

_NUMBERS = frozenset({"DS", "FD", "FL", "IS", "SL", "SS", "UL", "US"})
_DATES = frozenset({"DA", "DT"})
_DUMMY = "19000101"
_POSITION = 0x00200032


class Origins:
    """The dates of the source's objects, by what objects are recognised by."""

    def __init__(self) -> None:
        self._dates: dict[bytes, list[frozenset[tuple[str, str]]]] = {}

    def add(self, audited: AuditedObject) -> None:
        """Remember an object of the source."""
        dates = frozenset((element.path, day) for element, day in _days(audited))
        self._dates.setdefault(_fingerprint(audited), []).append(dates)

    def unmoved(self, audited: AuditedObject) -> Iterator[Element]:
        """Yield the elements whose dates are those of the object that this one came from.

        Where several objects of the source look alike, they must have the date in common.
        """
        if not (candidates := self._dates.get(_fingerprint(audited))):
            return
        certain = frozenset.intersection(*candidates)
        for element, day in _days(audited):
            if (element.path, day) in certain:
                yield element


def _days(audited: AuditedObject) -> Iterator[tuple[Element, str]]:
    for element in audited.elements:
        if element.vr not in _DATES or element.is_private:
            continue
        for text in element.texts():
            if (day := text.replace(".", "")[:8]).isdecimal() and day != _DUMMY:
                yield element, day


def _fingerprint(audited: AuditedObject) -> bytes:
    """Hash what the profile never changes: pixels with their place, else every number."""
    found = hashlib.blake2b(audited.pixel_sample, digest_size=16)
    for element in audited.elements:
        if audited.pixel_sample and (element.tag != _POSITION or element.parents):
            continue
        if _is_steady(element):
            found.update(element.tag.to_bytes(4, "big") + element.value.strip(b" \0"))
    return found.digest()


def _is_steady(element: Element) -> bool:
    """Whether a value is a number that neither the profile nor an option touches."""
    tags = (element.tag, *(tag for tag, _ in element.parents))
    return element.vr[:2] in _NUMBERS and not any(
        tag in basic_profile() or tag >> 16 & 1 for tag in tags
    )
