"""A picture of a label map: three planes through where most of it is to be seen."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.labels.dictionaries import LabelDictionary
from imaging.labels.pictures.grid import PLANES, Grid, Plane, Sizes, Span, grid_of
from imaging.labels.pictures.sampling import labels_at, values_at
from imaging.labels.pictures.sheet import PANEL, Legend, Panel, sheet_of
from imaging.labels.pictures.shrinking import png_of, shrunk
from imaging.labels.pictures.survey import Survey, survey

_AROUND = 0.06  # of the labels' longest side is shown around them, where there is no image
_FINE = 2  # the image is sampled so many times finer than labels, and comes out smooth
_USUAL_BYTES = 60_000  # a picture takes no more, whatever the noise of its image

Spans = tuple[Span, Span, Span]


def label_picture(
    source: Path, dictionary: LabelDictionary, *, image: Path | None = None, title: str = ""
) -> bytes:
    """Draw a label map: an axial, a coronal and a sagittal plane, and a legend with volumes.

    Radiological convention, with letters at the edges; sides of a voxel keep their proportion. The
    planes are those that show most. Of a file of several volumes the first is shown. The file is
    read twice, in constant memory.

    Args:
        source: ``.nii`` or ``.nii.gz``, or either file of a pair.
        dictionary: Names and colours.
        image: An image on the same grid, to be seen through the labels.
        title: The line on top; it goes into the picture as it is, so no patient's name.

    Returns:
        A PNG; see ``shrunk`` for places that take only small ones.

    Raises:
        InputError: The image is on another grid.
        NiftiError: A file is damaged or contradicts itself, or is no label map.
        OSError: It cannot be read.
    """
    found = survey(source)
    grid = grid_of(found.header)
    spans = _spans(found, grid, is_whole=image is not None)
    sizes = [_size(grid, plane, spans) for plane in PLANES]
    labels = labels_at(source, _places(found, grid, spans, sizes))
    values: Sequence[NDArray[np.float64] | None] = [None] * len(PLANES)
    if image is not None:
        finer = [(_FINE * width, _FINE * height) for width, height in sizes]
        places = _places(found, grid, spans, finer)
        values = [_coarser(plane) for plane in values_at(image, places, found.header)]
    panels = [
        Panel(_caption(found, grid, plane), _ends(grid, plane), ids, seen)
        for plane, ids, seen in zip(PLANES, labels, values, strict=True)
    ]
    legend = Legend(found.voxels, grid.voxel_ml, dictionary)
    return shrunk(png_of(sheet_of(panels, legend, _title(found, grid, title))), _USUAL_BYTES)


def _spans(found: Survey, grid: Grid, *, is_whole: bool) -> Spans:
    """Choose how much is shown along the patient's axes: all, or the labels and a little more."""
    directions = grid.directions
    if is_whole:
        x, y, z = ((0, direction.count - 1) for direction in directions)
        return x, y, z
    around_mm = _AROUND * max(each.length_mm(found.spans[each.axis]) for each in directions)
    spans = []
    for each in directions:
        first, last = found.spans[each.axis]
        more = max(1, round(around_mm / each.spacing_mm))
        spans.append((max(0, first - more), min(each.count - 1, last + more)))
    x, y, z = spans
    return x, y, z


def _size(grid: Grid, plane: Plane, spans: Spans) -> Sizes:
    """Return columns and rows of a plane that fills its panel one way."""
    width_mm = grid.directions[plane.along].length_mm(spans[plane.along])
    height_mm = grid.directions[plane.down].length_mm(spans[plane.down])
    scale = PANEL / max(width_mm, height_mm)
    return max(1, round(width_mm * scale)), max(1, round(height_mm * scale))


def _places(
    found: Survey, grid: Grid, spans: Spans, sizes: Sequence[Sizes]
) -> list[NDArray[np.int64]]:
    return [
        grid.places(plane, found.best[grid.directions[plane.across].axis], spans, size)
        for plane, size in zip(PLANES, sizes, strict=True)
    ]


def _coarser(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the mean of the fine pixels of each pixel."""
    rows, columns = values.shape
    parts = values.reshape(rows // _FINE, _FINE, columns // _FINE, _FINE)
    mean: NDArray[np.float64] = parts.mean(axis=(1, 3))
    return mean


def _ends(grid: Grid, plane: Plane) -> tuple[str, str, str, str]:
    """Return the letters at the top, the bottom, the left and the right."""
    down, along = grid.directions[plane.down].ends, grid.directions[plane.along].ends
    return down[0], down[1], along[0], along[1]


def _caption(found: Survey, grid: Grid, plane: Plane) -> str:
    across = grid.directions[plane.across]
    return f"{plane.name}, slice {found.best[across.axis] + 1} of {across.count}"


def _title(found: Survey, grid: Grid, title: str) -> str:
    """Add to a title what a reader must know."""
    count = len(found.voxels)
    said = [title or (f"{count} label{'s' * (count != 1)}" if count else "No labels")]
    volumes = math.prod(found.header.shape[3:])
    if volumes > 1:
        said.append(f"volume 1 of {volumes}")
    if not grid.is_placed:
        said.append("the header does not say which side is which")
    return "; ".join(said)
