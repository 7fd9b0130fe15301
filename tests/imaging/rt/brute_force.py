"""A slow DVH that shares nothing with the engine: points in polygons, and scipy's interpolation."""

from typing import NamedTuple

import numpy as np
from scipy.interpolate import RegularGridInterpolator


class Points(NamedTuple):
    """Points of a region and the volume that each stands for.

    Attributes:
        gy: Shape (n,), the dose at each.
        mm3: Shape (n,), the volume of each.
    """

    gy: np.ndarray
    mm3: np.ndarray

    @property
    def mean_gy(self):
        return float(np.average(self.gy, weights=self.mm3))

    def share_at(self, gy):
        """The share of the volume that gets at least a dose."""
        return float(self.mm3[self.gy >= gy].sum() / self.mm3.sum())


def is_inside(x, y, rings):
    """Whether points lie in an odd number of polygons, by counting crossings to their right."""
    crossings = np.zeros(x.shape, dtype=int)
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            if y0 == y1:
                continue
            passes = (y0 > y) != (y1 > y)
            crossings += passes & (x0 + (y - y0) * (x1 - x0) / (y1 - y0) > x)
    return crossings % 2 == 1


def points_of(slabs, grid, random, across=70, along=5):
    """Scatter points evenly over slabs: polygons in the grid's indices, from one mm to another."""
    shape = grid.values_gy.shape
    dose = RegularGridInterpolator(
        (grid.frames_mm, np.arange(shape[1]), np.arange(shape[2])), grid.values_gy
    )
    limits = np.array([grid.frames_mm[-1], shape[1] - 1, shape[2] - 1])
    border = np.array([grid.border_mm[0], 0.5, 0.5]), np.array([grid.border_mm[1], 0.5, 0.5])
    found = []
    for rings, low_mm, high_mm in slabs:
        corners = np.concatenate(rings)
        low, size = corners.min(axis=0), np.ptp(corners, axis=0)
        cells = np.stack(np.meshgrid(*[np.arange(n) for n in (along, across, across)]), -1)
        share = (cells + random.random(cells.shape)) / [along, across, across]
        z = low_mm + share[..., 0].ravel() * (high_mm - low_mm)
        y = low[1] + share[..., 1].ravel() * size[1]
        x = low[0] + share[..., 2].ravel() * size[0]
        places = np.stack([z, y, x], axis=1)
        known = ((places >= -border[0]) & (places <= limits + border[1])).all(axis=1)
        kept = known & is_inside(x, y, rings)
        mm3 = np.prod(size) * np.prod(grid.spacing_mm) * (high_mm - low_mm) / x.size
        gy = dose(np.clip(places[kept], 0, limits))
        found.append(Points(gy, np.full(gy.size, mm3)))
    return Points(*(np.concatenate(column) for column in zip(*found, strict=True)))
