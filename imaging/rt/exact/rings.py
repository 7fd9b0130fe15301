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
    boxes = np.array([[*ring.min(axis=0), *ring.max(axis=0)] for ring in rings])
    depth = [0] * len(rings)
    shapes: dict[int, shapely.LinearRing] = {}
    for i in range(len(rings)):
        for j in range(i):
            if _apart(boxes[i], boxes[j]):
                continue
            for index in (i, j):
                shapes.setdefault(index, shapely.LinearRing(rings[index]))
            if shapely.intersects(shapes[i], shapes[j]):
                return overlaid(rings), True
            depth[i] += _is_inside(rings[i][0], shapes[j])
            depth[j] += _is_inside(rings[j][0], shapes[i])
    turned = [
        _turned(ring, area, is_hole=nested % 2 == 1)
        for ring, area, nested in zip(rings, areas, depth, strict=True)
    ]
    return turned, False


def overlaid(rings: Sequence[Floats]) -> list[Floats]:
    """Return the even-odd region of polygons that cross each other or themselves.

    Returns:
        Polygons that do not cross: outer ones counter-clockwise, holes clockwise.
    """
    region = shapely.Polygon()
    for ring in rings:
        region = shapely.symmetric_difference(region, shapely.make_valid(shapely.Polygon(ring)))
    found: list[Floats] = []
    for part in shapely.get_parts(region, return_index=False):
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        outer = shapely.orient_polygons(part)
        found += [shapely.get_coordinates(line)[:-1] for line in (outer.exterior, *outer.interiors)]
    return found


def clipped(ring: Floats, upper: tuple[float, float]) -> Floats:
    """Clip a polygon to the rectangle from (-0.5, -0.5) to ``upper`` (Sutherland and Hodgman 1974).

    Parts that fall apart stay connected along the rectangle's edge, which encloses no area; the
    direction stays.
    """
    for axis in (0, 1):
        for limit, sign in ((-0.5, 1.0), (upper[axis], -1.0)):
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


def _apart(box: Floats, other: Floats) -> bool:
    """Say whether two boxes (low x, low y, high x, high y) have no point in common."""
    return bool(np.any(box[:2] > other[2:]) or np.any(other[:2] > box[2:]))


def _is_inside(point: Floats, ring: shapely.LinearRing) -> bool:
    """Say whether a point that is not on a polygon lies inside of it."""
    return bool(shapely.contains_xy(shapely.Polygon(ring), point[0], point[1]))
