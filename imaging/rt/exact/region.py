"""The region that an ROI's contours enclose, in the indices of a dose whose frames are parallel."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from imaging.rt.doses.grid import DoseGrid
from imaging.rt.exact.rings import clipped, oriented, overlaid
from imaging.rt.flags import Flag

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SAME_PLANE_MM = 0.05  # coordinates are often written with one or two decimals
_NEAR_MM = 0.5  # nobody draws planes so near each other beside others that are far apart
_NEAR = 0.25  # of the distance of the others
_FAR_ENOUGH = 0.25  # share of the gaps that must be wide before narrow ones are doubted


@dataclass(frozen=True, eq=False)
class Region:
    """The oriented polygons of all planes of one ROI.

    Attributes:
        height_mm: Shape (planes,), increasing: along the dose's normal from its origin.
        planes: Polygons of each plane, shape (n, 2): column and row index of the dose. Signed areas
            add up to the region's.
        drawn: The polygons as they were drawn.
        meets: Shape (planes,), whether polygons of the plane cross, so that they were overlaid.
        flags: ``MERGED_PLANES`` where contours not at quite one height were taken for one plane.
    """

    height_mm: Floats
    planes: list[list[Floats]]
    drawn: list[list[Floats]]
    meets: NDArray[np.bool_]
    flags: tuple[Flag, ...] = ()

    @cached_property
    def area(self) -> Floats:
        """Area of each plane in pixels of the dose, shape (planes,)."""
        x, y, ring_start, plane_start = self.flattened
        each = np.concatenate([[0.0], np.cumsum(_signed_areas(x, y, ring_start))])
        return np.asarray(np.diff(each[plane_start]))

    def overlaid(self, planes: NDArray[np.bool_]) -> "Region":
        """Return the region with the polygons of some planes replaced by those of their overlay."""
        new = [
            overlaid(drawn) if is_so else old
            for drawn, old, is_so in zip(self.drawn, self.planes, planes, strict=True)
        ]
        return replace(self, planes=new, meets=self.meets | planes)

    def crossing_itself(self) -> NDArray[np.bool_]:
        """Say of each plane whether a polygon crosses itself, shape (planes,)."""
        simple = [shapely.is_simple([shapely.LinearRing(r) for r in rings]) for rings in self.drawn]
        return np.asarray(~self.meets & np.array([not each.all() for each in simple]))

    def clipped(self, grid: DoseGrid) -> "Region":
        """Return the part of the region inside the dose, in its planes."""
        _, rows, columns = grid.values_gy.shape
        lower, upper = -grid.border_pixels, np.array([columns, rows]) - 1 + grid.border_pixels
        points = np.stack(self.flattened[:2], axis=1)
        if (points >= lower).all() and (points <= upper).all():
            return self
        kept = [[clipped(ring, lower, upper) for ring in plane] for plane in self.planes]
        return replace(self, planes=[[r for r in plane if len(r) > 2] for plane in kept])

    @cached_property
    def flattened(self) -> tuple[Floats, Floats, Ints, Ints]:
        """Return column and row index of all corners, and where rings and planes start."""
        rings = [ring for plane in self.planes for ring in plane]
        points = np.concatenate(rings) if rings else np.zeros((0, 2))
        ring_start = np.cumsum([0, *(len(ring) for ring in rings)])
        plane_start = np.cumsum([0, *(len(plane) for plane in self.planes)])
        x, y = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
        return x, y, ring_start, plane_start


def region_of(contours_mm: list[Floats], grid: DoseGrid) -> Region:
    """Sort contours, shape (n, 3) each and parallel to the dose's frames, into planes."""
    column, row, height = grid.to_index(np.concatenate(contours_mm))
    start = np.cumsum([0, *(len(points) for points in contours_mm)])
    each_mm = np.add.reduceat(height, start[:-1]) / np.diff(start)
    order = np.argsort(each_mm, kind="stable")
    gaps_mm = np.diff(each_mm[order])
    is_new = gaps_mm > _one_plane_mm(gaps_mm)
    first = np.flatnonzero(np.append(True, is_new))
    groups = np.split(order, first[1:])
    points = np.column_stack([column, row])
    areas = _signed_areas(column, row, start)
    drawn = [[points[start[i] : start[i + 1]] for i in group] for group in groups]
    results = [oriented(rings, areas[group]) for rings, group in zip(drawn, groups, strict=True)]
    return Region(
        height_mm=np.array([each_mm[group].mean() for group in groups]),
        planes=[rings for rings, _ in results],
        drawn=drawn,
        meets=np.array([meets for _, meets in results]),
        flags=(Flag.MERGED_PLANES,) if (gaps_mm[~is_new] > _SAME_PLANE_MM).any() else (),
    )


def _one_plane_mm(gaps_mm: Floats) -> float:
    """Choose how far apart contours of one plane may be.

    Islands of one slice are sometimes written at heights that differ by some tenths of a mm. As
    planes of their own each would get a part of the slice only.
    """
    apart_mm = gaps_mm[gaps_mm > _SAME_PLANE_MM]
    wide_mm = apart_mm[apart_mm > _NEAR_MM]
    if wide_mm.size == 0 or wide_mm.size < _FAR_ENOUGH * apart_mm.size:
        return _SAME_PLANE_MM
    return max(_SAME_PLANE_MM, min(_NEAR_MM, _NEAR * float(np.median(wide_mm))))


def _signed_areas(x: Floats, y: Floats, ring_start: Ints) -> Floats:
    """Return the area of each polygon: positive when it runs counter-clockwise."""
    if x.size == 0:
        return np.zeros(0)
    following = np.arange(1, x.size + 1)
    following[ring_start[1:] - 1] = ring_start[:-1]  # the last corner is joined to the first
    # From a corner of each polygon, or far from the origin rounding would eat the area.
    near_x = x - np.repeat(x[ring_start[:-1]], np.diff(ring_start))
    near_y = y - np.repeat(y[ring_start[:-1]], np.diff(ring_start))
    doubled = near_x * near_y[following] - near_x[following] * near_y
    return np.add.reduceat(doubled, ring_start[:-1]) / 2
