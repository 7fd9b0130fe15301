"""Metrics of ROIs that the dose grid does not cover."""

from dataclasses import replace

import pytest

from imaging.rt import DVH, Flag, Goal, GoalTable, Metric, Outcome, PlanContext
from tests.imaging.rt.ramps import ramp

RAMP = ramp(10, 20, cc=50)
PARTLY_OUTSIDE = replace(RAMP, volume_cc=80.0, outside_cc=30.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("V12Gy[%]", 50.0),
        ("V60%[%]", 50.0),
        ("V12Gy[cc]", 40.0),
        ("CV12Gy[%]", 12.5),
        ("CV12Gy[cc]", 10.0),
        ("D50%[Gy]", 12.0),
        ("D50%[%]", 60.0),
        ("Dmedian", 12.0),
        ("D62.5%", 10.0),
        ("D5cc", 19.0),
        ("D50cc", 10.0),
        ("Volume", 80.0),
        ("Dmin", 10.0),
        ("Dmax", 20.0),
        ("Dmean", 15.0),
    ],
)
def test_percentages_are_of_the_whole_roi_and_what_is_outside_is_not_irradiated(text, expected):
    result = Metric.parse(text).of(PARTLY_OUTSIDE, prescription_gy=20.0)

    assert result.value == pytest.approx(expected, abs=1e-9)
    assert result.flags == ()


@pytest.mark.parametrize("text", ["D63%", "D95%", "D100%[%]", "D51cc", "DC10%", "DC5cc", "HI"])
def test_what_depends_on_the_dose_outside_the_grid_is_empty_and_flagged(text):
    result = Metric.parse(text).of(PARTLY_OUTSIDE, prescription_gy=20.0)

    assert (result.value, result.flags) == (None, ("OUTSIDE_DOSE_GRID",))


@pytest.mark.parametrize("text", ["D81cc", "DC81cc"])
def test_more_than_the_whole_roi_is_too_much_wherever_it_lies(text):
    assert Metric.parse(text).of(PARTLY_OUTSIDE).flags == ("VOLUME_TOO_SMALL",)


def test_the_median_of_an_roi_that_is_mostly_outside_is_not_known():
    mostly = replace(RAMP, volume_cc=200.0, outside_cc=150.0)

    assert Metric.parse("Dmedian").of(mostly).flags == ("OUTSIDE_DOSE_GRID",)
    assert Metric.parse("D2%").of(mostly).value == pytest.approx(19.2)


def test_an_roi_wholly_outside_the_dose_grid_has_its_volume_and_no_share_of_it():
    outside = DVH.empty(3, "Heart", (Flag.OUTSIDE_DOSE_GRID,), volume_cc=12.0)

    assert Metric.parse("Volume").of(outside).value == 12
    assert Metric.parse("V20Gy[%]").of(outside).flags == ("EMPTY",)


def test_a_goal_that_depends_on_the_dose_outside_the_grid_is_not_judged():
    goals = GoalTable("t", (Goal.parse("PTV", "D95%[Gy] > 1"), Goal.parse("PTV", "V12Gy >= 50")))

    cold, hot = goals.score([PARTLY_OUTSIDE], PlanContext())

    assert (cold.outcome, cold.flags) == (Outcome.NOT_EVALUATED, ("OUTSIDE_DOSE_GRID",))
    assert "outside the dose grid" in cold.reason
    assert hot.outcome == Outcome.PASS
    assert hot.value == pytest.approx(50)
