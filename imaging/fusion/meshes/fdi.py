"""Which tooth a mesh is, by the two digits of ISO 3950, which dentists call FDI numbers."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NUMBER = re.compile(r"(?<![0-9])([1-4][1-8]|[5-8][1-5])(?![0-9])")
_WORDS = frozenset(  # that may stand around the number; others might count something else
    {"t", "tooth", "teeth", "fdi", "iso", "crown", "crowns", "root", "roots", "fusion", "fused"}
    | {"reconstruction", "reconstructions", "cbct", "scan", "upper", "lower", "left", "right"}
    | {"mesh", "ply", "stl", "obj", "off", "glb", "drc"}
)
_PERMANENT = (
    "central incisor",
    "lateral incisor",
    "canine",
    "first premolar",
    "second premolar",
    "first molar",
    "second molar",
    "third molar",
)
_DECIDUOUS = (*_PERMANENT[:3], "first molar", "second molar")
_QUADRANTS = ("Upper right", "Upper left", "Lower left", "Lower right")  # the patient's
_JAWS = frozenset({"upper", "lower", "cbct_upper_jaw", "cbct_lower_jaw"})


@dataclass(frozen=True, slots=True)
class Tooth:
    """A tooth.

    Attributes:
        number: FDI number: 11 to 48, or 51 to 85 for milk teeth.
        quadrant: Its first digit.
        position: Its second digit, counted from the midline.
        name: `Upper right first molar`; right and left are the patient's.
        kind: `incisor`, `canine`, `premolar` or `molar`.
        is_upper: It stands in the maxilla.
        deciduous: It is a milk tooth.
    """

    number: int
    quadrant: int
    position: int
    name: str
    kind: str
    is_upper: bool
    deciduous: bool


def fdi(name: str) -> Tooth | None:
    """Return the tooth that a mesh is called after: `11`, `tooth_11`, `T11`, `FDI-36`.

    Args:
        name: Of the mesh.

    Returns:
        None where the name holds no FDI number, several numbers, or words that are not about teeth:
        `part 12` is no tooth.
    """
    numbers = re.findall(r"[0-9]+", name)
    words = {word.lower() for word in re.findall(r"[^\W\d_]+", name)}
    found = _NUMBER.search(name)
    if found is None or len(numbers) != 1 or not words <= _WORDS:
        return None
    return _tooth(int(found[0]))


def tooth_in(name: str, group: str) -> Tooth | None:
    """Return the tooth that a mesh of a group is; of a jaw's, `teeth_in` looks at all of them."""
    return None if group in _JAWS else fdi(name)


def teeth_in(names: Iterable[str], group: str) -> dict[str, Tooth | None]:
    """Return the tooth that each mesh of a group is.

    In a jaw, numbers may only count its parts: they are teeth where all of them are that jaw's.

    Args:
        names: Of all meshes in the group.
        group: The output or the group.
    """
    found = {name: fdi(name) for name in names}
    if group not in _JAWS:
        return found
    numbered = [tooth for name, tooth in found.items() if re.search("[0-9]", name)]
    is_upper = "upper" in group
    if all(tooth is not None and tooth.is_upper == is_upper for tooth in numbered):
        return found
    return dict.fromkeys(found)


def _tooth(number: int) -> Tooth:
    quadrant, position = divmod(number, 10)
    deciduous = quadrant > len(_QUADRANTS)
    sort = (_DECIDUOUS if deciduous else _PERMANENT)[position - 1]
    place = _QUADRANTS[(quadrant - 1) % len(_QUADRANTS)]
    return Tooth(
        number,
        quadrant,
        position,
        f"{place} {'deciduous ' if deciduous else ''}{sort}",
        sort.split()[-1],
        place.startswith("Upper"),
        deciduous,
    )
