"""The sheet of a picture: three panels side by side, the legend below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from imaging.labels.dictionaries import LabelDictionary, color_of
from imaging.labels.pictures.lettering import BACKGROUND, FAINT, INK, fitting, font

PANEL = 320  # pixels; a plane fills it in width or in height
_GAP, _TITLE, _CAPTION, _ROW, _SWATCH = 8, 34, 22, 20, 12
_COLUMNS, _MOST_ROWS = 3, 8
_OVER_GREY, _EDGE_OVER_GREY = 0.45, 0.9  # how much of a label's colour covers the image
_SOFT_TISSUE_HU = (-160.0, 240.0)
_AIR_HU = -300.0  # images with as much below are CT
_WIDTH = 3 * PANEL + 4 * _GAP

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One plane, ready to be drawn.

    Attributes:
        caption: Its name and place.
        ends: Letters at the top, the bottom, the left and the right.
        labels: Shape (rows, columns): ids.
        values: Shape (rows, columns): the image, or None.
    """

    caption: str
    ends: tuple[str, str, str, str]
    labels: NDArray[np.int64]
    values: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class Legend:
    """What the colours mean.

    Attributes:
        voxels: How many each label has.
        voxel_ml: The volume of one, or None.
        dictionary: Names and colours; a label that it lacks has its id for a name.
    """

    voxels: Mapping[int, int]
    voxel_ml: float | None
    dictionary: LabelDictionary

    @property
    def labels(self) -> list[int]:
        """The labels there are, the largest first."""
        return sorted(self.voxels, key=lambda label: (-self.voxels[label], label))

    def colour(self, label: int) -> Colour:
        """Return the colour of a label."""
        known = self.dictionary.get(label)
        return color_of(label) if known is None else known.color

    def text(self, label: int) -> str:
        """Return the name and the size of a label."""
        voxels = self.voxels[label]
        ml = None if self.voxel_ml is None else voxels * self.voxel_ml
        size = f"{voxels} voxels" if ml is None else f"{ml:.0f} ml" if ml >= 100 else f"{ml:.3g} ml"
        return f"{self.dictionary.name_of(label)}  {size}"


def sheet_of(panels: Sequence[Panel], legend: Legend, title: str) -> Image.Image:
    """Draw the panels and the legend, below a title."""
    largest = legend.labels
    rows = min(max(-(-len(largest) // _COLUMNS), 1), _MOST_ROWS)
    top = _TITLE + PANEL + _CAPTION + _GAP
    more = max(len(largest) - _COLUMNS * _MOST_ROWS, 0)
    height = top + (rows + bool(more)) * _ROW + _GAP
    sheet = Image.new("RGB", (_WIDTH, height), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    draw.text(
        (_GAP, 8), fitting(" ".join(title.split()), 15, _WIDTH - 2 * _GAP), INK, font=font(15)
    )
    colours = {label: legend.colour(label) for label in largest}
    window = _window([panel.values for panel in panels if panel.values is not None])
    for index, panel in enumerate(panels):
        _draw_panel(sheet, panel, colours, window, _GAP + index * (PANEL + _GAP))
    in_sight = {int(label) for panel in panels for label in np.unique(panel.labels)}
    for index, label in enumerate(largest[: _COLUMNS * _MOST_ROWS]):
        place = (_GAP + index // rows * (PANEL + _GAP), top + index % rows * _ROW)
        is_seen = label in in_sight
        _draw_entry(draw, place, legend.text(label), colours[label], is_seen=is_seen)
    if more or not largest:
        text = f"and {more} more" if more else "no labels"
        draw.text((_GAP, height - _GAP - _ROW), text, FAINT, font=font(13))
    return sheet


def _draw_panel(
    sheet: Image.Image,
    panel: Panel,
    colours: Mapping[int, Colour],
    window: tuple[float, float],
    left: int,
) -> None:
    """Draw a plane into the middle of its place, with letters at its edges."""
    height, width = panel.labels.shape
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((left, _TITLE, left + PANEL - 1, _TITLE + PANEL - 1), (0, 0, 0))
    top_left = left + (PANEL - width) // 2, _TITLE + (PANEL - height) // 2
    sheet.paste(Image.fromarray(_painted(panel, colours, window)), top_left)
    middle_x, middle_y = left + PANEL / 2, _TITLE + PANEL / 2
    places = (
        (middle_x, _TITLE + 3, "mt"),
        (middle_x, _TITLE + PANEL - 4, "mb"),
        (left + 4, middle_y, "lm"),
        (left + PANEL - 5, middle_y, "rm"),
    )
    for letter, (x, y, anchor) in zip(panel.ends, places, strict=True):
        draw.text((x, y), letter, INK, font(14), anchor, stroke_width=2, stroke_fill=(0, 0, 0))
    if not panel.labels.any():
        said = "no labels here" if colours else "no labels"
        draw.text(
            (middle_x, middle_y), said, INK, font(15), "mm", stroke_width=2, stroke_fill=(0, 0, 0)
        )
    draw.text((left, _TITLE + PANEL + 3), panel.caption, FAINT, font=font(13))


def _painted(
    panel: Panel, colours: Mapping[int, Colour], window: tuple[float, float]
) -> NDArray[np.uint8]:
    """Colour a plane: opaque on black, or over the grey image with its outlines stressed."""
    ids, which = np.unique(panel.labels, return_inverse=True)
    table = np.array([colours.get(label, (0, 0, 0)) for label in ids.tolist()], dtype=np.float64)
    colour = table[which.reshape(panel.labels.shape)]
    if panel.values is None:
        return colour.astype(np.uint8)
    low, high = window
    grey = np.clip((panel.values - low) * (255 / max(high - low, 1e-6)), 0, 255)[..., None]
    share = np.where(_edges(panel.labels), _EDGE_OVER_GREY, _OVER_GREY)
    share = np.where(panel.labels == 0, 0.0, share)[..., None]
    painted: NDArray[np.uint8] = (grey * (1 - share) + colour * share).astype(np.uint8)
    return painted


def _edges(labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Find the pixels whose label is another than that of a neighbour."""
    padded = np.pad(labels, 1, mode="edge")
    middle = padded[1:-1, 1:-1]
    others = (padded[2:, 1:-1], padded[:-2, 1:-1], padded[1:-1, 2:], padded[1:-1, :-2])
    found: NDArray[np.bool_] = np.logical_or.reduce([other != middle for other in others])
    return found


def _window(values: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    """Choose which values are black and white: soft tissue for CT, else all but the extremes."""
    if not values:
        return 0.0, 1.0
    low, high = np.percentile(np.concatenate([plane.ravel() for plane in values]), [1, 99])
    return _SOFT_TISSUE_HU if low < _AIR_HU else (float(low), float(high))


def _draw_entry(
    draw: ImageDraw.ImageDraw,
    place: tuple[int, int],
    text: str,
    colour: Colour,
    *,
    is_seen: bool,
) -> None:
    """Draw one line of the legend; its swatch is hollow where no plane shows the label."""
    x, y = place
    fill = colour if is_seen else None
    draw.rectangle((x, y + 3, x + _SWATCH, y + 3 + _SWATCH), fill, colour)
    width = PANEL - _SWATCH - 2 * _GAP
    draw.text(
        (x + _SWATCH + _GAP, y), fitting(" ".join(text.split()), 13, width), INK, font=font(13)
    )
