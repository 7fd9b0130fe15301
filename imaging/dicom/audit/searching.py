"""Searches for the source's identity, and for planted values, in everything a folder holds."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from imaging.dicom.audit.contents import pieces, text_of
from imaging.dicom.audit.elements import Element
from imaging.dicom.audit.findings import Kind
from imaging.dicom.audit.judging import ROI_NAMES, UIDS, is_fit_name
from imaging.dicom.audit.needles import Needles
from imaging.dicom.audit.objects import AuditedObject
from imaging.dicom.audit.source import UID_SHAPE, SourceIdentity
from imaging.dicom.deidentify.tg263 import follows_tg263
from imaging.dicom.deidentify.words import cleaned_words

_NUMBERS = frozenset({"AS", "DA", "DS", "DT", "FD", "FL", "IS", "SL", "SS", "TM", "UL", "US"})
_BINARY = frozenset({"OB", "OW", "UN"})
_PERSONAL = frozenset({Kind.SOURCE_NAME, Kind.SOURCE_PERSON})
_MAGIC, _MAGIC_AT = b"DICM", 128  # PS3.10, 7.1
_PHRASE = " \0 "  # joins texts; no word spans it


class Search:
    """Looks for what must not be there; methods return places and kinds."""

    def __init__(self, identity: SourceIdentity, planted: Iterable[str]) -> None:
        """Take what is looked for."""
        self._identity = identity
        self._planted = Needles(planted)
        self.retains_uids = False

    def in_object(self, audited: AuditedObject) -> Iterator[tuple[str, Kind]]:
        """Search a DICOM object but for its pixels."""
        searched = [e for e in (*audited.meta, *audited.elements) if e.value and _may_tell(e)]
        everything = _PHRASE.join(element.text() for element in searched)
        opaque = b"\0".join(filter(None, map(_opaque, searched)))
        if self._words(everything, opaque) or self._uids(everything):
            retains_uids = UIDS in audited.codes
            for element in searched:
                kinds = self._kinds(element, retains_uids=retains_uids)
                yield from ((element.place, kind) for kind in sorted(kinds))
        for element in self._identity.origins.unmoved(audited):
            yield element.place, Kind.SOURCE_DATE
        for place, content in (("preamble", audited.preamble), ("trailing", audited.trailing)):
            yield from ((place, kind) for kind in sorted(self.in_content(content)))

    def in_bytes(self, path: Path) -> bool:
        """Whether a planted value is anywhere among a file's bytes, its pixels included."""
        if not self._planted.words:
            return False
        return any(self._planted.in_bytes(piece) for piece in pieces(path, whole=True))

    def in_file(self, path: Path) -> set[Kind]:
        """Search a file that is no DICOM; objects packed into it, or called DICOM, are told of."""
        kinds = {Kind.UNREADABLE} if path.suffix.lower() == ".dcm" else set()
        for piece in pieces(path):
            kinds |= self.in_content(piece)
            if piece[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)] == _MAGIC:
                kinds.add(Kind.UNREADABLE)
        return kinds | ({Kind.PLANTED} if self.in_bytes(path) else set())

    def in_content(self, content: bytes) -> set[Kind]:
        """Search bytes of any kind."""
        text = text_of(content)
        kinds = self._kinds_of(self._words(text, content))
        return kinds | self._uid_kinds(text)

    def in_name(self, name: str) -> set[Kind]:
        """Search the name of a file or a folder."""
        words = self._words(_of_any_encoding(name))
        if _is_plain(name.partition(".")[0]):
            words = {word for word in words if not self._is_personal(word)}
        return self._kinds_of(words) | self._uid_kinds(name)

    def _kinds(self, element: Element, *, retains_uids: bool) -> set[Kind]:
        text = element.text()
        words = {
            word
            for word in self._words(text, _opaque(element))
            if not self._is_chance(element, word)
        }
        uids = set() if retains_uids else self._uids(text)
        return self._kinds_of(words) | ({Kind.SOURCE_UID} if uids else set())

    def _words(self, text: str, content: bytes = b"") -> set[str]:
        """Return the words that are in a text, or in bytes; numbers turn up there by chance."""
        source = self._identity.needles
        in_bytes = {word for word in source.in_bytes(content) if not word.isdecimal()}
        words = source.in_text(text) | in_bytes
        return words | self._planted.in_text(text) | self._planted.in_bytes(content)

    def _kinds_of(self, words: Iterable[str]) -> set[Kind]:
        kinds = set()
        for word in words:
            if word in self._planted.words:
                kinds.add(Kind.PLANTED)
            if word in self._identity.kinds:
                kinds.add(self._identity.kinds[word])
        return kinds

    def _uids(self, text: str) -> set[str]:
        return self._identity.uids.intersection(UID_SHAPE.findall(text))

    def _uid_kinds(self, text: str) -> set[Kind]:
        return {Kind.SOURCE_UID} if self._uids(text) and not self.retains_uids else set()

    def _is_personal(self, word: str) -> bool:
        is_planted = word in self._planted.words
        return not is_planted and self._identity.kinds.get(word) in _PERSONAL

    def _is_chance(self, element: Element, word: str) -> bool:
        """Whether a word says nothing where it is.

        A patient may be called Heart, or Siemens; a dose in cGy may be somebody's number.
        """
        if word.isdecimal() and element.tag in ROI_NAMES:
            is_planted = word in self._planted.words
            return not is_planted and all(map(follows_tg263, element.texts()))
        if not self._is_personal(word):
            return False
        return self._identity.is_chance(element, word) or all(map(_is_plain, element.texts()))


def _of_any_encoding(name: str) -> str:
    """Return a name on disk; one that is no UTF-8 is taken for Latin-1, as old systems wrote it."""
    content = os.fsencode(name)
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _may_tell(element: Element) -> bool:
    """Whether an element can hold a word; the names of nobody may by chance be somebody's."""
    if element.vr == "PN":
        return not all(map(is_fit_name, element.texts()))
    return element.vr not in _NUMBERS


def _opaque(element: Element) -> bytes:
    """Return the bytes of a value that is no text, or may be text in another character set."""
    return element.value if element.vr in _BINARY or not element.value.isascii() else b""


def _is_plain(text: str) -> bool:
    """Whether a text has only words that are nobody's name."""
    return follows_tg263(text) or cleaned_words(text) == text
