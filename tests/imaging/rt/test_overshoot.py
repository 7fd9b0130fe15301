"""Joining contours by a cubic where their areas jump: the curve is kept from rising."""

import numpy as np
import pytest

from imaging.phantoms import at_height, rtdose_of, rtstruct_of, write_object
from imaging.phantoms.dose import DoseGrid
from imaging.rt import dvhs_of_files

SQUARE = np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])


def test_mean_and_curve_agree_where_a_cubic_overshoots(tmp_path):
    heights_mm = np.arange(9) * 3.0
    halves_mm = [2, 20, 2, 2, 20, 2, 20, 20, 2]
    contours = [at_height(SQUARE * h, z) for h, z in zip(halves_mm, heights_mm, strict=True)]
    rtstruct = write_object(rtstruct_of({"jumps": contours}), tmp_path / "rs.dcm")
    grid = DoseGrid((-30.0, -30.0, -10.0), (2.0, 2.0, 2.0), (24, 31, 31))
    rtdose = write_object(rtdose_of(lambda x, y, z: 40 + x + 0 * y + z, grid), tmp_path / "rd.dcm")

    dvh = dvhs_of_files(rtstruct, rtdose, between="cubic")[0]

    steps_gy, cc = np.diff(dvh.dose_gy), dvh.cumulative_cc
    area = float(np.sum(steps_gy * (cc[1:] + cc[:-1]) / 2))
    assert (dvh.min_gy or 0) + area / dvh.dosed_cc == pytest.approx(dvh.mean_gy, rel=1e-9)
    assert (np.diff(cc) <= 0).all()
