"""Names of ROIs as names of files that every system can hold."""

import re
import unicodedata
from collections.abc import Mapping

_LONGEST = 100
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l"}
    | {"Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "\u0131": "i"}
)
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


def file_names(names: Mapping[int, str]) -> dict[int, str]:
    """Give every ROI a file name of its own, without an ending.

    Names that become equal, whatever their case, are told apart by ``_2``, ``_3`` and so on, in the
    order of the ROI numbers.

    Args:
        names: ROI names by ROI number.
    """
    found: dict[int, str] = {}
    taken: set[str] = set()
    for number in sorted(names):
        plain = plain_name(names[number]) or f"ROI_{number}"
        candidate, count = plain, 1
        while candidate.casefold() in taken:
            count += 1
            ending = f"_{count}"
            candidate = plain[: _LONGEST - len(ending)] + ending
        taken.add(candidate.casefold())
        found[number] = candidate
    return found


def plain_name(name: str) -> str:
    """Write a name with letters and digits of ASCII, and ``-_.+``; empty when none are in it.

    Accents are left out, and what has no such letter becomes ``_``. Names that Windows keeps for
    devices get a ``_`` in front, and no name begins with a dot.
    """
    spelled = unicodedata.normalize("NFKD", name.strip().translate(_LETTERS))
    without_accents = "".join(each for each in spelled if not unicodedata.combining(each))
    plain = re.sub(r"[^A-Za-z0-9\-_.+]", "_", without_accents).lstrip(".")
    if not re.search(r"[A-Za-z0-9]", plain):
        return ""
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    return plain[:_LONGEST]
