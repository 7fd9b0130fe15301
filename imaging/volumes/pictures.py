"""A contact sheet: every ROI on the slice in its middle, to see at a glance what is wrong."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from imaging.files import whole_file
from imaging.labels.pictures.lettering import BACKGROUND, INK, fitting, font
from imaging.volumes.geometry import Floats
from imaging.volumes.masks import Sketch
from imaging.volumes.pixels import Plane
from imaging.volumes.planes import Planes

_TILE, _CAPTION, _GAP, _TITLE, _SWATCH = 232, 24, 6, 34, 12  # pixels of the sheet
_MOST_COLUMNS, _MOST_TILES = 6, 120
_SMALLEST_MM = 90.0  # a tile shows at least so much around a small ROI
_AROUND = 1.5  # times a large one
_SHARP = 3  # outlines are drawn so many times larger, and come out smooth
_LINE = 2
_SOFT_TISSUE_HU = (-160.0, 240.0)


@dataclass(frozen=True, slots=True)
class _Window:
    """The square part of a slice that a tile shows, in columns and rows.

    Attributes:
        left: Where it begins, and ...
        top: ... likewise.
        width: Columns; rows are as many mm.
        height: Rows.
    """

    left: float
    top: float
    width: float
    height: float

    def to_tile(self, ring: Floats) -> list[tuple[float, float]]:
        """Put a polygon into the pixels of a tile."""
        scale = _TILE / np.array([self.width, self.height])
        # The centre of the first pixel is half a pixel into it.
        points = (ring + 0.5 - np.array([self.left, self.top])) * scale * _SHARP
        return [(float(x), float(y)) for x, y in points]


def write_pictures(target: Path, planes: Planes, sketches: Sequence[Sketch], rois: int) -> Path:
    """Write the contact sheet as PNG; without ROIs it shows the middle slice.

    Args:
        target: The file.
        planes: The image.
        sketches: The ROIs to show.
        rois: How many ROIs there are, with or without a mask, for the title.

    Raises:
        DicomError: A slice cannot be decoded.
        OSError: A file cannot be read or written.
    """
    shown = list(sketches[:_MOST_TILES]) or [_middle(planes)]
    columns = min(_MOST_COLUMNS, math.ceil(math.sqrt(len(shown) * 1.5)))
    lines = math.ceil(len(shown) / columns)
    title = _title(planes, len(sketches), rois)
    title_font = font(15)
    width = max(_GAP + columns * (_TILE + _GAP), int(title_font.getlength(title)) + 2 * _GAP)
    size = width, _TITLE + lines * (_TILE + _CAPTION + _GAP)
    sheet = Image.new("RGB", size, BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP, 8), title, INK, font=title_font)
    for index, sketch in enumerate(shown):
        left = _GAP + index % columns * (_TILE + _GAP)
        top = _TITLE + index // columns * (_TILE + _CAPTION + _GAP)
        sheet.paste(_tile(planes, sketch), (left, top))
        caption = f"{' '.join(sketch.name.split())}  {sketch.slice_index + 1}".strip()
        below = top + _TILE + 4
        draw.rectangle((left, below + 1, left + _SWATCH, below + 1 + _SWATCH), sketch.colour)
        draw.text(
            (left + _SWATCH + _GAP, below),
            fitting(caption, 13, _TILE - _SWATCH - _GAP),
            INK,
            font=font(13),
        )
    with whole_file(target) as part:
        sheet.save(part, format="PNG", compress_level=4)
    return target


def _title(planes: Planes, shown: int, rois: int) -> str:
    """Say how much there is; never whose it is."""
    slices = planes.stack.geometry.shape[0]
    counted = f"{min(shown, _MOST_TILES)} of {rois} ROIs" if rois else "no structure set"
    return f"{planes.stack.slices[0].modality}, {slices} slices, {counted}; names with their slice"


def _middle(planes: Planes) -> Sketch:
    """Show the middle slice when there is no ROI to show."""
    return Sketch("", "#ffffff", planes.stack.geometry.shape[0] // 2, [])


def _tile(planes: Planes, sketch: Sketch) -> Image.Image:
    """Draw one ROI on its slice."""
    plane = planes.plane(sketch.slice_index)
    window = _window(sketch, planes)
    box = (window.left, window.top, window.left + window.width, window.top + window.height)
    grey = Image.fromarray(_shaded(plane, planes.stack.slices[0].modality))
    tile = grey.transform(
        (_TILE * _SHARP, _TILE * _SHARP), Image.Transform.EXTENT, box, Image.Resampling.BILINEAR
    ).convert("RGB")
    draw = ImageDraw.Draw(tile)
    for ring in sketch.rings:
        points = window.to_tile(ring)
        draw.line([*points, points[0]], fill=sketch.colour, width=_LINE * _SHARP, joint="curve")
    return tile.resize((_TILE, _TILE), Image.Resampling.BOX)


def _window(sketch: Sketch, planes: Planes) -> _Window:
    """Choose a square around an ROI, wide enough to tell where in the body it is."""
    _, rows, columns = planes.stack.geometry.shape
    pixel_mm = np.array(planes.stack.geometry.spacing_mm[:0:-1])
    corners = np.array([[0.0, 0.0], [columns - 1, rows - 1]])
    points = np.concatenate(sketch.rings) if sketch.rings else corners
    low, high = points.min(axis=0), points.max(axis=0)
    wanted_mm = max(_SMALLEST_MM, _AROUND * float(((high - low) * pixel_mm).max()))
    whole_mm = float((np.array([columns, rows]) * pixel_mm).max())
    width, height = min(wanted_mm, whole_mm) / pixel_mm
    middle = (low + high) / 2 + 0.5
    return _Window(middle[0] - width / 2, middle[1] - height / 2, float(width), float(height))


def _shaded(plane: Plane, modality: str) -> Plane:
    """Turn values into grey from 0 to 255: soft tissue for CT, else all but the extremes."""
    low, high = _SOFT_TISSUE_HU if modality == "CT" else np.percentile(plane, [1, 99]).tolist()
    grey = (plane.astype(np.float32) - low) * (255 / max(high - low, 1e-6))
    return np.clip(grey, 0, 255).astype(np.uint8)
