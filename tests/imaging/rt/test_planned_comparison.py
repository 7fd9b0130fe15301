"""Ours minus theirs, where the difference is known."""

import numpy as np
import pytest

from imaging.errors import InputError
from imaging.rt import DVH
from imaging.rt.planned.comparison import (
    compare,
    comparison_table,
    curves_by_name,
    repeated_names,
    volumes_by_name,
)
from imaging.rt.planned.stored import PlannedDvh, PlannedDvhs, planned_dvhs
from tests.imaging.rt.planned_items import STAIRS, dose_with, item, only
from tests.imaging.rt.ramps import ramp


def test_a_shifted_and_larger_curve_differs_by_what_it_was_shifted():
    theirs = only(item([(1, 80 * max(0, min(1, (21 - gy) / 10))) for gy in range(22)]))

    found = compare(ramp(), theirs)

    assert found.mean_points == pytest.approx(100 * 1 / 21)  # a strip of 1 Gy in 21 Gy
    assert found.max_points == pytest.approx(10)
    assert found.volume_ratio == pytest.approx(0.5)
    assert found.dose_gy == pytest.approx((-1, -1, -1, -1))
    assert found.mean_dose_gy == pytest.approx(-1)
    table = comparison_table([("case-1", [ramp()], PlannedDvhs((theirs,), (), ""))])
    row = [table.loc[0, name] for name in table.columns[3:-2]]
    numbers = found.mean_points, found.max_points, found.max_gy, 0.5, *found.dose_gy, -1
    assert row == pytest.approx(list(numbers))
    with pytest.raises(InputError, match="nothing to compare"):
        compare(DVH.empty(1, "PTV"), theirs)


def test_the_comparison_has_a_row_for_each_roi_that_both_have():
    planned = planned_dvhs(dose_with(item(STAIRS), item(STAIRS, 7)))
    ours = [ramp(), ramp(number=2, name="Heart"), DVH.empty(7, "Areola")]

    table = comparison_table([("case-1", ours, planned)])

    assert table["roi_name"].tolist() == ["PTV"]
    assert table.loc[0, "max_dv_points"] == pytest.approx(0, abs=1e-9)
    assert list(table.columns) == list(comparison_table([]).columns)
    assert list(table.columns)[7:11] == ["dD98_gy", "dD95_gy", "dD50_gy", "dD2_gy"]
    assert list(curves_by_name(planned, ours)) == ["PTV", "Areola"]
    assert volumes_by_name(planned, ours) == {"PTV": 40, "Areola": 40}


def test_rois_that_are_named_alike_have_no_overlay():
    planned = planned_dvhs(dose_with(item(STAIRS), item(STAIRS, 2), item(STAIRS, 3)))
    ours = [ramp(), ramp(number=2), ramp(number=3, name="Heart")]

    assert repeated_names(ours) == ["PTV"]
    assert list(curves_by_name(planned, ours)) == ["Heart"]
    assert volumes_by_name(planned, ours) == {"Heart": 40}
    assert comparison_table([("case-1", ours, planned)])["roi_number"].tolist() == [1, 2, 3]


def test_a_dose_that_is_not_known_has_no_difference():
    half = DVH(
        roi_number=1,
        roi_name="half outside",
        volume_cc=20.0,
        dose_gy=np.array([0.0, 10.0]),
        cumulative_cc=np.array([10.0, 0.0]),
        min_gy=0.0,
        mean_gy=5.0,
        max_gy=10.0,
        outside_cc=10.0,
    )
    theirs = PlannedDvh(1, np.array([0.0, 10.0]), np.array([100.0, 0.0]), 20.0, 0.1)

    found = compare(half, theirs)

    assert found.volume_ratio == pytest.approx(1)
    assert found.dose_gy[:2] == (None, None)
    assert found.dose_gy[3] == pytest.approx(9.6 - 9.8)
