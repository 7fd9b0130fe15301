"""What a label is in SNOMED CT, as far as DICOM's list of anatomical structures says (CID 7192).

A name that the list does not have, letter for letter but for case and order of words, gets the code
of an anatomical structure and no other: a wrong code is worse than a general one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from imaging.labels.dictionaries.words import wording

ANATOMICAL_STRUCTURE: Code = codes.cid7150.AnatomicalStructure

_SIDES: Mapping[str, Code] = {"left": codes.SCT.Left, "right": codes.SCT.Right}
_Key = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Coded:
    """The codes of a label.

    Attributes:
        category: Segmented Property Category.
        kind: Segmented Property Type.
        side: Its modifier, or None.
    """

    category: Code
    kind: Code
    side: Code | None = None


def coded(name: str) -> Coded:
    """Find the codes of a label's name."""
    read = wording(name)
    listed = _listed()
    if (kind := listed.get((read.side, read.base))) is not None:
        return Coded(ANATOMICAL_STRUCTURE, kind)
    if read.side and (kind := listed.get(("", read.base))) is not None:
        return Coded(ANATOMICAL_STRUCTURE, kind, _SIDES[read.side])
    return Coded(ANATOMICAL_STRUCTURE, ANATOMICAL_STRUCTURE)


@cache
def _listed() -> dict[_Key, Code]:
    """List the codes by what their meanings say; what two have in common means neither."""
    found: dict[_Key, Code | None] = {}
    for keyword in codes.cid7192.dir():
        code: Code = getattr(codes.cid7192, keyword)
        read = wording(code.meaning)
        key = read.side, read.base
        found[key] = None if key in found and found[key] != code else code
    return {key: code for key, code in found.items() if code is not None and key[1]}
