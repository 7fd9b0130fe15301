"""One label of a dictionary: the integer in the image, and what it means."""

import colorsys
from collections.abc import Iterable
from dataclasses import dataclass

from imaging.errors import InputError
from imaging.labels.dictionaries.groups import groups_of

MISSING = "n/a"  # BIDS's word for an empty cell
LOWEST, HIGHEST = -(2**63), 2**64 - 1  # what an image of integers can hold
Color = tuple[int, int, int]

_GOLDEN = 0.6180339887498949  # turns of hue between ids: those that are neighbours differ most
_SHADES = ((0.65, 0.95), (0.85, 0.75), (0.45, 0.85), (0.75, 0.55))  # saturation and value, in turn


@dataclass(frozen=True, slots=True)
class Label:
    """What one integer of a label map stands for.

    Attributes:
        id: The integer in the image; 0 is the background and no label.
        name: As its source writes it.
        abbreviation: A short name, or empty.
        color: Red, green and blue, 0 to 255.
        mapping: The integer of BIDS's own lookup of labels (4 is bone, 7 is a lesion), or None.
        groups: What it is one of: ``ribs``, ``bones``, ``left``.
    """

    id: int
    name: str
    abbreviation: str
    color: Color
    mapping: int | None
    groups: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            InputError: The id is 0 or too large, a text is empty, ``n/a`` or has signs that end a
                cell or a line, or the colour is none.
        """
        if self.id == 0 or not LOWEST <= self.id <= HIGHEST:
            msg = f"{self.id} is no id of a label"
            raise InputError(msg)
        for text in (self.name, self.abbreviation or "-", *self.groups):
            _check(text, self.id)
        if any("," in group for group in self.groups):
            msg = f"label {self.id}: the name of a group has a comma"
            raise InputError(msg)
        if not all(0 <= part <= 255 for part in self.color):
            msg = f"label {self.id}: a colour is three numbers from 0 to 255, not {self.color}"
            raise InputError(msg)


def described(  # noqa: PLR0913 -- one argument for each column
    id: int,  # noqa: A002 -- as the attribute
    name: str,
    *,
    abbreviation: str = "",
    color: Color | None = None,
    mapping: int | None = None,
    groups: Iterable[str] | None = None,
) -> Label:
    """Make a label of what is known: a colour comes from the id, groups from the name."""
    of_name = groups_of(name) if groups is None else tuple(sorted(set(groups)))
    return Label(id, name, abbreviation, color or color_of(id), mapping, of_name)


def color_of(label_id: int) -> Color:
    """Choose a colour for an id, always the same one; neighbouring ids differ much."""
    saturation, value = _SHADES[label_id % len(_SHADES)]
    red, green, blue = colorsys.hsv_to_rgb(label_id * _GOLDEN % 1.0, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)


def _check(text: str, label_id: int) -> None:
    if text and text == text.strip() and text != MISSING and text.isprintable():
        return
    msg = f"label {label_id}: {text[:80]!r} is no name: empty, n/a, or with signs no text has"
    raise InputError(msg)
