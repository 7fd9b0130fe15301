"""A dose whose frames are parallel to the planes that an ROI is drawn in.

Contours on axial slices and a dose of axial frames are the rule. Where contours run along another
axis of the dose, its axes are renamed. Where they lie obliquely, the dose is resampled.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from imaging.rt.doses.grid import DoseGrid
from imaging.rt.flags import Flag

Floats = NDArray[np.float64]

FLAT_MM = 0.1  # how far a contour's points may be from its plane: coordinates are written rounded
_EVEN = 1e-3  # gaps between frames that differ by less are one spacing
_MARGIN = 2  # voxels around an ROI in a resampled dose


def aligned(
    grid: DoseGrid, contours_mm: list[Floats], cap_mm: float = 0.0
) -> tuple[DoseGrid, tuple[Flag, ...]] | None:
    """Return the dose on frames parallel to all contours of an ROI.

    Args:
        grid: The dose.
        contours_mm: Points of shape (n, 3) each.
        cap_mm: How far the ROI may reach beyond them, if further than half a gap.

    Returns:
        The dose, and ``RESAMPLED`` where it was interpolated onto other points; None when the
        contours do not lie in parallel planes.
    """
    if is_flat(contours_mm, grid.normal):
        return grid, ()
    is_even = bool(np.ptp(np.diff(grid.frames_mm)) < _EVEN)
    for axes in ("rows", "columns"):
        turned = _turned(grid, axes)
        if is_flat(contours_mm, turned.normal):
            if is_even:
                return turned, ()
            return _resampled(grid, contours_mm, turned.normal, cap_mm), (Flag.RESAMPLED,)
    normal = _normal_of(max(contours_mm, key=_size))
    if normal is None or not is_flat(contours_mm, normal):
        return None
    return _resampled(grid, contours_mm, normal, cap_mm), (Flag.RESAMPLED,)


def is_flat(contours_mm: list[Floats], normal: Floats) -> bool:
    """Say whether every contour lies in a plane across ``normal``, but for rounding."""
    height_mm = np.concatenate(contours_mm) @ normal
    start = np.cumsum([0, *(len(points) for points in contours_mm[:-1])])
    highest, lowest = np.maximum.reduceat(height_mm, start), np.minimum.reduceat(height_mm, start)
    return bool((highest - lowest).max() <= FLAT_MM)


def _turned(grid: DoseGrid, axis: str) -> DoseGrid:
    """Rename the axes of a dose of even frames so that its frames lie across another axis."""
    between_rows, between_columns = grid.spacing_mm
    between_frames = float(grid.frames_mm[1] - grid.frames_mm[0])
    _, rows, columns = grid.values_gy.shape
    if axis == "rows":
        order, along, spacing_mm = (1, 2, 0), (grid.normal, grid.along_columns), between_columns
        count, step = rows, between_rows
    else:
        order, along, spacing_mm = (2, 0, 1), (grid.along_rows, grid.normal), between_rows
        count, step = columns, between_columns
    pixel_mm = (spacing_mm, between_frames) if axis == "rows" else (between_frames, spacing_mm)
    return replace(
        grid,
        values_gy=np.ascontiguousarray(grid.values_gy.transpose(order)),
        along_columns=along[0],
        along_rows=along[1],
        spacing_mm=pixel_mm,
        frames_mm=np.arange(count, dtype=np.float64) * step,
        border_mm=(step / 2, step / 2),
    )


def _normal_of(points_mm: Floats) -> Floats | None:
    """Return the unit normal of a polygon's plane by Newell's sum; None when it has no area."""
    area = np.cross(points_mm, np.roll(points_mm, -1, axis=0)).sum(axis=0)
    length = float(np.linalg.norm(area))
    return area / length if length > 1e-6 else None


def _size(points_mm: Floats) -> float:
    """Measure a contour by the diagonal of its box."""
    return float(np.linalg.norm(np.ptp(points_mm, axis=0)))


def _resampled(
    grid: DoseGrid, contours_mm: list[Floats], normal: Floats, cap_mm: float
) -> DoseGrid:
    """Interpolate the dose trilinearly around an ROI, on frames across ``normal``.

    Voxels are as wide as the grid's finest spacing. Points outside the dose are not numbers (NaN).
    A voxel counts when all its corners do, so these may be half a voxel further out: that gives and
    takes as much at the border.
    """
    axes = np.stack([grid.along_columns, grid.along_rows])
    columns = axes[np.abs(axes @ normal).argmin()]
    columns = columns - normal * (columns @ normal)
    columns /= np.linalg.norm(columns)
    basis = np.stack([columns, np.cross(normal, columns), normal])
    step_mm = float(min(*grid.spacing_mm, np.diff(grid.frames_mm).min()))
    points = np.concatenate(contours_mm) @ basis.T
    margin_mm = np.full(3, _MARGIN * step_mm)
    margin_mm[2] += max(cap_mm, float(np.diff(np.sort(points[:, 2])).max()) / 2)
    least, most = _ends(grid, basis)
    low = np.clip(points.min(axis=0) - margin_mm, least, most)
    high = np.clip(points.max(axis=0) + margin_mm, least, most)
    size = np.maximum(np.ceil((high - low) / step_mm).astype(int) + 1, 2)
    steps = [low[axis] + step_mm * np.arange(size[axis]) for axis in range(3)]
    frames = [_sampled_plane(grid, basis, (steps[0], steps[1]), height) for height in steps[2]]
    return replace(
        grid,
        values_gy=np.stack(frames),
        origin_mm=low @ basis,
        along_columns=basis[0],
        along_rows=basis[1],
        spacing_mm=(step_mm, step_mm),
        frames_mm=step_mm * np.arange(size[2]),
        border_mm=(step_mm / 2, step_mm / 2),
    )


def _ends(grid: DoseGrid, basis: Floats) -> tuple[Floats, Floats]:
    """Return the smallest and the largest coordinates of a dose along other axes, with a border."""
    _, rows, columns = grid.values_gy.shape
    between_rows, between_columns = grid.spacing_mm
    axes = np.stack([grid.along_columns, grid.along_rows, grid.normal]) @ basis.T
    length_mm = [(columns - 1) * between_columns, (rows - 1) * between_rows, grid.frames_mm[-1]]
    sides = axes * np.array(length_mm)[:, None]
    border_mm = np.array([between_columns, between_rows, max(grid.border_mm)]) @ np.abs(axes)
    middle = basis @ grid.origin_mm + sides.sum(axis=0) / 2
    reach = np.abs(sides).sum(axis=0) / 2 + border_mm
    return middle - reach, middle + reach


def _sampled_plane(
    grid: DoseGrid, basis: Floats, steps: tuple[Floats, Floats], height_mm: float
) -> Floats:
    """Interpolate one frame, of shape (rows, columns)."""
    across, down = np.meshgrid(*steps)
    local = np.stack([across.ravel(), down.ravel(), np.full(across.size, height_mm)], axis=1)
    values_gy, room_mm = grid.sampled(local @ basis)
    is_known = room_mm >= -0.5 * (steps[0][1] - steps[0][0])
    return np.asarray(np.where(is_known, values_gy, np.nan)).reshape(across.shape)
