import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.errors import InputError
from imaging.rt import DVH, Flag


def dvh_of(dose_gy, cumulative_cc, **changes):
    """Make a DVH of points; minimum, maximum and mean are only plausible."""
    dose, cc = np.array(dose_gy, dtype=float), np.array(cumulative_cc, dtype=float)
    known = {"volume_cc": cc[0], "min_gy": dose[0], "mean_gy": dose[-1], "max_gy": dose[-1]}
    return DVH(
        roi_number=3, roi_name="Heart", dose_gy=dose, cumulative_cc=cc, **{**known, **changes}
    )


RAMP = dvh_of([0, 10, 20], [50, 50, 0])  # 50 cc, evenly between 10 and 20 Gy
STEPS = dvh_of([0, 10, 10, 30, 30], [40, 40, 10, 10, 0])  # 30 cc get 10 Gy, 10 cc get 30 Gy


@st.composite
def curves(draw):
    volumes = st.floats(0, 100, allow_subnormal=False)
    widths = st.floats(0, 20, allow_subnormal=False)
    steps = draw(st.lists(st.tuples(widths, volumes), min_size=1, max_size=12))
    dose_gy = np.cumsum([0, *[width for width, _ in steps]])
    cc = np.append(np.cumsum([volume for _, volume in steps][::-1])[::-1], 0.0)
    return dvh_of(dose_gy, cc + np.where(np.arange(cc.size) < cc.size - 1, 0.001, 0))


@pytest.mark.parametrize(
    ("percent", "expected_gy"), [(100, 10), (98, 10.2), (50, 15), (2, 19.8), (0, 20)]
)
def test_a_linear_ramp_has_linear_doses_above_its_minimum(percent, expected_gy):
    assert RAMP.dose_at_volume(percent) == pytest.approx(expected_gy, abs=1e-12)


@pytest.mark.parametrize(("gy", "expected"), [(0, 100), (10, 100), (12, 80), (20, 0), (99, 0)])
def test_a_linear_ramp_has_linear_volumes(gy, expected):
    assert RAMP.volume_at_dose(gy) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("percent", "expected_gy"), [(100, 10), (25.1, 10), (25, 30), (1, 30)])
def test_on_a_plateau_the_dose_is_the_largest_that_the_volume_gets(percent, expected_gy):
    assert STEPS.dose_at_volume(percent) == expected_gy


@pytest.mark.parametrize(("gy", "expected_cc"), [(9.9, 40), (10, 40), (10.1, 10), (30, 10)])
def test_a_step_belongs_to_those_who_get_at_least_its_dose(gy, expected_cc):
    assert STEPS.cc_at_dose(gy) == pytest.approx(expected_cc)


def test_rounding_on_a_plateau_does_not_lose_it():
    noisy = dvh_of([0, 5, 10, 20], [50, 50 - 1e-13, 50 - 2e-13, 0])

    assert noisy.dose_at_volume(100) == pytest.approx(10)


def test_more_volume_than_there_is_has_no_dose():
    assert RAMP.dose_at_cc(50) == pytest.approx(10)
    assert RAMP.dose_at_cc(50.01) is None


# 30 of 80 cc are outside the dose grid.
PARTLY_OUTSIDE = dvh_of([0, 10, 20], [50, 50, 0], volume_cc=80.0, outside_cc=30.0)


def test_percentages_are_of_the_whole_roi():
    assert PARTLY_OUTSIDE.volume_at_dose(0) == pytest.approx(62.5)
    assert PARTLY_OUTSIDE.volume_at_dose(12) == pytest.approx(50)
    assert PARTLY_OUTSIDE.cumulative_percent == pytest.approx([62.5, 62.5, 0])
    assert PARTLY_OUTSIDE.dose_at_volume(50) == PARTLY_OUTSIDE.median_gy == pytest.approx(12)
    assert PARTLY_OUTSIDE.dose_at_volume(0) == 20


def test_the_dose_of_more_than_is_inside_the_grid_is_not_known():
    assert PARTLY_OUTSIDE.dose_at_volume(62.5) == pytest.approx(10)
    assert PARTLY_OUTSIDE.dose_at_volume(63) is PARTLY_OUTSIDE.dose_at_volume(100) is None


@pytest.mark.parametrize("share", [1.0, 1 + 1e-12, 1 + 1e-9])
def test_rounding_of_the_volume_puts_nothing_outside(share):
    dvh = dvh_of([0, 10, 20], [50, 50, 0], volume_cc=50 * share)

    assert not dvh.is_partly_outside
    assert dvh.dose_at_volume(100) == 10
    assert dvh.volume_at_dose(10) == dvh.cumulative_percent[0] == 100


def test_an_empty_dvh_with_volume_has_no_share_of_it():
    outside = DVH.empty(7, "Areola", (Flag.OUTSIDE_DOSE_GRID,), volume_cc=3.0)

    assert outside.cumulative_percent.tolist() == [0]
    assert outside.volume_at_dose(0) is outside.dose_at_volume(0) is outside.median_gy is None


def test_an_empty_dvh_answers_none_and_says_so():
    empty = DVH.empty(7, "Areola", (Flag.NO_CONTOURS,))

    assert empty.is_empty
    assert empty.flags == ("EMPTY", "NO_CONTOURS")
    assert (empty.volume_cc, empty.cc_at_dose(0)) == (0, 0)
    assert empty.mean_gy is empty.median_gy is empty.dose_at_volume(95) is empty.dose_at_cc(0)
    assert empty.volume_at_dose(0) is empty.mean_gy is None


def test_the_differential_of_a_ramp_is_even_and_holds_all_of_the_volume():
    edges_gy, cc = RAMP.differential(2.5)

    assert edges_gy == pytest.approx(np.arange(0, 23, 2.5))
    assert cc == pytest.approx([0, 0, 0, 0, 12.5, 12.5, 12.5, 12.5, 0])


def test_a_step_on_an_edge_counts_in_the_bin_above():
    _, cc = STEPS.differential(10)

    assert cc == pytest.approx([0, 30, 0, 10])


@pytest.mark.parametrize(
    ("dose_gy", "cumulative_cc", "changes", "fault"),
    [
        ([0, 1], [1, 1, 0], {}, "pair up"),
        ([0, 1, 2], [1, 2, 0], {}, "rises"),
        ([0, 2, 1], [2, 1, 0], {}, "fall"),
        ([0, 1, 2], [2, 1, np.nan], {}, "finite"),
        ([0, 1, 2], [2, 1, -1], {}, "negative"),
        ([0, 1], [1, 0], {"min_gy": None}, "missing"),
        ([0, 1], [1, 0], {"min_gy": 2}, "order"),
        ([0, 1], [1, 0], {"volume_cc": 0.5}, "more volume"),
        ([0, 1], [0, 0], {}, "empty"),
    ],
)
def test_what_is_no_dvh_is_refused(dose_gy, cumulative_cc, changes, fault):
    with pytest.raises(InputError, match=rf"ROI 3: .*{fault}"):
        dvh_of(dose_gy, cumulative_cc, **changes)


@pytest.mark.parametrize("question", ["dose_at_volume", "dose_at_cc", "differential"])
def test_a_negative_amount_is_refused(question):
    with pytest.raises(InputError):
        getattr(RAMP, question)(-1)
    with pytest.raises(InputError, match="between 0 and 100"):
        RAMP.dose_at_volume(101)


def test_a_dvh_survives_a_trip_to_another_process():
    copy = pickle.loads(pickle.dumps(STEPS))  # noqa: S301 - our own bytes

    assert copy.cumulative_cc.tolist() == STEPS.cumulative_cc.tolist()


@given(curves(), st.lists(st.floats(0, 300), min_size=2, max_size=20))
def test_volume_never_rises_with_dose(dvh, doses):
    volumes = [dvh.cc_at_dose(gy) for gy in sorted(doses)]

    assert all(low <= high + 1e-9 for high, low in pairwise(volumes))
    assert all(0 <= cc <= dvh.dosed_cc for cc in volumes)


@given(curves(), st.floats(0.01, 100))
def test_dose_at_volume_is_the_largest_dose_that_the_volume_gets(dvh, percent):
    gy = dvh.dose_at_volume(percent)

    assert dvh.volume_at_dose(gy * (1 - 1e-9)) >= percent - 1e-4
    assert dvh.volume_at_dose(gy * (1 + 1e-6) + 1e-6) <= percent + 1e-4


@given(curves(), st.floats(0.05, 5))
def test_a_differential_holds_all_of_the_volume(dvh, bin_gy):
    edges_gy, cc = dvh.differential(bin_gy)

    assert edges_gy.size == cc.size + 1
    assert cc.min() >= -1e-9
    assert cc.sum() == pytest.approx(dvh.dosed_cc)
