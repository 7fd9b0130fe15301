"""Whether a dose is sampled finely enough for an ROI, and a finer one by splines."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import make_interp_spline

from imaging.rt.doses.grid import DoseGrid

Floats = NDArray[np.float64]

_FINER = 4
_MOST_VOXELS = 12_000_000  # 96 MB
_LARGE = 300_000  # voxels: a dose over so many of them is sampled finely enough
_BIAS = 0.02  # of the largest dose

Box = tuple[slice, slice, slice]


def box_of(grid: DoseGrid, low: Floats, high: Floats, margin: int) -> Box:
    """Return the voxels around an ROI.

    Args:
        grid: The dose.
        low: Smallest frame, row and column index of the ROI, with fractions; shape (3,).
        high: Largest.
        margin: How many voxels more on each side.
    """
    shape = grid.values_gy.shape
    first = np.clip(np.floor(low).astype(int) - margin, 0, np.array(shape) - 2)
    end = np.clip(np.ceil(high).astype(int) + margin + 1, first + 2, shape)
    return (
        slice(int(first[0]), int(end[0])),
        slice(int(first[1]), int(end[1])),
        slice(int(first[2]), int(end[2])),
    )


def is_under_sampled(values_gy: Floats, highest_gy: float) -> bool:
    """Say whether interpolating linearly misses peaks or valleys by much.

    Between two voxels a straight line misses a parabola by an eighth of the second difference. Told
    is whether that, over the three directions, is on average above 2 % of the largest dose.

    Args:
        values_gy: The dose around an ROI, shape (frames, rows, columns).
        highest_gy: The largest dose of the whole grid.
    """
    if values_gy.size > _LARGE or min(values_gy.shape) < 3:
        return False
    inner = (slice(1, -1),) * 3
    missed = np.zeros([size - 2 for size in values_gy.shape])
    for axis in range(3):
        bend = np.diff(values_gy, 2, axis=axis)
        others = tuple(slice(None) if each == axis else inner[each] for each in range(3))
        missed += np.abs(bend[others]) / 8
    return bool(missed.mean() > _BIAS * highest_gy)


def refined(grid: DoseGrid, box: Box) -> DoseGrid:
    """Interpolate part of a dose by cubic splines through its voxels, four times as finely.

    A large part is refined twice or not at all, to bound memory. Splines overshoot beside steps;
    doses below 0 become 0.

    Args:
        grid: The dose.
        box: The part.
    """
    part = grid.values_gy[box]
    finer = next(n for n in (_FINER, 2, 1) if part.size * n**3 <= _MOST_VOXELS or n == 1)
    frames_mm = grid.frames_mm[box[0]]
    is_known = np.isfinite(part)
    values = part if is_known.all() else _filled(part, is_known)
    for axis in range(3):
        places = frames_mm if axis == 0 else np.arange(part.shape[axis], dtype=np.float64)
        values = _spline(values, places, axis, finer)
    between_rows, between_columns = grid.spacing_mm
    offset_mm = (
        box[1].start * between_rows * grid.along_rows
        + box[2].start * between_columns * grid.along_columns
    )
    fine_mm = _between(frames_mm, finer)
    border_mm = (
        grid.border_mm[0] if box[0].start == 0 else 0.0,
        grid.border_mm[1] if box[0].stop == grid.frames_mm.size else 0.0,
    )
    if not is_known.all():
        values = np.where(_all_known(is_known, finer), values, np.nan)
    return replace(
        grid,
        values_gy=np.ascontiguousarray(np.maximum(values, 0.0)),
        origin_mm=grid.origin_mm + offset_mm,
        spacing_mm=(between_rows / finer, between_columns / finer),
        frames_mm=fine_mm,
        border_mm=border_mm,
        border_pixels=grid.border_pixels * finer,
    )


def _filled(values: Floats, is_known: NDArray[np.bool_]) -> Floats:
    """Replace what is not a number by the nearest value that is one."""
    if not is_known.any():
        return np.zeros_like(values)
    nearest = ndimage.distance_transform_edt(~is_known, return_distances=False, return_indices=True)
    return np.asarray(values[tuple(nearest)])


def _all_known(is_known: NDArray[np.bool_], finer: int) -> NDArray[np.bool_]:
    """Say of the finer voxels whether all those around them are known."""
    share = is_known.astype(np.float64)
    for axis in range(3):
        places = np.arange(share.shape[axis], dtype=np.float64)
        line = make_interp_spline(places, share, k=1, axis=axis)
        share = line(_between(places, finer))
    return np.asarray(share > 1 - 1e-9)


def _spline(values: Floats, places: Floats, axis: int, finer: int) -> Floats:
    """Interpolate along one axis at all places and between them."""
    if finer == 1:
        return values
    degree = min(3, places.size - 1)
    spline = make_interp_spline(places, values, k=degree, axis=axis)
    return np.asarray(spline(_between(places, finer)))


def _between(places: Floats, finer: int) -> Floats:
    """Put ``finer - 1`` places between each two."""
    index = np.arange((places.size - 1) * finer + 1) / finer
    return np.asarray(np.interp(index, np.arange(places.size), places))
