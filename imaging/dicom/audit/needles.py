"""Finds any of many words in one pass, however many they are.

The words become one pattern in which common beginnings are shared, so that a text costs the same
for ten words as for ten thousand.
"""

import json
import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping
from html import escape

FEWEST_BYTES = 6  # in bytes, shorter ones turn up by chance
_FIRST_WITHOUT_BLANKS = "\u2e80"  # Chinese, Japanese and their like
_BOUNDARY = r"(?![^\W_])"


class Needles:
    """Words to be found, whatever their letter case and composition of accents.

    Short ones and numbers count where no letter or digit is beside them, others anywhere.
    """

    def __init__(self, words: Iterable[str]) -> None:
        """Take the words; empty ones are none."""
        spelled = {word: key for word in words if (key := normal(word))}
        self.words = frozenset(spelled.values())
        self._in_text = _Finder(
            {form: key for word, key in spelled.items() for form in _text_forms(word, key)}
        )
        self._in_bytes = _Finder(
            {form: key for word, key in spelled.items() for form in _byte_forms(word)}
        )

    def in_text(self, text: str) -> set[str]:
        """Return the words that are in a text."""
        return self._in_text.found(normal(text)) if self.words else set()

    def in_bytes(self, content: bytes) -> set[str]:
        """Return the words that are in bytes as UTF-8, Latin-1 or UTF-16, of six bytes or more."""
        return self._in_bytes.found(content.decode("latin-1").lower()) if self.words else set()


class _Finder:
    """Finds spellings, and knows what each of them spells."""

    def __init__(self, spelled: Mapping[str, str]) -> None:
        self._spelled = dict(spelled)
        self._bounded = {form for form in self._spelled if _needs_room(form)}
        self._pattern = re.compile(
            _pattern(sorted(self._spelled), "", self._bounded) if self._spelled else "(?!)"
        )

    def found(self, text: str) -> set[str]:
        return set(self._all(text))

    def _all(self, text: str) -> Iterator[str]:
        """Yield what is found; matches may overlap, as a word can begin inside another."""
        start = 0
        while match := self._pattern.search(text, start):
            start = match.start() + 1
            before = text[max(match.start() - 1, 0) : match.start()]
            if match[0] not in self._bounded or not before.isalnum():
                yield self._spelled[match[0]]


def normal(text: str) -> str:
    """Return a text as words are compared: composed, without regard to case, blanks as one."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _text_forms(word: str, key: str) -> Iterator[str]:
    """Yield how a word may be spelled, in JSON and HTML too."""
    yield key
    for spelling in _cases(word):
        yield json.dumps(spelling)[1:-1].lower()
        yield escape(spelling).lower()
        yield spelling.encode("ascii", "xmlcharrefreplace").decode().lower()


def _cases(word: str) -> set[str]:
    return {word, word.upper(), word.lower(), word.title()}


def _byte_forms(word: str) -> Iterator[str]:
    """Yield the bytes of a word, each as the letter of its number.

    Without the zeros around it, UTF-16 is the same in either order of bytes where it is ASCII.
    """
    for spelling in _cases(word):
        for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be"):
            form = spelling.encode(encoding, "ignore").strip(b"\0")
            if len(word.encode()) >= FEWEST_BYTES and len(form) >= FEWEST_BYTES:
                yield form.decode("latin-1").lower()


def _needs_room(word: str) -> bool:
    """Whether a word only counts by itself: it is short, or digits, as a UID has many.

    Scripts that put no blanks between words leave no such choice.
    """
    is_short = len(word) < FEWEST_BYTES and max(word) < _FIRST_WITHOUT_BLANKS
    return is_short or word.isdecimal()


def _shared(first: str, last: str) -> str:
    """Return what both begin with, and so all that are sorted between them."""
    pairs = zip(first, last, strict=False)
    length = next((n for n, (one, other) in enumerate(pairs) if one != other), None)
    return min(first, last, key=len) if length is None else first[:length]


def _pattern(words: list[str], before: str, bounded: Container[str]) -> str:
    """Return a pattern for sorted words, whose common beginning ``before`` is cut off already."""
    prefix = _shared(words[0], words[-1])
    spelled = before + prefix
    end = _BOUNDARY if spelled in bounded else ""
    rest = [word[len(prefix) :] for word in words]
    groups: dict[str, list[str]] = {}
    for word in filter(None, rest):
        groups.setdefault(word[0], []).append(word)
    if not groups:
        return re.escape(prefix) + end
    branches = [_pattern(group, spelled, bounded) for group in groups.values()]
    if "" in rest:
        branches.append(end)
    return f"{re.escape(prefix)}(?:{'|'.join(branches)})"
