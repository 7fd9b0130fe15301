"""Polygons of one plane made into a region: which are holes, and what crossing ones enclose.

The region is that of the even-odd rule (DICOM PS3.3, C.8.8.6.3): what lies inside an odd number of
polygons belongs to it. Oriented by their nesting depth, counter-clockwise where it is even, the
polygons' signed areas sum up to that region.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def oriented(rings: Sequence[Floats], areas: Floats) -> tuple[list[Floats], bool]:
    """Orient the polygons of one plane, and say whether some of them cross or touch.

    Args:
        rings: Polygons of shape (n, 2), as drawn.
        areas: Signed area of each: positive when it runs counter-clockwise.

    Returns:
        Polygons whose signed areas add up to the even-odd region, and whether boundaries met, in
        which case they are those of the overlay.
    """
    if len(rings) == 1:
        return [_turned(rings[0], areas[0], is_hole=False)], False
    depth = _depth(rings)
    if depth is None:
        return overlaid(rings), True
    turned = [
        _turned(ring, area, is_hole=within % 2 == 1)
        for ring, area, within in zip(rings, areas, depth, strict=True)
    ]
    return turned, False


def _depth(rings: Sequence[Floats]) -> list[int] | None:
    """Count how many others each polygon lies in; None when boundaries meet."""
    boxes = shapely.box(*np.array([[*ring.min(axis=0), *ring.max(axis=0)] for ring in rings]).T)
    inner, outer = shapely.STRtree(boxes).query(boxes)  # pairs, both ways, whose boxes meet
    inner, outer = inner[inner != outer], outer[inner != outer]
    if inner.size == 0:
        return [0] * len(rings)
    lines = {index: shapely.LinearRing(rings[index]) for index in set(inner.tolist())}
    nested = np.array([lines[index] for index in inner.tolist()])
    around = np.array([lines[index] for index in outer.tolist()])
    if shapely.intersects(nested, around).any():
        return None
    corner = np.array([rings[index][0] for index in inner.tolist()])
    is_inside = shapely.contains_xy(shapely.polygons(around), corner[:, 0], corner[:, 1])
    depth: list[int] = np.bincount(inner[is_inside], minlength=len(rings)).tolist()
    return depth


def overlaid(rings: Sequence[Floats]) -> list[Floats]:
    """Return the even-odd region of polygons that cross each other or themselves.

    Returns:
        Polygons that do not cross: outer ones counter-clockwise, holes clockwise.
    """
    boundaries = shapely.union_all([shapely.LinearRing(ring) for ring in rings])
    faces = shapely.get_parts(shapely.polygonize([boundaries]))
    inner = shapely.get_coordinates(shapely.point_on_surface(faces))
    found: list[Floats] = []
    for face in shapely.orient_polygons(faces[_is_odd(inner, rings)]):
        found += [shapely.get_coordinates(line)[:-1] for line in (face.exterior, *face.interiors)]
    return found


def _is_odd(points: Floats, rings: Sequence[Floats]) -> NDArray[np.bool_]:
    """Say of points, shape (n, 2), whether they lie inside an odd number of polygons."""
    x, y = points[:, :1], points[:, 1:]
    is_odd = np.zeros(len(points), dtype=np.bool_)
    for ring in rings:
        (x0, y0), (x1, y1) = ring.T, np.roll(ring, -1, axis=0).T
        passes = (y0 > y) != (y1 > y)
        at = x0 + (y - y0) * (x1 - x0) / np.where(y1 == y0, 1.0, y1 - y0)
        is_odd ^= (passes & (at > x)).sum(axis=1) % 2 == 1
    return is_odd


def clipped(ring: Floats, lower: float, upper: Floats) -> Floats:
    """Clip a polygon to a rectangle (Sutherland and Hodgman 1974).

    Parts that fall apart stay connected along the rectangle's edge, which encloses no area; the
    direction stays.

    Args:
        ring: The polygon.
        lower: The rectangle's smallest x and y.
        upper: Its largest x and y, shape (2,).
    """
    for axis in (0, 1):
        for limit, sign in ((lower, 1.0), (float(upper[axis]), -1.0)):
            if len(ring) == 0:
                return ring
            ring = _beyond(ring, axis, limit, sign)
    return ring


def _beyond(ring: Floats, axis: int, limit: float, sign: float) -> Floats:
    """Keep the part of a polygon on one side of a line across an axis."""
    depth = sign * (ring[:, axis] - limit)
    if (depth >= 0).all():
        return ring
    following, next_depth = np.roll(ring, -1, axis=0), np.roll(depth, -1)
    crosses = (depth >= 0) != (next_depth >= 0)
    share = np.divide(depth, depth - next_depth, out=np.zeros_like(depth), where=crosses)
    crossing = ring + share[:, None] * (following - ring)
    crossing[:, axis] = limit
    both: Floats = np.stack([ring, crossing], axis=1).reshape(-1, 2)
    keep = np.stack([depth >= 0, crosses], axis=1).reshape(-1)
    kept: Floats = both[keep]
    return kept


def _turned(ring: Floats, area: float, *, is_hole: bool) -> Floats:
    """Let a polygon run clockwise when it is a hole, else counter-clockwise."""
    return ring if (area < 0) == is_hole else ring[::-1]
