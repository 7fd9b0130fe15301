"""Closed polygons that contours are drawn with: arrays of shape (n, 2), x and y in mm."""

import math

import numpy as np
from numpy.typing import NDArray

TIP_MM = 0.05
"""Half the size of what is drawn where a section shrinks to a point: a contour needs an area."""

EDGE_MM = 0.005
"""Half the width of what is drawn where a section shrinks to a line."""


def circle(radius_mm: float, step_mm: float) -> NDArray[np.float64]:
    """Draw a circle around the origin as a polygon of the same area.

    The vertices lie a hair outside the circle, so that a coarse polygon loses no volume. Their
    number is a multiple of four, so that the outermost points on both axes are among them.

    Args:
        radius_mm: Radius; never drawn smaller than ``TIP_MM``.
        step_mm: Longest distance between neighbouring points.

    Returns:
        Shape (n, 2); the first point is not repeated.
    """
    radius_mm = max(radius_mm, TIP_MM)
    count = 4 * max(2, math.ceil(math.tau * radius_mm / step_mm / 4))
    polygon_area = count / 2 * math.sin(math.tau / count)
    vertex_mm = radius_mm * math.sqrt(math.pi / polygon_area)
    angle = math.tau * np.arange(count) / count
    return vertex_mm * np.column_stack([np.cos(angle), np.sin(angle)])


def box(
    half_width_mm: float, y_min_mm: float, y_max_mm: float, step_mm: float
) -> NDArray[np.float64]:
    """Draw the rectangle of ``2 * half_width_mm`` by ``y_max_mm - y_min_mm``, shape (n, 2)."""
    width = max(half_width_mm, EDGE_MM)
    corners = [(-width, y_min_mm), (width, y_min_mm), (width, y_max_mm), (-width, y_max_mm)]
    return subdivided(np.array(corners), step_mm)


def cone_section(
    radius_mm: float, height_mm: float, offset_mm: float, step_mm: float
) -> NDArray[np.float64]:
    """Draw where a plane parallel to the axis of a cone, ``offset_mm`` from it, cuts the cone.

    The axis is y, the tip lies at ``-height_mm / 2``: the section is a triangle through the axis,
    and elsewhere one branch of a hyperbola closed by its chord on the base.

    Returns:
        Shape (n, 2).
    """
    offset = abs(offset_mm)
    base = height_mm / 2
    half_chord = math.sqrt(max(radius_mm**2 - offset**2, 0.0))
    if half_chord < TIP_MM:
        return box(TIP_MM, base - 2 * TIP_MM, base, step_mm)
    if offset < 1e-9:
        return subdivided(np.array([(0, -base), (radius_mm, base), (-radius_mm, base)]), step_mm)
    end = math.asinh(half_chord / offset)
    count = min(241, 2 * math.ceil(height_mm / step_mm) + 13)
    x = offset * np.sinh(np.linspace(-end, end, count))  # dense where the hyperbola turns
    y = np.hypot(x, offset) * height_mm / radius_mm - base
    return subdivided(np.column_stack([x, y]), step_mm)


def subdivided(corners: NDArray[np.float64], step_mm: float) -> NDArray[np.float64]:
    """Put points on the edges of a closed polygon, ``step_mm`` apart at most; corners stay."""
    edges = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    counts = np.maximum(1, np.ceil(lengths / step_mm - 1e-9)).astype(int)
    parts = [
        corner + edge * (np.arange(count)[:, None] / count)
        for corner, edge, count in zip(corners, edges, counts, strict=True)
    ]
    return np.concatenate(parts)
