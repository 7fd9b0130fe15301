"""ROI names that follow TG-263 and so can be kept: made of known words only, they hold no name.

The grammar is that of AAPM report 263 (Mayo et al. 2018, doi:10.1016/j.ijrobp.2017.12.013),
sections 7 and 8, but no free text passes: where the report lets a person write anything, as after
``^`` or ``z``, only words of a list will do. What is safe and nearly right passes too: letter
case, more than 16 characters, a margin after the side (``Kidney_L_PRV05``).
"""

import re

from imaging.dicom.deidentify.tg263_roots import ROOTS
from imaging.dicom.names import name_key

_LONGEST = 64  # of an LO, as ROIName is


def _any_of(names: set[str]) -> str:
    return "(?:" + "|".join(re.escape(name) for name in sorted(names)) + ")"


_ROOTS = {root.casefold() for root in ROOTS}
_REVERSED = {"_".join(reversed(root.split("_"))) for root in _ROOTS}
_SIDE = r"(?:[lrapsim]|nadj|dist|prox)"  # no pair of letters: left inferior is Li, a surname
_MARGIN = r"prv(?:\d\d?)?"
_PRIMARY = rf"{_any_of(_ROOTS)}s?~?(?:_{_MARGIN})?(?:_{_SIDE})?~?(?:_{_MARGIN})?"
_REVERSE_ORDER = rf"(?:{_SIDE}_)?(?:{_MARGIN}_)?{_any_of(_REVERSED)}s?~?"
_STRUCTURE = rf"(?:{_PRIMARY}|{_REVERSE_ORDER})"

# Four digits may be a day or a year as well as a dose in cGy: only fractions tell them apart.
# PTV_2000 is a dose: 20 Gy are far too common to do without.
_YEAR = r"19\d\d|20(?!00)[0-2]\d"
_DAY = r"(?:[12]\d|3[01])(?:0[1-9]|1[0-2])|1[0-2](?:0[1-9]|[12]\d|3[01])"
_CGY = rf"(?:[1-9]\d{{3}}x\d\d?|(?!{_YEAR}|{_DAY})[1-9]\d{{3}})"
_GY = r"\d\d?(?:[.p]\d\d?)?gy(?:x\d\d?)?"
_DOSE = rf"(?:(?:high|mid|low)(?:\d\d?)?|{_GY}|{_CGY})"

_TYPE = r"(?:[gci]tv|i[gc]tv|ptv!?)"
_CLASSIFIER = r"(?:n|p|sb|par|vas|v)?(?:[1-9]\d?)?"
_IMAGES = r"(?:_(?:(?:ct|pt|mr|sp)[1-9])+)?"
_WHERE = rf"{_IMAGES}(?:_{_STRUCTURE})?(?:_[lr])?"
_TARGET = rf"{_TYPE}{_CLASSIFIER}~?{_WHERE}(?:_ev\d\d)?(?:_{_DOSE})?(?:_?opt)?"

# Matched piece by piece: as one expression it would try every reading of every piece, together.
_HELPER = re.compile(r"(?:z_?|_)?(?:e-(?=ptv))?")
_CROP = re.compile(r"-\d\d(?=[-+]|$)", re.ASCII)
_COMBINED = re.compile(r"[-+]")
_PIECE = re.compile(rf"{_TARGET}|{_STRUCTURE}", re.ASCII)
_QUALIFIER = re.compile(
    r"(?:avg|avoid|boost|crop|cropped|ct|eval|ex|exh|exp|icg|in|inh|insp|mip|mr|opt|pet|phase|plan"
    r"|postop|preop|ring|sub|sup|total|physician)(?:\d\d?)?",
    re.ASCII,
)


def follows_tg263(name: str) -> bool:
    """Say whether an ROI's name follows TG-263 and holds nothing else.

    Letter case does not count, and blanks are underscores, as ``name_key`` has it: TG-263 wants
    names to differ by more.
    """
    if not name.isascii() or len(name) > _LONGEST:
        return False
    combination, *qualifiers = name_key(name).split("^")
    if len(qualifiers) > 1 or not all(map(_QUALIFIER.fullmatch, qualifiers)):
        return False
    uncropped = _CROP.sub("", _HELPER.sub("", combination, count=1), count=1)
    return all(map(_PIECE.fullmatch, _COMBINED.split(uncropped)))
