import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.errors import InputError
from imaging.rt import DVH, Metric
from imaging.rt.metrics.biology import bed, eqd2, geud, known_alpha_beta_gy
from imaging.rt.metrics.context import PlanContext


def dvh_of(dose_gy, cumulative_cc, *, name="Heart"):
    """A DVH whose statistics are those of its curve."""
    dose, cc = np.array(dose_gy, dtype=float), np.array(cumulative_cc, dtype=float)
    ends = np.append(dose, dose[-1])
    share = -np.diff(np.append(cc, 0.0)) / cc[0]
    filled = np.flatnonzero(share)
    return DVH(
        roi_number=1,
        roi_name=name,
        volume_cc=cc[0],
        dose_gy=dose,
        cumulative_cc=cc,
        min_gy=ends[filled[0]],
        max_gy=ends[filled[-1] + 1],
        mean_gy=float(np.sum(share * (ends[:-1] + ends[1:]) / 2)),
    )


RAMP = dvh_of([0, 10, 20], [50, 50, 0])  # evenly between 10 and 20 Gy
FROM_ZERO = dvh_of([0, 60], [100, 0])  # evenly between 0 and 60 Gy
UNIFORM = dvh_of([0, 60], [10, 10])  # 60 Gy throughout
HALVES = dvh_of([0, 20, 20, 40], [2, 2, 1, 1])  # half at 20 Gy, half at 40 Gy


@pytest.mark.parametrize(
    ("a", "expected_gy"),
    [
        (1, 15.0),
        (2, math.sqrt((20**3 - 10**3) / 30)),
        (8, ((20**9 - 10**9) / 90) ** (1 / 8)),
        (-1, 10 / math.log(2)),
        (-2, math.sqrt(200)),
        (0.5, ((20**1.5 - 10**1.5) / 15) ** 2),
        (20, 20 * ((1 - 0.5**21) * 20 / 210) ** (1 / 20)),
        (100, 20 * ((1 - 0.5**101) * 20 / 1010) ** (1 / 100)),
        (-100, 10 * ((1 - 0.5**99) * 10 / 990) ** (-1 / 100)),
    ],
)
def test_the_geud_of_a_linear_ramp_is_its_integral(a, expected_gy):
    assert geud(RAMP, a) == pytest.approx(expected_gy, rel=1e-12)


@pytest.mark.parametrize("a", [-20, -1, -0.5, 0.1, 1, 8, 100])
def test_the_geud_of_a_uniform_dose_is_that_dose(a):
    assert geud(UNIFORM, a) == pytest.approx(60, rel=1e-12)


@pytest.mark.parametrize("a", [-8, -1, 1, 3, 30])
def test_the_geud_of_steps_is_the_power_mean_of_their_doses(a):
    assert geud(HALVES, a) == pytest.approx(((20**a + 40**a) / 2) ** (1 / a), rel=1e-12)


@pytest.mark.parametrize(("a", "expected_gy"), [(1e6, 20.0), (-1e6, 10.0)])
def test_a_large_exponent_leads_to_the_maximum_or_minimum(a, expected_gy):
    assert geud(RAMP, a) == pytest.approx(expected_gy, rel=1e-4)


@pytest.mark.parametrize("a", [-100, -1, 1, 8, 100])
def test_narrow_bins_lose_no_digits(a):
    fine = dvh_of(
        np.append(0, np.linspace(10, 20, 1_000_001)), np.append(50, np.linspace(50, 0, 1_000_001))
    )

    assert geud(fine, a) == pytest.approx(geud(RAMP, a), rel=1e-9)


@pytest.mark.parametrize("width_gy", [1e-3, 1e-6, 1e-9])
def test_a_narrow_bin_has_the_dose_that_it_is_at(width_gy):
    assert geud(dvh_of([50, 50 + width_gy], [1, 0]), 20) == pytest.approx(50, abs=width_gy)


@pytest.mark.parametrize("a", [-1, -2, -0.5])
def test_a_cold_spot_without_dose_leaves_no_geud_to_a_target(a):
    cold = dvh_of([0, 0, 50], [10, 9, 9])

    assert geud(cold, a) == 0


def test_a_ramp_down_to_no_dose_has_a_geud_where_its_integral_converges():
    assert geud(FROM_ZERO, -1) == 0
    assert geud(FROM_ZERO, -0.5) == pytest.approx(60 / 4, rel=1e-12)
    assert geud(FROM_ZERO, 8) == pytest.approx(60 / 9 ** (1 / 8), rel=1e-12)


@given(
    st.lists(st.floats(0, 80), min_size=2, max_size=8),
    st.lists(st.floats(0.01, 1), min_size=7, max_size=7),
)
def test_the_geud_rises_with_its_exponent_from_the_minimum_to_the_maximum(doses_gy, parts_cc):
    above_cc = np.cumsum(parts_cc[: len(doses_gy) - 1])[::-1]
    dvh = dvh_of(sorted(doses_gy), np.append(above_cc, 0))

    found = [geud(dvh, a) for a in (-200, -20, -1.5, -1, -0.5, 0.5, 1, 2, 20, 200)]
    slack = 1e-9 * max(doses_gy)
    assert np.all(np.diff([dvh.min_gy - slack, *found, dvh.max_gy]) >= -slack)
    assert found[6] == pytest.approx(dvh.mean_gy)


def test_no_dose_at_all_is_a_geud_of_0_and_no_volume_is_none():
    assert geud(dvh_of([0], [10]), 8) == 0
    assert geud(DVH.empty(1, "Heart"), 8) is None


@pytest.mark.parametrize("a", [0, math.inf, math.nan])
def test_a_geud_needs_an_exponent(a):
    with pytest.raises(InputError, match="exponent"):
        geud(RAMP, a)


@pytest.mark.parametrize(
    ("fractions", "alpha_beta_gy", "bed_gy", "eqd2_gy"),
    [(20, 10, 78, 65), (30, 10, 72, 60), (30, 3, 100, 60), (3, 10, 180, 150), (15, 2, 180, 90)],
)
def test_60_gy_in_other_fractions(fractions, alpha_beta_gy, bed_gy, eqd2_gy):
    for effective, expected_gy in (
        (bed(UNIFORM, fractions, alpha_beta_gy), bed_gy),
        (eqd2(UNIFORM, fractions, alpha_beta_gy), eqd2_gy),
    ):
        assert effective.mean_gy == pytest.approx(expected_gy, rel=1e-12)
        assert (effective.min_gy, effective.max_gy) == pytest.approx((expected_gy, expected_gy))
        assert effective.dose_at_volume(95) == pytest.approx(expected_gy, rel=1e-12)


def test_the_mean_eqd2_of_a_ramp_is_not_the_eqd2_of_its_mean():
    effective = eqd2(RAMP, 5, 3)

    def of_dose(gy):
        return gy * (1 + gy / 15) / (1 + 2 / 3)

    mean_of_squares = (20**3 - 10**3) / 30
    assert effective.mean_gy == pytest.approx((15 + mean_of_squares / 15) / (5 / 3), rel=1e-12)
    assert effective.mean_gy > of_dose(15) + 0.3


@pytest.mark.parametrize("dvh", [RAMP, FROM_ZERO], ids=["10-20 Gy", "0-60 Gy"])
@pytest.mark.parametrize(("fractions", "alpha_beta_gy"), [(1, 1), (5, 3), (30, 10), (1, 0.01)])
def test_the_curve_stays_exact_between_the_points_of_the_physical_one(
    dvh, fractions, alpha_beta_gy
):
    effective = bed(dvh, fractions, alpha_beta_gy)

    for percent in (99, 97.3, 80, 51.7, 20, 3.1, 0.2):
        gy = dvh.dose_at_volume(percent)
        expected_gy = gy * (1 + gy / (fractions * alpha_beta_gy))
        assert effective.dose_at_volume(percent) == pytest.approx(expected_gy, rel=1e-6)
        assert effective.volume_at_dose(expected_gy) == pytest.approx(percent, abs=1e-3)


def test_an_effective_dose_keeps_volumes_and_steps():
    effective = bed(HALVES, 10, 10)

    assert effective.volume_cc == effective.dosed_cc == 2
    assert effective.dose_gy.size == HALVES.dose_gy.size
    assert effective.dose_at_volume(51) == pytest.approx(24)
    assert effective.dose_at_volume(49) == pytest.approx(56)
    assert effective.mean_gy == pytest.approx(40)


def test_the_mean_stays_between_a_minimum_and_maximum_finer_than_the_bins():
    binned = DVH(
        roi_number=1,
        roi_name="PTV",
        volume_cc=1,
        dose_gy=np.array([0, 50.0, 50.01]),
        cumulative_cc=np.array([1.0, 1, 0]),
        min_gy=50.0,
        max_gy=50.0,
        mean_gy=50.0,
    )

    effective = eqd2(binned, 25, 10)
    assert effective.mean_gy == effective.max_gy == pytest.approx(50)


def test_an_empty_dvh_has_an_empty_effective_one():
    assert eqd2(DVH.empty(1, "Heart"), 5, 3).is_empty


@pytest.mark.parametrize(("fractions", "alpha_beta_gy"), [(0, 3), (-1, 3), (5, 0), (5, -2)])
@pytest.mark.parametrize("effect", [bed, eqd2])
def test_no_fractions_and_no_alpha_beta_are_refused(effect, fractions, alpha_beta_gy):
    with pytest.raises(InputError, match="alpha/beta"):
        effect(RAMP, fractions, alpha_beta_gy)


@pytest.mark.parametrize(
    ("roi_name", "alpha_beta_gy"),
    [
        ("PTV_60", 10),
        ("gtv", 10),
        ("SpinalCord", 2),
        ("myelon", 2),
        ("Optic nerve left", 2),
        ("heart", 3),
        ("Lunge links", 3),
        ("PRV_SpinalCord", None),
        ("zHelp1", None),
    ],
)
def test_alpha_beta_goes_with_the_tissue_that_a_name_tells(roi_name, alpha_beta_gy):
    assert known_alpha_beta_gy(roi_name, {}) == alpha_beta_gy


def test_the_first_of_ones_own_alpha_betas_that_fits_counts():
    own = {"PTV_Boost": 1.5, "PTV*": 4, "SpinalCord": 0.87}

    found = [known_alpha_beta_gy(name, own) for name in ("PTV_Boost", "PTV_50", "cord", "Heart")]
    assert found == [1.5, 4, 0.87, 3]


def test_metrics_of_effective_doses_use_the_tissue_of_their_roi():
    plan = PlanContext(fractions=20, alpha_beta_gy={"Rectum": 5})
    target, rectum = (dvh_of([0, 60], [10, 10], name=name) for name in ("PTV", "Rectum"))

    assert Metric.parse("EQD2:Dmean[Gy]").evaluate(target, plan).value == pytest.approx(65)
    assert Metric.parse("BED:D95%").evaluate(target, plan).value == pytest.approx(78)
    assert Metric.parse("BED:Dmax").evaluate(rectum, plan).value == pytest.approx(96)
    assert Metric.parse("EQD2:V64.9Gy[%]").evaluate(target, plan).value == 100
    assert Metric.parse("EQD2:V65.1Gy[%]").evaluate(target, plan).value == 0
    assert Metric.parse("EQD2:gEUD(8)").evaluate(target, plan).value == pytest.approx(65)


def test_an_unknown_tissue_is_taken_for_late_reacting_and_flagged():
    result = Metric.parse("BED:Dmean").evaluate(
        dvh_of([0, 60], [1, 1], name="zHelp"), PlanContext(fractions=20)
    )

    assert result.value == pytest.approx(120)
    assert result.flags == ("ALPHA_BETA_ASSUMED",)


def test_an_effective_dose_without_fractions_is_empty_and_flagged():
    result = Metric.parse("EQD2:Dmean").of(RAMP)

    assert (result.value, result.flags) == (None, ("NO_FRACTIONS",))
