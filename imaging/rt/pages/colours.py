"""The look of each ROI's line: the structure set's colours, made readable on white."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.colors import to_hex, to_rgb

from imaging.rt.dvh import DVH

GREY = "#444444"

# Okabe and Ito's colours, which colour-blind people tell apart; yellow is too pale for a line.
_FALLBACK = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
_PALEST = 0.55  # relative luminance of the palest line that stands out on white
DASHES = 4  # how many styles of line there are


@dataclass(frozen=True, slots=True)
class Look:
    """How one ROI is drawn.

    Attributes:
        colour: ``#rrggbb``, dark enough for white paper.
        dash: Number of the line style, from 0 (solid) to ``DASHES - 1``.
    """

    colour: str
    dash: int


def looks_of(dvhs: Sequence[DVH], colours: Mapping[int, str] | None = None) -> list[Look]:
    """Choose a look for each DVH, in their order.

    Args:
        dvhs: What is drawn.
        colours: ``#rrggbb`` by ROI number; ROIs without get a colour that colour-blind people
            tell from the others. A colour that comes again is told apart by the line's style.
    """
    looks: list[Look] = []
    for index, dvh in enumerate(dvhs):
        wanted = (colours or {}).get(dvh.roi_number, _FALLBACK[index % len(_FALLBACK)])
        colour = darkened(wanted)
        taken = sum(look.colour == colour for look in looks)
        looks.append(Look(colour, taken % DASHES))
    return looks


def darkened(colour: str, by: float = 1.0) -> str:
    """Darken a colour until it stands out on white, and then by a factor."""
    red, green, blue = to_rgb(colour)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    factor = by * min(1.0, _PALEST / max(luminance, 1e-6))
    return to_hex((red * factor, green * factor, blue * factor))
