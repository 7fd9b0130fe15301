"""Descriptions cleaned down to known words and short numbers: what may be a name or a date goes."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from imaging.dicom.deidentify.vocabulary import VOCABULARY

_NUMBER = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,2})?")
# Units count only as they are written and after a number: Ma is a surname.
_UNIT = r"(?:mm|MM|cm|CM|ml|kV|KV|kVp|MV|MeV|mA|mAs|Gy|GY|cGy|ms|%)"
_QUANTITY = re.compile(rf"{_NUMBER.pattern}(?:\s*{_UNIT}|T)")
# Digits that signs hold together are one chunk, so that a date is seen as a whole.
_CHUNK = re.compile(
    rf"(?:{_QUANTITY.pattern}|(?i:w/o)|\d+(?:[.,/:-]\d+)*[^\W\d_]*)(?![^\W_])|[^\W_]+"
)
_DAY = re.compile(
    r"(?:0?[1-9]|[12]\d|3[01])[.,](?:0[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])[.,](?:0[1-9]|[12]\d|3[01])"
)
_UNKNOWN_DIGITS = "#"


def cleaned_words(text: str) -> str:
    """Keep the words of the vocabulary and short numbers, with single blanks between them.

    ``MUELLER^HANS 12.03.1950 T1_AX, 3mm`` becomes ``T1 AX 3mm``. A number may have three digits,
    two decimals and a unit. Without a unit it goes when it could be a day and a month (12.03), and
    when other digits are next to it, whatever was between them: the parts of a date or of a
    telephone number are short numbers too.
    """
    chunks = _CHUNK.findall(unicodedata.normalize("NFC", text))
    tokens = [token for token in map(_token, chunks) if token]
    return " ".join(_without_neighbouring_numbers(tokens))


def _token(chunk: str) -> str:
    """Return what to write for a chunk; "" for an unknown word."""
    if chunk.casefold() in VOCABULARY or _QUANTITY.fullmatch(chunk):
        return " ".join(chunk.split())
    if _NUMBER.fullmatch(chunk) and not _DAY.fullmatch(chunk):
        return chunk
    return _UNKNOWN_DIGITS if any(sign.isdigit() for sign in chunk) else ""


def _without_neighbouring_numbers(tokens: Sequence[str]) -> Iterator[str]:
    bare = [token == _UNKNOWN_DIGITS or bool(_NUMBER.fullmatch(token)) for token in tokens]
    fenced = [False, *bare, False]
    for token, is_bare, *beside in zip(tokens, bare, fenced, fenced[2:], strict=False):
        if token != _UNKNOWN_DIGITS and not (is_bare and any(beside)):
            yield token
