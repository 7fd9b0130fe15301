import numpy as np
import pytest

from imaging.rt.curves import mean_distance, round_width, signed_difference, volume_at
from imaging.rt.thinning import thinned


def sigmoid(points=100_000):
    dose_gy = np.linspace(0, 60, points)
    return dose_gy, 100 / (1 + np.exp((dose_gy - 40) / 1.5))


def worst_distance(curve, other):
    return np.abs(signed_difference(curve, other)[1]).max()


@pytest.mark.parametrize("share", [1e-5, 1e-3])
def test_a_thinned_curve_stays_within_the_tolerance_and_uses_it(share):
    dose_gy, volume = curve = sigmoid()

    thin = thinned(dose_gy, volume, share)

    assert 0.3 * share < worst_distance(curve, thin) / curve[1][0] <= share * (1 + 1e-6)
    assert thin[0].size < 500


def test_the_points_kept_are_points_of_the_curve_with_both_ends():
    dose_gy, volume = sigmoid()

    thin_gy, thin_volume = thinned(dose_gy, volume)

    assert set(zip(thin_gy, thin_volume, strict=True)) <= set(zip(dose_gy, volume, strict=True))
    assert (thin_gy[0], thin_gy[-1]) == (0, 60)
    assert np.all(np.diff(thin_volume) <= 0)


def test_steps_stay_steps():
    dose_gy = np.array([0, 1, 2, 2, 3, 4, 4, 5.0])
    volume = np.array([9, 9, 9, 6, 6, 6, 0, 0.0])

    thin_gy, thin_volume = thinned(dose_gy, volume)

    assert thin_gy.tolist() == [0, 2, 2, 4, 4, 5]
    assert thin_volume.tolist() == [9, 9, 6, 6, 0, 0]


def test_a_step_needs_its_ends_only():
    dose_gy, volume = np.array([0, 2, 2, 2, 4]), np.array([9, 9, 6, 3, 3.0])

    assert thinned(dose_gy, volume)[1].tolist() == [9, 9, 3, 3]


def test_random_stairs_are_kept_within_the_tolerance():
    rng = np.random.default_rng(7)
    dose_gy = np.sort(rng.integers(0, 500, 4000) / 10)
    volume = np.sort(rng.uniform(0, 80, 4000))[::-1]

    thin = thinned(dose_gy, volume, 1e-3)

    assert thin[0].size < 4000
    for side in (False, True):
        drawn, true = (volume_at(c, dose_gy, just_above=side) for c in (thin, (dose_gy, volume)))
        assert np.abs(drawn - true).max() <= 1e-3 * volume[0] * (1 + 1e-9)


def test_a_straight_line_needs_two_points_whatever_the_tolerance():
    dose_gy = np.linspace(0, 7, 1001)

    assert thinned(dose_gy, 21 - 3 * dose_gy, 0)[0].tolist() == [0, 7]
    assert thinned(np.zeros(1), np.zeros(1))[0].tolist() == [0]


def test_a_step_gives_the_upper_volume_at_its_dose_and_the_lower_just_above():
    step = np.array([0, 5, 5, 8.0]), np.array([10, 10, 4, 4.0])
    gy = np.array([0, 5, 6, 8, 8.1])

    assert volume_at(step, gy).tolist() == [10, 10, 4, 4, 0]
    assert volume_at(step, gy, just_above=True).tolist() == [10, 4, 4, 0, 0]


def test_the_mean_distance_counts_both_sides_of_a_crossing():
    level = np.array([0, 4.0]), np.array([50, 50.0])
    falling = np.array([0, 4.0]), np.array([70, 30.0])

    assert mean_distance(level, falling) == pytest.approx(10)
    assert mean_distance(level, level) == 0


@pytest.mark.parametrize(("highest_gy", "width_gy"), [(60, 0.5), (100, 0.5), (5, 0.05), (0, 5e-9)])
def test_bins_have_round_widths(highest_gy, width_gy):
    assert round_width(highest_gy, 200) == pytest.approx(width_gy)
