"""How much volume of a region gets which dose, cell by cell, without sampling.

For the part of one cell of the lattice between two heights inside one layer of the dose grid, the
trilinear dose is

    D = (1 - t)·A(u, v) + t·B(u, v),   A and B bilinear on the frames below and above.

Its mean needs the means of 1, u, v, uv and t only, which the cell's moments hold: it is exact. Its
variance is that of the dose's slopes at the centroid. The distribution is taken for that of a sum
of two uniform ones, a trapezoid: one as wide as the direction (u, v or t) that spreads the dose
most, the other with the rest of the variance. For a whole cell whose dose changes along one or two
of the directions that is the true distribution. Small regions are split into smaller cells.

V(D) of a uniform distribution is linear between two kinks, that of a trapezoid quadratic between
four changes of its curvature. These of all parts are added up on fine dose bins, each shared among
the nearest edges so that its moments stay, and running sums give V(D), see ``curve``.
"""

import math

import numpy as np
from numpy.typing import NDArray

from imaging.rt.exact.curve import PADDING
from imaging.rt.exact.deposits import add_part
from imaging.rt.exact.lattice import MOMENTS, add_polygon, crossings
from imaging.rt.jit import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NO_AREA = 1e-9  # of a cell: what rounding leaves where there is nothing
_CROSSED = 1e-6  # beyond this, a coverage below 0 or above 1 tells of crossing polygons


@compiled
def fill_histogram(
    values_gy: Floats,
    splits: int,
    x: Floats,
    y: Floats,
    ring_start: Ints,
    plane_start: Ints,
    frame: Ints,
    lower: Floats,
    upper: Floats,
    weight_cc: Floats,
    piece_start: Ints,
    range_gy: tuple[float, float],
    kinks: Floats,
    bends: Floats,
    crossed: NDArray[np.bool_],
) -> tuple[float, float]:
    """Add up the kinks of V(D) over all parts of a region.

    Args:
        values_gy: Shape (frames, rows, columns); where it is not a number, there is no region.
        splits: Into how many cells of the lattice a dose cell is split along each direction.
        x: Corners of all polygons in cells of the lattice, counter-clockwise where they add.
        y: Likewise.
        ring_start: Where each polygon starts in ``x``, and the end.
        plane_start: Which polygon each plane starts with, and the end.
        frame: The dose frame below each piece of a plane's slab.
        lower: Where the piece starts, as a share of the way to the next frame.
        upper: Where it ends.
        weight_cc: Volume of a cell of the lattice in that piece, in cm³.
        piece_start: Where each plane starts in ``frame``, and the end.
        range_gy: Smallest and largest dose of the region.
        kinks: Shape (n + 4,) for n bins, element 1 at the smallest dose; gets changes of slope, in
            cm³ a bin.
        bends: Likewise; gets changes of curvature, in cm³ a bin squared.
        crossed: Shape (planes,); gets whether coverage tells that polygons cross.

    Returns:
        Volume in cm³, and the integral of dose over it.
    """
    volume_cc, integral = 0.0, 0.0
    room = crossings(x, y)
    cut_x, cut_y = np.empty(room), np.empty(room)
    cells = np.empty((0, 0, MOMENTS))
    for plane in range(plane_start.size - 1):
        first, last = plane_start[plane], plane_start[plane + 1]
        pieces = slice(piece_start[plane], piece_start[plane + 1])
        if first == last or frame[pieces].size == 0:
            continue
        every = slice(ring_start[first], ring_start[last])
        column, row = math.floor(x[every].min()), math.floor(y[every].min())
        columns = math.floor(x[every].max()) - column + 1
        rows = math.floor(y[every].max()) - row + 1
        if cells.shape[0] < rows or cells.shape[1] < columns:
            cells = np.empty((max(rows, cells.shape[0]), max(columns, cells.shape[1]), MOMENTS))
        own_cells = cells[:rows, :columns]
        own_cells[:] = 0.0
        for ring in range(first, last):
            own = slice(ring_start[ring], ring_start[ring + 1])
            add_polygon(own_cells, column, row, x[own], y[own], cut_x, cut_y)
        cc, cc_gy, is_crossed = _add_plane(
            values_gy,
            splits,
            own_cells,
            column,
            row,
            frame[pieces],
            lower[pieces],
            upper[pieces],
            weight_cc[pieces],
            range_gy,
            kinks,
            bends,
        )
        volume_cc, integral, crossed[plane] = volume_cc + cc, integral + cc_gy, is_crossed
    return volume_cc, integral


@compiled
def _add_plane(
    values_gy: Floats,
    splits: int,
    cells: Floats,
    column: int,
    row: int,
    frame: Ints,
    lower: Floats,
    upper: Floats,
    weight_cc: Floats,
    range_gy: tuple[float, float],
    kinks: Floats,
    bends: Floats,
) -> tuple[float, float, bool]:
    """Add all parts of one plane's slab; see ``fill_histogram``."""
    volume_cc, integral, crossed = 0.0, 0.0, False
    rows, columns = values_gy.shape[1], values_gy.shape[2]
    per_gy = (kinks.size - PADDING) / (range_gy[1] - range_gy[0])
    last_edge = kinks.size - 3.0
    for j in range(cells.shape[0]):
        cover, cover_v, cover_vv = 0.0, 0.0, 0.0
        dose_row = min(max((row + j) // splits, 0), rows - 2)
        for i in range(cells.shape[1]):
            area = cells[j, i, 0] + cover
            if area < -_CROSSED or area > 1.0 + _CROSSED:
                crossed = True
            if area > _NO_AREA:
                dose_column = min(max((column + i) // splits, 0), columns - 2)
                u, var_u = _place(
                    column + i - dose_column * splits,
                    (cells[j, i, 1] + 0.5 * cover) / area,
                    (cells[j, i, 3] + cover / 3.0) / area,
                    splits,
                )
                v, var_v = _place(
                    row + j - dose_row * splits,
                    (cells[j, i, 2] + cover_v) / area,
                    (cells[j, i, 5] + cover_vv) / area,
                    splits,
                )
                var_uv = 0.0
                if var_u > 0.0 and var_v > 0.0:
                    uv = (cells[j, i, 4] + 0.5 * cover_v) / area
                    mean_u = (cells[j, i, 1] + 0.5 * cover) / area
                    mean_v = (cells[j, i, 2] + cover_v) / area
                    var_uv = (uv - mean_u * mean_v) / (splits * splits)
                for piece in range(frame.size):
                    below, below_u, below_v = _dose(
                        values_gy, frame[piece], dose_row, dose_column, u, v, var_uv
                    )
                    above, above_u, above_v = _dose(
                        values_gy, frame[piece] + 1, dose_row, dose_column, u, v, var_uv
                    )
                    middle = 0.5 * (lower[piece] + upper[piece])
                    mean = below + (above - below) * middle
                    if math.isnan(mean):
                        continue
                    slope_u = below_u + (above_u - below_u) * middle
                    slope_v = below_v + (above_v - below_v) * middle
                    spread_u = 3.0 * slope_u * slope_u * var_u
                    spread_v = 3.0 * slope_v * slope_v * var_v
                    along = 0.5 * (upper[piece] - lower[piece]) * (above - below)
                    spread = spread_u + spread_v + 6.0 * slope_u * slope_v * var_uv + along * along
                    widest = max(spread_u, spread_v, along * along)
                    cc = area * weight_cc[piece]
                    at = (mean - range_gy[0]) * per_gy + 1.0
                    add_part(
                        kinks,
                        bends,
                        cc,
                        at,
                        math.sqrt(min(widest, max(spread, 0.0))) * per_gy,
                        math.sqrt(max(spread - widest, 0.0)) * per_gy,
                        min(at - 1.0, last_edge - at),
                    )
                    volume_cc += cc
                    integral += cc * mean
            cover += cells[j, i, 6]
            cover_v += cells[j, i, 7]
            cover_vv += cells[j, i, 8]
    return volume_cc, integral, crossed


@compiled
def _place(offset: int, mean: float, mean_square: float, splits: int) -> tuple[float, float]:
    """Express a part's centroid and variance along one axis in its dose cell.

    In the border beyond the outermost nodes the dose does not change: there the part is put onto
    the node, and has no variance.

    Args:
        offset: How many lattice cells after the start of the dose cell.
        mean: In the lattice cell.
        mean_square: Likewise.
        splits: Lattice cells in a dose cell.
    """
    if offset < 0:
        return 0.0, 0.0
    if offset >= splits:
        return 1.0, 0.0
    scale = 1.0 / splits
    return (offset + mean) * scale, max(mean_square - mean * mean, 0.0) * scale * scale


@compiled
def _dose(
    values_gy: Floats, frame: int, row: int, column: int, u: float, v: float, var_uv: float
) -> tuple[float, float, float]:
    """Return the mean dose of a part on one frame, and the dose's slopes at its centroid."""
    a = values_gy[frame, row, column]
    b = values_gy[frame, row, column + 1] - a
    c = values_gy[frame, row + 1, column] - a
    e = values_gy[frame, row + 1, column + 1] - a - b - c
    return a + b * u + c * v + e * (u * v + var_uv), b + e * v, c + e * u
