"""A dose that is linear along every axis, so that interpolation between voxels is exact."""

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from imaging.phantoms import DoseGrid, rtdose

GRID = DoseGrid(first_mm=(-21.0, 13.0, -107.0), spacing_mm=(2.0, 2.5, 4.0), shape=(6, 8, 9))


def slanted(x, y, z):
    """A dose that tells every axis and direction from every other."""
    return 60.0 + 0.5 * x + 0.3 * y + 0.2 * z


def made(tiny, encoding=None, dose=slanted):
    return rtdose(tiny.study, dose, GRID, tiny.rtplan(), encoding)


def sampled(grid, points_mm):
    """Interpolate linearly, on the axes that the grid says it has."""
    _, rows, columns = grid.values_gy.shape
    axes = (grid.frames_mm, np.arange(rows), np.arange(columns))
    column, row, place_mm = grid.to_index(points_mm)
    return RegularGridInterpolator(axes, grid.values_gy)(np.stack([place_mm, row, column], 1))


def points_mm():
    random = np.random.default_rng(5)
    last_mm = [GRID.axis_mm(index)[-1] for index in range(3)]
    return random.uniform(GRID.first_mm, last_mm, (200, 3))


def check_slanted(grid, abs_gy=1e-6):
    found, expected = sampled(grid, points_mm()), slanted(*points_mm().T)

    assert found == pytest.approx(expected, abs=abs_gy)
    assert np.all(np.diff(grid.frames_mm) > 0)
    assert grid.frames_mm[0] == 0
    assert grid.values_gy.flags.c_contiguous
