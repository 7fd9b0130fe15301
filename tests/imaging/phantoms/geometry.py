"""Measurements that the tests of this room share."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset


def area_mm2(points: NDArray[np.float64]) -> float:
    """Area of a simple polygon, shape (n, 2), by the shoelace formula."""
    x, y = points[:, 0], points[:, 1]
    return abs(float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))) / 2


def contour_points(contour: Dataset) -> NDArray[np.float64]:
    """The points of a ContourSequence item, shape (n, 3)."""
    return np.array(contour.ContourData, dtype=np.float64).reshape(-1, 3)


def voxel_centres(dose: Dataset) -> NDArray[np.float64]:
    """x, y, z of every voxel (PS3.3 C.7.6.2.1.1), shape (frames, rows, columns, 3)."""
    cosines = np.array(dose.ImageOrientationPatient, dtype=np.float64)
    along_columns, along_rows = cosines[:3], cosines[3:]
    offsets = np.array(dose.GridFrameOffsetVector, dtype=np.float64)
    between_rows, between_columns = (float(value) for value in dose.PixelSpacing)
    columns = np.arange(dose.Columns)[:, None] * between_columns * along_columns
    rows = np.arange(dose.Rows)[:, None] * between_rows * along_rows
    frames = (offsets - offsets[0])[:, None] * np.cross(along_columns, along_rows)
    first = np.array(dose.ImagePositionPatient, dtype=np.float64)
    centres: NDArray[np.float64] = first + frames[:, None, None] + rows[:, None] + columns
    return centres
