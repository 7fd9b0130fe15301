"""Outlines on the way from one plane's polygons to another's, by their signed distances.

Let a and b be the distances to the outlines of two planes, above 0 inside. Of a plane between them,
t of the way, the outline is where (1 - t)·a + t·b is 0 (Raya and Udupa 1990, doi 10.1109/42.52980;
Herman, Zheng and Bucholtz, IEEE Computer Graphics and Applications 12(3), 1992). Distances are
exact to the polygons, at the nodes of a lattice; between its nodes the blend is linear.

What overlaps nothing in the other plane, say a branch that ends or a hole that closes, would all
but vanish in the blend. It stays as drawn up to half-way instead, as a prism does.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import contourpy
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imaging.rt.exact.lattice import add_inside_of_row
from imaging.rt.jit import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Rings = Sequence[Floats]

_STEPS = 128  # of the lattice across two planes, or more where these would be wide ...
_WIDEST_MM = 1.0
_MOST_STEPS = 512  # ... but no more than that
_MARGIN = 2  # steps around the outlines
_LEVEL = 1e-9  # steps: at 0 itself, outlines could meet in a node


class Blend(NamedTuple):
    """Outlines on the way from one plane to another.

    Attributes:
        planes: Polygons of each plane on the way. Signed areas add up to the region's.
        has_lone: Whether something overlaps nothing in the other plane.
    """

    planes: list[list[Floats]]
    has_lone: bool


class _Lattice(NamedTuple):
    """Where distances are measured.

    Attributes:
        origin: Column and row of the first node, in pixels of the dose.
        step: Distance between nodes along both, in pixels; the same in mm.
        shape: Rows and columns.
    """

    origin: Floats
    step: Floats
    shape: tuple[int, int]


def blended(below: Rings, above: Rings, pixel_mm: Floats, shares: Floats) -> Blend | None:
    """Find the outlines between two planes.

    Args:
        below: Polygons of one plane, shape (n, 2): column and row index of the dose.
        above: Those of the other.
        pixel_mm: Distance between columns and between rows, shape (2,).
        shares: Shape (n,), how far on the way from one plane to the other; none is half-way.

    Returns:
        One plane for each share; None where there is nothing to blend.
    """
    corners = np.concatenate([*below, *above]) if below and above else np.zeros((1, 2))
    extent_mm = np.ptp(corners, axis=0) * pixel_mm
    if not extent_mm.max() > 0:
        return None
    lattice = _lattice_from(corners.min(axis=0), extent_mm, pixel_mm)
    planes = [
        [(ring - lattice.origin) / lattice.step for ring in plane] for plane in (below, above)
    ]
    inside = [_inside(plane, lattice.shape) for plane in planes]
    lone = _lone(planes, inside)
    outlines = [
        [ring * lattice.step + lattice.origin for ring in _zero_level(field)]
        for field in _fields(planes, inside, lone, shares)
    ]
    return Blend(outlines, bool(lone.any()))


def _lattice_from(low: Floats, extent_mm: Floats, pixel_mm: Floats) -> _Lattice:
    """Lay a lattice of square cells over a rectangle."""
    widest_mm = float(extent_mm.max())
    step_mm = max(min(widest_mm / _STEPS, _WIDEST_MM), widest_mm / _MOST_STEPS)
    columns, rows = (np.ceil(extent_mm / step_mm).astype(int) + 2 * _MARGIN + 2).tolist()
    step = step_mm / pixel_mm
    # Half a step aside, as contours like to lie on round numbers.
    return _Lattice(low - (_MARGIN + 0.5) * step, step, (rows, columns))


def _fields(
    planes: list[list[Floats]], inside: list[Mask], lone: Mask, shares: Floats
) -> Iterator[Floats]:
    """Blend the signed distances of two planes.

    Only cells that are not wholly inside or outside of both planes can hold an outline; at other
    nodes than theirs, the sign is all that counts.
    """
    band = _spread(inside[0] | inside[1]) & _spread(~(inside[0] & inside[1]))
    near_lone = _spread(lone)
    below, above = (_signed(plane, mask, band) for plane, mask in zip(planes, inside, strict=True))
    for share in shares:
        nearer = below if share < 0.5 else above
        yield np.where(near_lone, nearer, (1 - share) * below + share * above)


def _spread(mask: Mask) -> Mask:
    """Mark nodes and the eight around each."""
    rows = mask.copy()
    rows[1:] |= mask[:-1]
    rows[:-1] |= mask[1:]
    every = rows.copy()
    every[:, 1:] |= rows[:, :-1]
    every[:, :-1] |= rows[:, 1:]
    return every


def _inside(plane: Rings, shape: tuple[int, int]) -> Mask:
    """Mark the nodes of a lattice that lie inside an odd number of polygons."""
    steps = np.zeros(shape, np.int32)
    for ring in plane:
        add_inside_of_row(steps, 0, 0, *np.ascontiguousarray(ring.T))
    return np.asarray(np.cumsum(steps, axis=1) % 2 == 1)


def _lone(planes: list[list[Floats]], inside: list[Mask]) -> Mask:
    """Mark parts, and holes, that overlap none in the other plane.

    One finer than the lattice may hold no node, so the nodes nearest to its corners count as well.
    """
    found = np.zeros_like(inside[0])
    if max(len(plane) for plane in planes) == 1 and (inside[0] & inside[1]).any():
        return found  # one and one that overlap, which is common
    corners = [np.zeros_like(mask) for mask in inside]
    for mask, plane in zip(corners, planes, strict=True):
        column, row = np.rint(np.concatenate(plane)).astype(int).T
        mask[row, column] = True
    for is_part in (True, False):
        below, above = (
            (mask == is_part) | near for mask, near in zip(inside, corners, strict=True)
        )
        found |= _unmet(below, above) | _unmet(above, below)
    return found


def _unmet(mask: Mask, other: Mask) -> Mask:
    """Mark the connected parts of a mask that share no node with another."""
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    is_unmet = np.ones(count + 1, np.bool_)
    is_unmet[0] = False
    is_unmet[labels[other]] = False
    return np.asarray(is_unmet[labels])


def _signed(plane: Rings, inside: Mask, band: Mask) -> Floats:
    """Measure distances in steps of the lattice, above 0 inside, at the nodes of a band."""
    corners = np.concatenate(plane)
    ring_start = np.cumsum([0, *(len(ring) for ring in plane)])
    row, column = np.nonzero(band)
    x, y = np.ascontiguousarray(corners.T)
    signed = np.ones(inside.shape)
    signed[band] = distances(column.astype(np.float64), row.astype(np.float64), x, y, ring_start)
    return np.where(inside, signed, -signed)


def _zero_level(field: Floats) -> list[Floats]:
    """Return the polygons where a field is 0, what is above 0 on their left."""
    generator = contourpy.contour_generator(z=field, line_type=contourpy.LineType.Separate)
    lines = generator.lines(_LEVEL)
    return [np.asarray(line)[:-1] for line in lines if len(line) > 3]


@compiled
def distances(at_x: Floats, at_y: Floats, x: Floats, y: Floats, ring_start: Ints) -> Floats:
    """Measure how far points are from the nearest edge of polygons.

    Args:
        at_x: Points, shape (n,).
        at_y: Likewise.
        x: Corners of all polygons.
        y: Likewise.
        ring_start: Where each polygon starts in ``x``, and the end.

    Returns:
        Shape (n,).
    """
    nearest = np.full(at_x.size, np.inf)
    for ring in range(ring_start.size - 1):
        first, end = ring_start[ring], ring_start[ring + 1]
        for index in range(first, end):
            following = index + 1 if index + 1 < end else first
            dx, dy = x[following] - x[index], y[following] - y[index]
            square = dx * dx + dy * dy
            scale = 1.0 / square if square > 0.0 else 0.0
            for point in range(at_x.size):
                to_x, to_y = at_x[point] - x[index], at_y[point] - y[index]
                share = min(max((to_x * dx + to_y * dy) * scale, 0.0), 1.0)
                off_x, off_y = to_x - share * dx, to_y - share * dy
                nearest[point] = min(nearest[point], off_x * off_x + off_y * off_y)
    found: Floats = np.sqrt(nearest)
    return found
