"""What planning and review systems put between contours and beyond the last one, as methods.

Nothing says how a DVH is to be made, so systems differ, most of all in the volumes of small ROIs. A
convention makes our solid that of the system. Its samples and bins are not imitated: whatever the
solid, it is integrated exactly. `docs/dvh-conventions.md` is written from this table.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from imaging.errors import InputError
from imaging.rt.method import Method

ConventionName = Literal[
    "exact", "eclipse", "raystation", "mim", "pinnacle", "plan_iq", "mobius3d", "proknow"
]
Basis = Literal["measured", "published"]

_NELMS = "Nelms et al. 2015, doi 10.1118/1.4923175"
_PEPIN = "Pepin et al. 2022, doi 10.1002/mp.15916"
_PENONCELLO = "Penoncello et al. 2024, doi 10.1016/j.prro.2023.09.009"
_BOTH = f"{_PEPIN}; {_PENONCELLO}"


@dataclass(frozen=True, slots=True)
class Convention:
    """How one system makes a solid of contours, as far as it is known.

    Attributes:
        name: As in ``ConventionName``.
        method: What comes nearest to it.
        source: Who says so.
        basis: ``published`` by others, or ``measured`` here where publications leave it open.
        note: What is and what is not reproduced.
    """

    name: ConventionName
    method: Method
    source: str
    basis: Basis
    note: str


_TABLE = [
    Convention(
        "exact",
        Method(),
        _NELMS,
        "published",
        "The default. A contour reaches half-way to the next, and as far at the ends, as the"
        " analytic data sets of this paper have it.",
    ),
    Convention(
        "eclipse",
        Method(between="shape", end_caps="rounded"),
        _BOTH,
        "measured",
        "Versions 15 and 16; shape-based and rounded are published, the length of a cap is not."
        " A third of half a gap, the volume of one that tapers, and shapes came nearest to DVHs"
        " that a commercial system had exported without its name. It drops tiny contours at a tip;"
        " here they stay.",
    ),
    Convention(
        "raystation",
        Method(between="shape"),
        _BOTH,
        "published",
        "Version 9A. Its 400 bins are not imitated.",
    ),
    Convention(
        "mim",
        Method(),
        _BOTH,
        "published",
        "Version 6.9. Its contours belong to slices of the CT and are as thick; here they are as"
        " thick as contours are apart, which differs where slices were skipped.",
    ),
    Convention(
        "pinnacle",
        Method(),
        f"{_NELMS}; {_PENONCELLO}",
        "published",
        "Version 9.8 counts the end caps in the volume, but not in the dose: here in both, and with"
        " end caps none in neither. Version 16 takes every voxel that a contour touches, which is"
        " not reproduced.",
    ),
    Convention(
        "plan_iq",
        Method(),
        _NELMS,
        "measured",
        "Version 2.1 joins contours by a surface. Its published errors at contours 3 mm apart,"
        " -4.2 % in the volume of a rotated cylinder and -1.5 % along curves, are near those of"
        " prisms (-4.6 and -1.4 %), not of shapes (-5.8 and -2.9 %). Its end caps can be chosen;"
        " half a gap is what the paper used.",
    ),
    Convention(
        "mobius3d",
        Method(),
        _BOTH,
        "published",
        "Version 3.1. Its samples, the voxels of the CT, and its bins of 0.1 Gy are not imitated.",
    ),
    Convention(
        "proknow",
        Method(longest_cap_mm=1.5),
        _BOTH,
        "published",
        "Version 1.22. Its end caps are never longer than 1.5 mm.",
    ),
]
CONVENTIONS: dict[str, Convention] = {row.name: row for row in _TABLE}


def convention(name: str) -> Convention:
    """Return the convention of that name.

    Raises:
        InputError: There is none.
    """
    if name not in CONVENTIONS:
        msg = f"no convention is called {name!r}; there are {', '.join(get_args(ConventionName))}"
        raise InputError(msg)
    return CONVENTIONS[name]


def conventions_as_markdown() -> str:
    """Return the table as the page `docs/dvh-conventions.md`."""
    lines = [
        "# DVH conventions",
        "",
        "What planning and review systems put between contours and beyond the last one, and the",
        "method that comes nearest. `prism`: a contour reaches half-way to the next; `shape`:",
        "outlines change evenly from one contour to the next. An end cap is `half` a gap, or",
        "`rounded`, a third of that. Samples and bins of the systems are not imitated.",
        "",
        "| name | between | end caps | dose | source | basis | note |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in CONVENTIONS.values():
        how = row.method
        cells = (
            how.between,
            how.caps_text,
            how.dose_interpolation,
            row.source,
            row.basis,
            row.note,
        )
        lines.append(" | ".join(["| `" + row.name + "`", *cells]) + " |")
    return "\n".join(lines) + "\n"
