"""Polygons on a lattice of unit cells: exact area, centroid and second moments by cell.

Let P be the part of a region inside the cell with corners (0, 0) and (1, 1). By Gauss's theorem an
integral over P is one over its boundary. With F(u, v) the integral of f over u' from u to 1,

    integral of f over P  =  - (closed integral of F(u, v) dv),

because F is minus an antiderivative of f along u. Only two kinds of boundary add to it: pieces of
the polygon's own edges inside the cell, and, since F vanishes at u = 1, the cell's left side, where
F is a function of v alone. A piece of an edge that passes through a cell farther to the left, in
the same row of cells, has exactly that much of the left side to its right: this *cover* is added to
every cell on the right by one running sum along the row.

For the moments f = 1, u, v, u², uv, v² the function F is 1-u, (1-u²)/2, (1-u)v, (1-u³)/3,
(1-u²)v/2 and (1-u)v². Along a straight piece these are cubic at most, and Gauss's rule with two
points integrates a cubic exactly: nothing is sampled.
"""

import math

import numpy as np
from numpy.typing import NDArray

from imaging.rt.jit import compiled

Floats = NDArray[np.float64]

MOMENTS = 9
"""What a cell keeps: six moments of its own edge pieces, then three of what they cover beyond."""

_GAUSS = 0.5 / math.sqrt(3.0)


@compiled
def pieces_of_edge(x0: float, y0: float, x1: float, y1: float, x: Floats, y: Floats) -> int:
    """Cut an edge where it crosses the lattice's lines.

    Args:
        x0: Start of the edge.
        y0: Likewise.
        x1: End of the edge.
        y1: Likewise.
        x: Gets the ends of the pieces; a crossing of the line u = 3 gets exactly 3. It needs room
            for all crossings and 2 more.
        y: Likewise.

    Returns:
        How many points there are; piece i goes from point i to point i + 1.
    """
    dx, dy = x1 - x0, y1 - y0
    step_x, step_y = (1.0 if dx > 0 else -1.0), (1.0 if dy > 0 else -1.0)
    line_x = math.floor(x0) + 1.0 if dx > 0 else math.ceil(x0) - 1.0
    line_y = math.floor(y0) + 1.0 if dy > 0 else math.ceil(y0) - 1.0
    at_x = (line_x - x0) / dx if dx != 0.0 else 2.0
    at_y = (line_y - y0) / dy if dy != 0.0 else 2.0
    x[0], y[0] = x0, y0
    count = 1
    while at_x < 1.0 or at_y < 1.0:
        if at_x <= at_y:
            x[count], y[count] = line_x, y0 + at_x * dy
        else:
            x[count], y[count] = x0 + at_y * dx, line_y
        if at_x == at_y:
            y[count] = line_y
        moves_y = at_y <= at_x
        if at_x <= at_y:
            line_x += step_x
            at_x = (line_x - x0) / dx
        if moves_y:
            line_y += step_y
            at_y = (line_y - y0) / dy
        count += 1
    x[count], y[count] = x1, y1
    return count + 1


@compiled
def crossings(x: Floats, y: Floats) -> int:
    """Say how much room ``pieces_of_edge`` needs at most for any edge of polygons."""
    if x.size == 0:
        return 0
    return int(x.max() - x.min() + y.max() - y.min()) + 8


@compiled
def add_edge_piece(cell: Floats, u0: float, v0: float, u1: float, v1: float) -> None:
    """Add a piece of an edge to the moments of the cell it is in.

    Args:
        cell: Shape (9,), see ``MOMENTS``.
        u0: Start of the piece, from the lower corner of the cell; the others likewise.
        v0: Start.
        u1: End.
        v1: End.
    """
    dv = v1 - v0
    half = -0.5 * dv  # Gauss's weights are a half each
    for sign in (-_GAUSS, _GAUSS):
        u = 0.5 * (u0 + u1) + sign * (u1 - u0)
        v = 0.5 * (v0 + v1) + sign * dv
        area = (1.0 - u) * half
        first = 0.5 * (1.0 - u * u) * half
        cell[0] += area
        cell[1] += first
        cell[2] += area * v
        cell[3] += (1.0 - u * u * u) * half / 3.0
        cell[4] += first * v
        cell[5] += area * v * v
    cell[6] -= dv
    cell[7] -= 0.5 * (v1 * v1 - v0 * v0)
    cell[8] -= (v1 * v1 * v1 - v0 * v0 * v0) / 3.0


@compiled
def add_polygon(
    cells: Floats, column: int, row: int, x: Floats, y: Floats, cut_x: Floats, cut_y: Floats
) -> None:
    """Add a polygon to the moments of all cells that its edges pass through.

    Args:
        cells: Shape (rows, columns, 9).
        column: Column of the first cell in the lattice.
        row: Row of the first cell.
        x: Corners; counter-clockwise (in x, y) adds to the region, clockwise takes away.
        y: Likewise.
        cut_x: Working memory for ``pieces_of_edge``.
        cut_y: Likewise.
    """
    rows, columns = cells.shape[0], cells.shape[1]
    for index in range(x.size):
        following = index + 1 if index + 1 < x.size else 0
        count = pieces_of_edge(x[index], y[index], x[following], y[following], cut_x, cut_y)
        for piece in range(count - 1):
            if cut_y[piece + 1] == cut_y[piece]:
                continue
            u0, u1 = cut_x[piece] - column, cut_x[piece + 1] - column
            v0, v1 = cut_y[piece] - row, cut_y[piece + 1] - row
            i = min(max(math.floor(0.5 * (u0 + u1)), 0), columns - 1)
            j = min(max(math.floor(0.5 * (v0 + v1)), 0), rows - 1)
            add_edge_piece(cells[j, i], u0 - i, v0 - j, u1 - i, v1 - j)


@compiled
def add_inside_of_row(
    inside: NDArray[np.int32], column: int, row: int, x: Floats, y: Floats
) -> None:
    """Count for every lattice point how often a polygon winds around it, as steps along the rows.

    A row's running sum is 1 inside and 0 outside of a region whose polygons are oriented. Points
    on an edge may be either.

    Args:
        inside: Shape (rows, columns) of lattice points; gets the steps.
        column: Column of the first lattice point.
        row: Row of the first lattice point.
        x: Corners of the polygon.
        y: Likewise.
    """
    for index in range(x.size):
        following = index + 1 if index + 1 < x.size else 0
        x0, y0, x1, y1 = x[index], y[index], x[following], y[following]
        sign = 1 if y1 < y0 else -1  # the left side of a counter-clockwise polygon goes down
        for line in range(math.floor(min(y0, y1)) + 1, math.floor(max(y0, y1)) + 1):
            crossing = x0 + (line - y0) / (y1 - y0) * (x1 - x0)
            at = math.ceil(crossing) - column
            if at < inside.shape[1] and 0 <= line - row < inside.shape[0]:
                inside[line - row, max(at, 0)] += sign
