"""The exact smallest and largest dose of a region in a trilinear dose.

Within a cell of the dose grid the dose is linear along the normal, so its extremes lie on the
region's faces or on frames of the grid. On such a plane it is bilinear, and a bilinear function has
a saddle but no peak inside a cell. That leaves the lattice's lines, where it is linear and so
extreme at nodes and at crossings with contours, and the contours, where along a straight piece it
is a parabola: its ends and its vertex are looked at.
"""

import math

import numpy as np
from numpy.typing import NDArray

from imaging.rt.exact.lattice import add_inside_of_row, crossings, pieces_of_edge
from imaging.rt.jit import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def dose_range(
    values_gy: Floats,
    x: Floats,
    y: Floats,
    ring_start: Ints,
    plane_start: Ints,
    faces: Floats,
    face_start: Ints,
) -> tuple[float, float]:
    """Find the smallest and largest dose of a region.

    Args:
        values_gy: Shape (frames, rows, columns); where it is not a number, there is no region.
        x: Corners of all polygons as column indices of the dose, counter-clockwise where they add.
        y: As row indices.
        ring_start: Where each polygon starts in ``x``, and the end.
        plane_start: Which polygon each plane starts with, and the end.
        faces: Frame indices, with fractions, of the faces of each plane's slab and of the frames
            inside it.
        face_start: Where each plane starts in ``faces``, and the end.

    Returns:
        Two doses in Gy; +inf and -inf where there is no region.
    """
    low, high = np.inf, -np.inf
    room = crossings(x, y)
    cut_x, cut_y = np.empty(room), np.empty(room)
    for plane in range(plane_start.size - 1):
        own_faces = faces[face_start[plane] : face_start[plane + 1]]
        first, last = plane_start[plane], plane_start[plane + 1]
        if own_faces.size == 0 or first == last:
            continue
        for ring in range(first, last):
            own = slice(ring_start[ring], ring_start[ring + 1])
            ring_low, ring_high = _on_ring(values_gy, own_faces, x[own], y[own], cut_x, cut_y)
            low, high = min(low, ring_low), max(high, ring_high)
        node_low, node_high = _on_nodes(values_gy, own_faces, x, y, ring_start[first : last + 1])
        low, high = min(low, node_low), max(high, node_high)
    return low, high


@compiled
def _on_ring(
    values_gy: Floats, faces: Floats, x: Floats, y: Floats, cut_x: Floats, cut_y: Floats
) -> tuple[float, float]:
    """Find the extremes along one polygon on all its planes."""
    low, high = np.inf, -np.inf
    for index in range(x.size):
        following = index + 1 if index + 1 < x.size else 0
        count = pieces_of_edge(x[index], y[index], x[following], y[following], cut_x, cut_y)
        for piece in range(count - 1):
            for face in range(faces.size):
                piece_low, piece_high = _on_piece(
                    values_gy,
                    faces[face],
                    cut_x[piece],
                    cut_y[piece],
                    cut_x[piece + 1],
                    cut_y[piece + 1],
                )
                low, high = min(low, piece_low), max(high, piece_high)
    return low, high


@compiled
def _on_piece(
    values_gy: Floats, face: float, x0: float, y0: float, x1: float, y1: float
) -> tuple[float, float]:
    """Find the extremes along a straight piece inside one cell.

    With the dose a + b·u + c·v + e·u·v on the plane and the piece (u0 + s·du, v0 + s·dv), the dose
    along it is the parabola D0 + l·s + q·s², where q = e·du·dv and l = b·du + c·dv
    + e·(u0·dv + v0·du); its vertex is at s = -l / (2q).
    """
    rows, columns = values_gy.shape[1], values_gy.shape[2]
    i = min(max(math.floor(0.5 * (x0 + x1)), 0), columns - 2)
    j = min(max(math.floor(0.5 * (y0 + y1)), 0), rows - 2)
    u0, u1 = min(max(x0 - i, 0.0), 1.0), min(max(x1 - i, 0.0), 1.0)
    v0, v1 = min(max(y0 - j, 0.0), 1.0), min(max(y1 - j, 0.0), 1.0)
    a = at_node(values_gy, face, j, i)
    b = at_node(values_gy, face, j, i + 1) - a
    c = at_node(values_gy, face, j + 1, i) - a
    e = at_node(values_gy, face, j + 1, i + 1) - a - b - c
    start = a + b * u0 + c * v0 + e * u0 * v0
    end = a + b * u1 + c * v1 + e * u1 * v1
    if math.isnan(start) or math.isnan(end):
        return np.inf, -np.inf
    low, high = min(start, end), max(start, end)
    bend = e * (u1 - u0) * (v1 - v0)
    if bend != 0.0:
        slope = end - start - bend
        vertex = -0.5 * slope / bend
        if 0.0 < vertex < 1.0:
            dose = start + slope * vertex + bend * vertex * vertex
            low, high = min(low, dose), max(high, dose)
    return low, high


@compiled
def _on_nodes(
    values_gy: Floats, faces: Floats, x: Floats, y: Floats, ring_start: Ints
) -> tuple[float, float]:
    """Find the extremes at the nodes of the dose grid inside one plane's region."""
    low, high = np.inf, -np.inf
    every = slice(ring_start[0], ring_start[-1])
    column, row = math.ceil(x[every].min()), math.ceil(y[every].min())
    columns = math.floor(x[every].max()) - column + 1
    rows = math.floor(y[every].max()) - row + 1
    if columns < 1 or rows < 1:
        return low, high
    inside = np.zeros((rows, columns), np.int32)
    for ring in range(ring_start.size - 1):
        own = slice(ring_start[ring], ring_start[ring + 1])
        add_inside_of_row(inside, column, row, x[own], y[own])
    last_row, last_column = values_gy.shape[1] - 1, values_gy.shape[2] - 1
    for j in range(rows):
        node_row = min(max(row + j, 0), last_row)  # a border may be wider than a pixel
        winding = 0
        for i in range(columns):
            winding += inside[j, i]
            if winding == 0:
                continue
            for face in range(faces.size):
                node_column = min(max(column + i, 0), last_column)
                dose = at_node(values_gy, faces[face], node_row, node_column)
                if math.isnan(dose):
                    continue
                low, high = min(low, dose), max(high, dose)
    return low, high


@compiled
def at_node(values_gy: Floats, face: float, row: int, column: int) -> float:
    """Interpolate along the normal above one node of the grid; its border keeps the dose."""
    below = min(max(math.floor(face), 0), values_gy.shape[0] - 2)
    share = min(max(face - below, 0.0), 1.0)
    lower: float = values_gy[below, row, column]
    upper: float = values_gy[below + 1, row, column]
    return float(lower + share * (upper - lower))
