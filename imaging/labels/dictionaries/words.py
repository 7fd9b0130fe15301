"""Names of structures as people spell them: which words a name has, and which side it is on.

``kidney_left``, ``left kidney``, ``Kidney_L`` and ``KidneyLeft`` are one name: letter case, blanks,
signs, the place and the spelling of the side, and the order of the words do not count.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_SIDES = {"left": "left", "l": "left", "lt": "left", "right": "right", "r": "right", "rt": "right"}
_SAME = {"vb": "vertebra", "tumour": "tumor", "oesophagus": "esophagus", "clavicle": "clavicula"}
_VERTEBRA = re.compile(r"[ctls]\d{1,2}")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+")
_NUMBERED = re.compile(r"([^\W\d_]{3,})(\d+)")  # Rib01 is two words; L5 is one
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_NOT_PLURAL = ("ss", "us", "is", "as", "ps")  # humerus, pelvis, pancreas, iliopsoas


@dataclass(frozen=True, slots=True)
class Wording:
    """What a name says, whatever its spelling.

    Attributes:
        side: ``left``, ``right``, or empty where a name has neither or both.
        words: The other words in small letters, sorted.
        base: The words, in the singular.
    """

    side: str
    words: tuple[str, ...]
    base: tuple[str, ...]

    def without(self, fillers: frozenset[str]) -> "Wording":
        """Leave out words that change nothing, as ``all`` in ``all ribs``."""
        words = tuple(word for word in self.words if word not in fillers)
        return Wording(self.side, words, _singulars(words))


@lru_cache(maxsize=8192)
def wording(name: str) -> Wording:
    """Read a name.

    A vertebra may be named by its number alone (``L5``). A single letter is a side, but not beside
    a vertebra: ``VB_L`` is the lumbar spine in TG-263.
    """
    words = [_SAME.get(word, word) for word in _split(name)]
    if len(words) == 1 and _VERTEBRA.fullmatch(words[0]):
        words.insert(0, "vertebra")
    spine = "vertebra" in _singulars(words)
    sides = {_SIDES[word] for word in words if _is_side(word, spine=spine)}
    if len(sides) == 1:
        words = [word for word in words if not _is_side(word, spine=spine)]
    side = sides.pop() if len(sides) == 1 else ""
    return Wording(side, tuple(sorted(words)), _singulars(words))


def forms_of(name: str) -> set[str]:
    """Return what a pattern may match: a name in small letters, with underscores for blanks.

    Its side counts as written, and as ``left`` or ``right`` in front and behind.
    """
    small = name.casefold()
    side = wording(name).side
    forms = {"_".join(small.split())}
    if side:
        words = [word for word in _WORD.findall(small) if _SIDES.get(word) != side]
        forms |= {"_".join([side, *words]), "_".join([*words, side])}
    return forms


def _split(name: str) -> list[str]:
    """Cut a name into words in small letters, with no zero in front of a number."""
    spaced = _HUMP.sub(" ", unicodedata.normalize("NFKC", name)).casefold()
    return _WORD.findall(_ZEROS.sub("", _NUMBERED.sub(r"\1 \2", spaced)))


def _is_side(word: str, *, spine: bool) -> bool:
    return word in _SIDES and not (spine and len(word) == 1)


def _singulars(words: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(_singular(word) for word in words))


def _singular(word: str) -> str:
    """Take the plural from a word well enough that both numbers become equal."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("ae"):
        return word[:-1]
    if word.endswith("s") and len(word) > 3 and not word.endswith(_NOT_PLURAL):
        return word[:-1]
    return word
