"""The DVH of contours as they are drawn, each a slab between two planes, in any linear dose.

A ring of points is a polygon and a contour a prism over it, so nothing here stands between the
contours and their DVH: no solid, and no sampling. Where the dose rises along u in the plane and
along z, the part of a prism beyond a dose is the integral over z of the area beyond a chord, and
by Green's theorem both the area and its integral are sums over the edges.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from imaging.phantoms.solids import Point

Floats = NDArray[np.float64]

_MM3_IN_CC = 1000.0
_WITHIN_GY = 1e-11
_ALONG_MM = 1e-6  # how little an edge may rise to count as parallel to a chord
_FLAT = 1e-9  # Gy/mm: a gradient below this changes no dose that can be told


@dataclass(frozen=True, slots=True)
class SlopedDose:
    """A dose that is linear in space; trilinear interpolation of its samples is exact.

    Calling it with x, y, z in mm (arrays that broadcast) gives the dose there, in Gy.

    Attributes:
        centre_mm: x, y, z where the dose is ``dose_at_centre_gy``.
        dose_at_centre_gy: The dose there.
        gradient_gy_per_mm: Change of dose along x, y and z; not 0 along all.
    """

    centre_mm: Point
    dose_at_centre_gy: float
    gradient_gy_per_mm: Point

    def __post_init__(self) -> None:
        if math.hypot(*self.gradient_gy_per_mm) <= _FLAT:
            msg = "A uniform dose has no inverse: give a gradient"
            raise ValueError(msg)

    def __call__(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """Return the dose in Gy at each point, in the shape that x, y and z broadcast to."""
        rise = [
            slope * (along - centre)
            for slope, along, centre in zip(
                self.gradient_gy_per_mm, (x, y, z), self.centre_mm, strict=True
            )
        ]
        return np.asarray(self.dose_at_centre_gy + rise[0] + rise[1] + rise[2])


class Prism(NamedTuple):
    """A slab over a polygon, or a hole through one.

    Attributes:
        ring_mm: Corners of the polygon, shape (n, 2), x and y; it does not cross itself.
        low_mm: z of the lower face.
        high_mm: z of the upper face.
        is_hole: The volume is taken away from that of a prism around it.
    """

    ring_mm: Floats
    low_mm: float
    high_mm: float
    is_hole: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PrismDVH:
    """What a DVH engine should find for prisms that do not overlap, in a linear dose.

    Attributes:
        prisms: The structure; a hole lies inside another prism.
        dose: The dose.
    """

    prisms: Sequence[Prism]
    dose: SlopedDose
    _edges: "_Edges" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Lay the edges out once, for all the doses that will be asked for."""
        object.__setattr__(self, "_edges", _edges_of(self.prisms, self.dose))

    @property
    def volume_cc(self) -> float:
        """The whole volume."""
        return sum(_mm3(prism) for prism in self.prisms) / _MM3_IN_CC

    @property
    def min_gy(self) -> float:
        """The smallest dose in the structure: at a corner, as the dose is linear."""
        return float(self._corner_doses_gy().min())

    @property
    def max_gy(self) -> float:
        """The largest dose in the structure."""
        return float(self._corner_doses_gy().max())

    @property
    def mean_gy(self) -> float:
        """The mean dose: a linear dose has it at the centre of mass."""
        weights = [_mm3(prism) for prism in self.prisms]
        centroids = np.array([_centroid_mm(prism) for prism in self.prisms])
        x, y, z = np.average(centroids, axis=0, weights=weights)
        return float(self.dose(x, y, z))

    def cc_at_dose(self, gy: float) -> float:
        """Return the volume in cc that gets at least ``gy``."""
        return float(self.cc_at_doses(np.array([gy]))[0])

    def cc_at_doses(self, doses_gy: Floats) -> Floats:
        """Return the volume in cc that gets at least each dose; both of shape (n,)."""
        excess_gy = doses_gy - float(self.dose(*np.zeros((3, 1)))[0])
        return _mm3_beyond(self._edges, self.dose, excess_gy) / _MM3_IN_CC

    def dose_at_volume(self, percent: float) -> float:
        """D``percent``%: the largest dose that at least ``percent`` of the volume gets."""
        return self.dose_at_cc(self.volume_cc * (percent / 100))

    def dose_at_cc(self, cc: float) -> float:
        """D``cc``cc: the largest dose that at least ``cc`` get, in Gy; there must be as much."""
        low, high = self.min_gy, self.max_gy
        most_cc, least_cc = self.cc_at_doses(np.array([low, high])).tolist()
        if not least_cc < cc < most_cc:  # at either end rounding decides which side cc is on
            return low if cc >= most_cc else high
        return float(brentq(lambda gy: self.cc_at_dose(gy) - cc, low, high, xtol=_WITHIN_GY))

    def _corner_doses_gy(self) -> Floats:
        faces = [
            self.dose(prism.ring_mm[:, 0], prism.ring_mm[:, 1], np.asarray(z_mm))
            for prism in self.prisms
            for z_mm in (prism.low_mm, prism.high_mm)
        ]
        return np.concatenate(faces)


class _Edges(NamedTuple):
    """The edges of all rings, each array of shape (n,).

    Attributes:
        along: Where an edge begins, along the dose's gradient in the plane, in mm.
        next_along: Where it ends.
        run: How far it leads to the left of that direction; a hole's edges lead back.
        low_mm: z of the lower face of its prism.
        high_mm: z of the upper face.
    """

    along: Floats
    next_along: Floats
    run: Floats
    low_mm: Floats
    high_mm: Floats


def _edges_of(prisms: Sequence[Prism], dose: SlopedDose) -> _Edges:
    """Lay out the edges of all prisms, as if each ring ran counter-clockwise."""
    slope_x, slope_y, _ = dose.gradient_gy_per_mm
    slope = math.hypot(slope_x, slope_y)
    unit = np.array([slope_x, slope_y]) / slope if slope > _FLAT else np.array([1.0, 0.0])
    parts = []
    for prism in prisms:
        along = prism.ring_mm @ unit
        across = prism.ring_mm @ np.array([-unit[1], unit[0]])
        sign = np.sign(_crosses(prism.ring_mm).sum()) * (-1 if prism.is_hole else 1)
        run = sign * (np.roll(across, -1) - across)
        faces = (np.full_like(along, prism.low_mm), np.full_like(along, prism.high_mm))
        parts.append((along, np.roll(along, -1), run, *faces))
    return _Edges(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _mm3_beyond(edges: _Edges, dose: SlopedDose, excess_gy: Floats) -> Floats:
    """Return the volume with at least each dose, given over that at the origin; both (m,)."""
    slope_x, slope_y, slope_z = dose.gradient_gy_per_mm
    slope = math.hypot(slope_x, slope_y)
    low_mm, high_mm, excess_gy = edges.low_mm, edges.high_mm, excess_gy[:, None]
    if slope <= _FLAT:
        level_mm = np.clip(excess_gy / slope_z, low_mm, high_mm)
        height_mm = high_mm - level_mm if slope_z > 0 else level_mm - low_mm
        return np.asarray(height_mm @ (edges.run * (edges.along + edges.next_along) / 2))
    if abs(slope_z) <= _FLAT:
        area_mm2 = _beyond(edges, excess_gy / slope, power=1)
        return np.asarray(area_mm2 @ (high_mm - low_mm))
    # The chord lies at (excess - slope_z z) / slope, so the integral over z is one over the chord.
    at_low = _beyond(edges, (excess_gy - slope_z * low_mm) / slope, power=2)
    at_high = _beyond(edges, (excess_gy - slope_z * high_mm) / slope, power=2)
    return np.asarray((at_high - at_low).sum(axis=1) * slope / slope_z)


def _beyond(edges: _Edges, chords_mm: Floats, *, power: int) -> Floats:
    """Return each edge's share of the area beyond chords, or of its integral from there outward.

    With u the distance along the gradient and v that to its left, they are the integrals around
    the polygon of max(u - chord, 0) dv and of its square, halved. Along one edge u is linear.

    Args:
        edges: Of all polygons, n.
        chords_mm: Where u begins to count, shape (m, 1) or (m, n).
        power: 1 for the area in mm2, 2 for its integral in mm3.

    Returns:
        Shape (m, n).
    """
    depth = np.maximum(edges.along - chords_mm, 0.0)
    next_depth = np.maximum(edges.next_along - chords_mm, 0.0)
    drop = np.abs(edges.next_along - edges.along)
    # The share of the edge that lies beyond the chord. One along the chord is wholly on a side: to
    # divide by what rounding makes of its drop would give any share.
    is_steep = drop > _ALONG_MM
    partial = np.abs(next_depth - depth) / np.where(is_steep, drop, 1.0)
    share = np.where(is_steep, partial, depth > 0)
    if power == 1:
        mean = (depth + next_depth) / 2
    else:
        mean = (depth**2 + depth * next_depth + next_depth**2) / 6
    return np.asarray(edges.run * share * mean)


def _mm3(prism: Prism) -> float:
    """Return the volume of a prism, below 0 for a hole."""
    area_mm2 = abs(float(_crosses(prism.ring_mm).sum())) / 2
    return (-1 if prism.is_hole else 1) * area_mm2 * (prism.high_mm - prism.low_mm)


def _centroid_mm(prism: Prism) -> Floats:
    """Return the centre of mass, shape (3,)."""
    corner, crosses = prism.ring_mm[0], _crosses(prism.ring_mm)
    from_corner = prism.ring_mm - corner
    sums = from_corner + np.roll(from_corner, -1, axis=0)
    x, y = corner + crosses @ sums / (3 * crosses.sum())
    return np.array([x, y, (prism.low_mm + prism.high_mm) / 2])


def _crosses(ring_mm: Floats) -> Floats:
    """Return twice the signed area that each edge spans with the first corner, shape (n,)."""
    x, y = (ring_mm - ring_mm[0]).T
    return np.asarray(x * np.roll(y, -1) - y * np.roll(x, -1))
