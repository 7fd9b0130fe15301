"""`python -m imaging.rt.warm`: compile the DVH engine now, so that no run has to wait for it.

The machine code is kept on disk beside the sources (or where NUMBA_CACHE_DIR says); a process that
finds it there starts in a second. A worker runs this once before it takes work.
"""

from typing import get_args

import numpy as np
from pydicom import Dataset

from imaging.rt import exact
from imaging.rt.doses.grid import DoseGrid
from imaging.rt.files.decimals import decimals_of
from imaging.rt.files.rois import Roi
from imaging.rt.method import Between, Method


def warm_up() -> None:
    """Calculate a DVH of every kind, of a few voxels."""
    decimals_of(b"1\\2\\3")
    for between in get_args(Between):
        exact.calculate([_block()], _ramp(), Method(between=between))


def _block() -> Roi:
    """Make an ROI of four square contours."""
    contours = []
    for height_mm, half_mm in ((3, 4), (5, 5), (7, 5), (9, 4)):
        item = Dataset()
        item.ContourGeometricType = "CLOSED_PLANAR"
        signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        item.ContourData = [v for x, y in signs for v in (x * half_mm, y * half_mm, height_mm)]
        contours.append(item)
    return Roi(
        rtstruct_uid="",
        number=1,
        name="block",
        frame_of_reference_uid="",
        interpreted_type="",
        colour=None,
        contours=tuple(contours),
    )


def _ramp() -> DoseGrid:
    """Make a dose that rises along all axes."""
    frames, rows, columns = np.indices((8, 12, 12), dtype=np.float64)
    return DoseGrid(
        uid="",
        frame_of_reference_uid="",
        values_gy=frames + rows + columns,
        origin_mm=np.array([-11.0, -11.0, 0.0]),
        along_columns=np.array([1.0, 0.0, 0.0]),
        along_rows=np.array([0.0, 1.0, 0.0]),
        spacing_mm=(2.0, 2.0),
        frames_mm=np.linspace(0.0, 14.0, 8),
        border_mm=(1.0, 1.0),
    )


if __name__ == "__main__":
    warm_up()
