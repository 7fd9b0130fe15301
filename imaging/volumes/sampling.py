"""A dose interpolated at the voxels of an image, plane by plane.

It is 0 where the dose is not known; in the half voxel beyond the outermost centres it stays what it
is there, as ``DoseGrid`` has it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imaging.rt.doses.grid import DoseGrid
from imaging.volumes.geometry import Floats, Geometry

_ROUNDING = 1e-6  # how far beyond a border rounding may put a voxel, in voxels
_PARALLEL = 1e-6  # over a metre of image, a micrometre


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """How to interpolate along one axis, at each index of an image.

    Attributes:
        lower: The voxel of the dose below, ...
        upper: ... the one above, ...
        share: ... and how much of the latter to take.
        is_known: Whether the dose is known there.
    """

    lower: NDArray[np.intp]
    upper: NDArray[np.intp]
    share: Floats
    is_known: NDArray[np.bool_]


def planes_on(grid: DoseGrid, image: Geometry) -> Iterator[Floats]:
    """Interpolate a dose linearly, and yield one plane, shape (rows, columns), for each slice."""
    of_image = np.stack([image.normal, image.along_rows, image.along_columns])
    of_dose = np.stack([grid.normal, grid.along_rows, grid.along_columns])
    cosines = of_image @ of_dose.T
    is_parallel = np.abs(np.abs(cosines) - np.rint(np.abs(cosines))).max() < _PARALLEL
    return _parallel(grid, image, cosines) if is_parallel else _oblique(grid, image)


def _parallel(grid: DoseGrid, image: Geometry, cosines: Floats) -> Iterator[Floats]:
    """Interpolate along one axis after the other: some thirty times as fast as in general."""
    order = np.abs(cosines).argmax(axis=1)  # the axis of the dose along each axis of the image
    values_gy = grid.values_gy.transpose(order)
    slices, rows, columns = (
        _line(grid, image, axis, int(of_dose)) for axis, of_dose in enumerate(order)
    )
    for index in range(image.shape[0]):
        if not slices.is_known[index]:
            yield np.zeros(image.shape[1:])
            continue
        ends = values_gy[slices.lower[index]], values_gy[slices.upper[index]]
        plane = ends[0] + slices.share[index] * (ends[1] - ends[0])
        plane = _along(_along(plane, rows).T, columns).T
        yield np.where(rows.is_known[:, None] & columns.is_known, plane, 0.0)


def _along(values: Floats, line: _Line) -> Floats:
    """Interpolate along the first axis."""
    lower = values[line.lower]
    return lower + line.share[:, None] * (values[line.upper] - lower)


def _line(grid: DoseGrid, image: Geometry, axis: int, of_dose: int) -> _Line:
    """Express the indices along an axis of an image in those of the parallel axis of a dose."""
    direction = (image.normal, image.along_rows, image.along_columns)[axis]
    steps_mm = np.arange(image.shape[axis]) * image.spacing_mm[axis]
    points_mm = image.origin_mm + steps_mm[:, None] * direction
    places, is_known = _indices(grid, points_mm)
    last = grid.values_gy.shape[of_dose] - 1
    lower = np.clip(np.floor(places[of_dose]), 0, last).astype(np.intp)
    share = np.clip(places[of_dose] - lower, 0.0, 1.0)
    return _Line(lower, np.minimum(lower + 1, last), share, is_known[of_dose])


def _oblique(grid: DoseGrid, image: Geometry) -> Iterator[Floats]:
    """Interpolate at points one by one, however a dose lies in an image."""
    _, rows, columns = image.shape
    across, down = np.meshgrid(np.arange(columns), np.arange(rows))
    _, between_rows, between_columns = image.spacing_mm
    sides = np.stack([image.along_columns * between_columns, image.along_rows * between_rows])
    beside_mm = np.stack([across.ravel(), down.ravel()], axis=1) @ sides
    for index in range(image.shape[0]):
        corner_mm = image.origin_mm + image.normal * (index * image.spacing_mm[0])
        places, is_known = _indices(grid, beside_mm + corner_mm)
        known = is_known.all(axis=0)
        plane = np.zeros(rows * columns)
        plane[known] = ndimage.map_coordinates(grid.values_gy, places[:, known], order=1)
        yield plane.reshape(rows, columns)


def _indices(grid: DoseGrid, points_mm: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Express points, shape (n, 3), as indices of frames, rows and columns.

    Returns:
        Indices, shape (3, n), none beyond the outermost voxels; and whether each is within the
        borders of the dose, shape (3, n).
    """
    column, row, mm = grid.to_index(points_mm)
    frames, rows, columns = grid.values_gy.shape
    border, rounding_mm = grid.border_pixels + _ROUNDING, _ROUNDING * float(grid.frames_mm[1])
    is_known = np.stack(
        [
            (mm >= -grid.border_mm[0] - rounding_mm)
            & (mm <= grid.frames_mm[-1] + grid.border_mm[1] + rounding_mm),
            (row >= -border) & (row <= rows - 1 + border),
            (column >= -border) & (column <= columns - 1 + border),
        ]
    )
    frame = np.interp(mm, grid.frames_mm, np.arange(frames))
    limits = np.array([[frames], [rows], [columns]]) - 1
    return np.clip(np.stack([frame, row, column]), 0, limits), is_known
