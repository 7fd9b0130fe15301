"""Spheres, cylinders and cones: their contours, and their volume beyond a plane in closed form.

After Nelms et al. 2015 (doi 10.1118/1.4923175): a structure reaches half a contour spacing beyond
its first and its last contour, and a volume here is that of the solid so extended along SI.
Coordinates are the patient's (PS3.3 C.7.6.2.1.1): x to the left, y to the back, z to the head.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imaging.phantoms.outlines import box, circle, cone_section

Axis = Literal["LR", "AP", "SI"]
Point = tuple[float, float, float]
Contours = list[tuple[float, NDArray[np.float64]]]
Floats = NDArray[np.float64]

AXIS_INDEX: dict[Axis, int] = {"LR": 0, "AP": 1, "SI": 2}


def planes(half_mm: float, spacing_mm: float) -> Iterator[float]:
    """Yield the heights of the contours of a solid, from ``-half_mm`` to ``half_mm``.

    Raises:
        ValueError: The extent is not a whole number of spacings, so the ends would have no contour.
    """
    count = round(2 * half_mm / spacing_mm)
    if count < 1 or abs(count * spacing_mm - 2 * half_mm) > 1e-6:
        msg = f"{2 * half_mm} mm is not a whole number of {spacing_mm} mm spacings"
        raise ValueError(msg)
    yield from (-half_mm + spacing_mm * index for index in range(count + 1))


def disc_beyond(radius_mm: float, s_mm: Floats) -> Floats:
    """Return the area of a disc beyond the chord at ``s_mm`` from its centre."""
    s = np.clip(s_mm, -radius_mm, radius_mm)
    segment = radius_mm**2 * np.arccos(s / radius_mm) - s * np.sqrt(radius_mm**2 - s**2)
    return np.asarray(segment)


@dataclass(frozen=True, slots=True)
class Sphere:
    """A ball.

    Attributes:
        centre_mm: x, y, z.
        radius_mm: Radius.
    """

    centre_mm: Point
    radius_mm: float

    def half_mm(self, axis: Axis) -> float:
        """Return half the extent along ``axis``, without the extension."""
        del axis  # a ball is the same in every direction
        return self.radius_mm

    def contours(self, spacing_mm: float, step_mm: float = 0.2) -> Contours:
        """Draw axial contours, ``spacing_mm`` apart, points ``step_mm`` apart at most.

        Returns:
            z and points of shape (n, 2) for each plane, from the feet to the head.
        """
        radii = (
            (s, math.sqrt(max(self.radius_mm**2 - s**2, 0.0))) for s in _heights(self, spacing_mm)
        )
        return _placed(self.centre_mm, ((s, circle(radius, step_mm)) for s, radius in radii))

    def contains(self, x: Floats, y: Floats, z: Floats) -> NDArray[np.bool_]:
        """Tell which points (mm, arrays that broadcast) lie inside, without the extension."""
        dx, dy, dz = _relative(self.centre_mm, x, y, z)
        return np.asarray(dx**2 + dy**2 + dz**2 <= self.radius_mm**2)

    def centroid_mm(self, axis: Axis, spacing_mm: float) -> float:
        """Return the coordinate of the centre of mass; the extension of a pole has no volume."""
        del spacing_mm
        return self.centre_mm[AXIS_INDEX[axis]]

    def volume_beyond(self, s_mm: ArrayLike, axis: Axis, spacing_mm: float) -> Floats:
        """Return the volume in mm3 where the coordinate along ``axis`` exceeds ``s_mm``."""
        del spacing_mm
        r = self.radius_mm
        s = np.clip(_along(self.centre_mm, s_mm, axis), -r, r)
        return np.asarray(math.pi / 3 * (r - s) ** 2 * (2 * r + s))


@dataclass(frozen=True, slots=True)
class Cylinder:
    """A circular cylinder.

    Attributes:
        centre_mm: x, y, z of the middle of the axis.
        radius_mm: Radius.
        height_mm: Length along the axis.
        axis: SI, or AP for the rotated one.
    """

    centre_mm: Point
    radius_mm: float
    height_mm: float
    axis: Literal["SI", "AP"] = "SI"

    def half_mm(self, axis: Axis) -> float:
        """Return half the extent along ``axis``, without the extension."""
        return self.height_mm / 2 if axis == self.axis else self.radius_mm

    def contours(self, spacing_mm: float, step_mm: float = 0.2) -> Contours:
        """Draw axial contours; see ``Sphere.contours``."""
        heights = _heights(self, spacing_mm)
        if self.axis == "SI":
            return _placed(self.centre_mm, ((s, circle(self.radius_mm, step_mm)) for s in heights))
        half = self.height_mm / 2
        widths = ((s, math.sqrt(max(self.radius_mm**2 - s**2, 0.0))) for s in heights)
        return _placed(
            self.centre_mm, ((s, box(width, -half, half, step_mm)) for s, width in widths)
        )

    def contains(self, x: Floats, y: Floats, z: Floats) -> NDArray[np.bool_]:
        """Tell which points (mm, arrays that broadcast) lie inside, without the extension."""
        dx, dy, dz = _relative(self.centre_mm, x, y, z)
        along, across = (dz, dy) if self.axis == "SI" else (dy, dz)
        inside = dx**2 + across**2 <= self.radius_mm**2
        return np.asarray(inside & (np.abs(along) <= self.height_mm / 2))

    def centroid_mm(self, axis: Axis, spacing_mm: float) -> float:
        """Return the coordinate of the centre of mass; the extension is the same at both ends."""
        del spacing_mm
        return self.centre_mm[AXIS_INDEX[axis]]

    def volume_beyond(self, s_mm: ArrayLike, axis: Axis, spacing_mm: float) -> Floats:
        """Return the volume in mm3 where the coordinate along ``axis`` exceeds ``s_mm``."""
        s = _along(self.centre_mm, s_mm, axis)
        half = self.height_mm / 2 + (spacing_mm / 2 if self.axis == "SI" else 0.0)
        if axis == self.axis:
            return np.asarray(math.pi * self.radius_mm**2 * (half - np.clip(s, -half, half)))
        return 2 * half * disc_beyond(self.radius_mm, s)


@dataclass(frozen=True, slots=True)
class Cone:
    """A circular cone, its tip at the lower coordinate (to the feet, or to the front).

    Attributes:
        centre_mm: x, y, z of the middle of the axis.
        radius_mm: Radius of the base.
        height_mm: Length along the axis.
        axis: SI, or AP for the rotated one.
    """

    centre_mm: Point
    radius_mm: float
    height_mm: float
    axis: Literal["SI", "AP"] = "SI"

    def half_mm(self, axis: Axis) -> float:
        """Return half the extent along ``axis``, without the extension."""
        return self.height_mm / 2 if axis == self.axis else self.radius_mm

    def contours(self, spacing_mm: float, step_mm: float = 0.2) -> Contours:
        """Draw axial contours; see ``Sphere.contours``."""
        radius, height = self.radius_mm, self.height_mm
        heights = _heights(self, spacing_mm)
        if self.axis == "SI":
            radii = ((s, radius * (s / height + 0.5)) for s in heights)
            return _placed(self.centre_mm, ((s, circle(r, step_mm)) for s, r in radii))
        sections = ((s, cone_section(radius, height, s, step_mm)) for s in heights)
        return _placed(self.centre_mm, sections)

    def contains(self, x: Floats, y: Floats, z: Floats) -> NDArray[np.bool_]:
        """Tell which points (mm, arrays that broadcast) lie inside, without the extension."""
        dx, dy, dz = _relative(self.centre_mm, x, y, z)
        along, across = (dz, dy) if self.axis == "SI" else (dy, dz)
        radius = self.radius_mm * (along / self.height_mm + 0.5)
        inside = dx**2 + across**2 <= np.maximum(radius, 0.0) ** 2
        return np.asarray(inside & (np.abs(along) <= self.height_mm / 2))

    def centroid_mm(self, axis: Axis, spacing_mm: float) -> float:
        """Return the coordinate of the centre of mass, the extension of the base included."""
        centre = self.centre_mm[AXIS_INDEX[axis]]
        if axis != self.axis:
            return centre
        height, cap = self.height_mm, (spacing_mm / 2 if self.axis == "SI" else 0.0)
        moment = height / 3 * (height / 4) + cap * (height + cap) / 2  # both over the base's area
        return centre + moment / (height / 3 + cap)

    def volume_beyond(self, s_mm: ArrayLike, axis: Axis, spacing_mm: float) -> Floats:
        """Return the volume in mm3 where the coordinate along ``axis`` exceeds ``s_mm``."""
        s = _along(self.centre_mm, s_mm, axis)
        radius, height = self.radius_mm, self.height_mm
        cap = spacing_mm / 2 if self.axis == "SI" else 0.0
        if axis != self.axis:
            return self._beside(s) + cap * disc_beyond(radius, s)
        depth = np.clip(s / height + 0.5, 0.0, 1.0)  # 0 at the tip, 1 at the base
        body = math.pi * radius**2 * height / 3 * (1 - depth**3)
        base = height / 2
        return np.asarray(body + math.pi * radius**2 * (base + cap - np.clip(s, base, base + cap)))

    def _beside(self, s_mm: Floats) -> Floats:
        """Return the volume beyond a plane parallel to the axis, ``s_mm`` from it.

        The section at distance y is a piece of a hyperbola, of area
        ``h/r (r sqrt(r2 - y2) - y2 arcosh(r/|y|))``; this is its integral from s to r.
        """
        r = self.radius_mm
        u = np.clip(s_mm / r, -1.0, 1.0)
        size = np.maximum(np.abs(u), 1e-300)  # u3 arcosh(1/|u|) tends to 0 with u
        root = np.sqrt(1 - u**2)
        below = 2 * u * root + np.arcsin(u) - u**3 * np.log((1 + root) / size)
        return np.asarray(self.height_mm * r**2 / 3 * (math.pi / 2 - below))


Solid = Sphere | Cylinder | Cone


def span_mm(solid: Solid, axis: Axis, spacing_mm: float) -> tuple[float, float]:
    """Return the first and last coordinate along ``axis``; along SI with the extension."""
    half = solid.half_mm(axis) + (spacing_mm / 2 if axis == "SI" else 0.0)
    centre = solid.centre_mm[AXIS_INDEX[axis]]
    return centre - half, centre + half


def _heights(solid: Solid, spacing_mm: float) -> Iterator[float]:
    return planes(solid.half_mm("SI"), spacing_mm)


def _placed(centre_mm: Point, drawn: Iterator[tuple[float, Floats]]) -> Contours:
    x, y, z = centre_mm
    return [(z + height, outline + np.array([x, y])) for height, outline in drawn]


def _relative(centre_mm: Point, x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
    return x - centre_mm[0], y - centre_mm[1], z - centre_mm[2]


def _along(centre_mm: Point, s_mm: ArrayLike, axis: Axis) -> Floats:
    return np.asarray(s_mm, dtype=np.float64) - centre_mm[AXIS_INDEX[axis]]
