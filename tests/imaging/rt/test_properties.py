"""What holds for every DVH of the exact engine, whatever the polygons and the dose."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.phantoms import rtstruct_of
from imaging.rt import exact
from imaging.rt.doses.grid import DoseGrid
from imaging.rt.files.rois import rois_of
from imaging.rt.method import Method

bounded = settings(derandomize=True, max_examples=25, deadline=None, database=None)
seeds = st.integers(0, 10**6)
HEIGHTS_MM = np.arange(-6.0, 7, 3)


def star(random, centre=(0.0, 0.0), mm=12.0):
    """A polygon around its centre that does not cross itself, with coordinates of two decimals."""
    angle = 2 * np.pi / 9 * (np.arange(9) + random.uniform(0, 0.9, 9))
    radius = random.uniform(0.3 * mm, mm, 9)
    ring = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]) + centre
    return ring.round(2)


def scene(seed):
    """Contours and a dose of smooth noise around them."""
    random = np.random.default_rng(seed)
    rings = [star(random) for _ in HEIGHTS_MM]
    contours = [np.insert(ring, 2, z, axis=1) for ring, z in zip(rings, HEIGHTS_MM, strict=True)]
    return contours, dose(random.uniform(5, 60, (12, 15, 15))), random


def dose(values, origin=(-21.0, -21.0, -16.5)):
    return DoseGrid(
        uid="1.2",
        frame_of_reference_uid="",
        values_gy=np.ascontiguousarray(values),
        origin_mm=np.array(origin),
        along_columns=np.array([1.0, 0, 0]),
        along_rows=np.array([0, 1.0, 0]),
        spacing_mm=(3.0, 3.0),
        frames_mm=3 * np.arange(len(values), dtype=np.float64),
        border_mm=(1.5, 1.5),
    )


def calculated(contours, grid, **method):
    (dvh,) = exact.calculate(rois_of(rtstruct_of({"A": contours})), grid, Method(**method))
    return dvh


def check_same(one, other, within_gy=1e-6):
    assert other.volume_cc == pytest.approx(one.volume_cc, rel=1e-6)
    doses = [(each.min_gy, each.mean_gy, each.max_gy) for each in (one, other)]
    assert doses[1] == pytest.approx(doses[0], abs=within_gy)
    gy = np.linspace(one.min_gy, one.max_gy, 41)
    curves = [np.array([each.cc_at_dose(dose) for dose in gy]) for each in (one, other)]
    assert np.abs(curves[1] - curves[0]).max() < 1e-3 * one.volume_cc


@bounded
@given(seeds)
def test_moving_everything_changes_nothing(seed):
    contours, grid, random = scene(seed)
    shift = random.uniform(-500, 500, 3).round(1)
    moved = dose(grid.values_gy, grid.origin_mm + shift)

    check_same(calculated(contours, grid), calculated([c + shift for c in contours], moved), 1e-3)


@bounded
@given(seeds)
def test_the_volume_does_not_depend_on_the_place_in_the_grid(seed):
    contours, grid, random = scene(seed)
    shift = random.uniform(-6, 6, 3).round(2)

    moved = calculated([points + shift for points in contours], grid)

    assert moved.dosed_cc == pytest.approx(calculated(contours, grid).dosed_cc, rel=1e-6)


@bounded
@given(seeds)
def test_turning_everything_by_90_degrees_changes_nothing(seed):
    contours, grid, _ = scene(seed)
    turned = [points @ np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1.0]]) for points in contours]

    check_same(
        calculated(contours, grid), calculated(turned, dose(np.rot90(grid.values_gy, -1, (1, 2))))
    )


@bounded
@given(seeds)
def test_start_direction_and_order_of_contours_do_not_matter(seed):
    contours, grid, random = scene(seed)
    other = [
        np.roll(points, random.integers(9), axis=0)[:: random.choice([1, -1])]
        for points in contours
    ]
    random.shuffle(other)

    check_same(calculated(contours, grid), calculated(other, grid))


@bounded
@given(seeds, st.sampled_from(["prism", "cubic"]), st.sampled_from(["linear", "cubic"]))
def test_statistics_and_curve_agree(seed, between, interpolation):
    contours, grid, _ = scene(seed)

    dvh = calculated(contours, grid, between=between, dose_interpolation=interpolation)

    assert np.all(np.diff(dvh.cumulative_cc) <= 0)
    order = [dvh.min_gy, *(dvh.dose_at_volume(percent) for percent in (98, 50, 2)), dvh.max_gy]
    assert order == sorted(order)
    if between == "prism":  # a curve through areas may overshoot, and the DVH's is cut off there
        integral = np.trapezoid(dvh.cumulative_cc, dvh.dose_gy) / dvh.dosed_cc + dvh.min_gy
        assert integral == pytest.approx(dvh.mean_gy, abs=1e-3)


@bounded
@given(seeds, st.sampled_from(["half", "none", 2.0]))
def test_the_parts_of_a_contour_cut_in_two_add_up(seed, caps):
    contours, grid, _ = scene(seed)
    whole = calculated(contours, grid, end_caps=caps)

    parts = [calculated(half_of(contours, side), grid, end_caps=caps) for side in (1, -1)]

    gy = np.linspace(whole.min_gy, whole.max_gy, 41)
    added = [sum(part.cc_at_dose(dose) for part in parts) for dose in gy]
    errors = np.array([whole.cc_at_dose(dose) for dose in gy]) - added
    assert sum(part.dosed_cc for part in parts) == pytest.approx(whole.dosed_cc, rel=1e-5)
    assert np.abs(errors).max() < 0.01 * whole.dosed_cc


def half_of(contours, side):
    """The part of every contour with x above 0, or below; no two points are left there."""
    found = []
    for points in contours:
        following = np.roll(points, -1, axis=0)
        kept = []
        for here, then in zip(points, following, strict=True):
            if side * here[0] >= 0:
                kept.append(here)
            if (here[0] > 0) != (then[0] > 0):
                kept.append(here + here[0] / (here[0] - then[0]) * (then - here))
        found.append(np.array(kept))
    return found


@bounded
@given(seeds)
def test_lower_and_upper_contours_add_up_with_caps_that_meet(seed):
    contours, grid, _ = scene(seed)
    whole = calculated(contours, grid, end_caps=1.5)

    parts = [calculated(part, grid, end_caps=1.5) for part in (contours[:2], contours[2:])]

    assert sum(part.dosed_cc for part in parts) == pytest.approx(whole.dosed_cc, rel=1e-9)
    assert sum(part.dosed_cc * part.mean_gy for part in parts) == pytest.approx(
        whole.dosed_cc * whole.mean_gy, rel=1e-6
    )


@bounded
@given(seeds, st.floats(1e-3, 100))
def test_scaling_the_dose_scales_every_dose(seed, factor):
    contours, grid, _ = scene(seed)
    dvh = calculated(contours, grid)

    scaled = calculated(contours, dose(grid.values_gy * factor))

    for percent in (100, 98, 50, 2, 0):
        expected_gy = factor * dvh.dose_at_volume(percent)
        assert scaled.dose_at_volume(percent) == pytest.approx(expected_gy, abs=0.02 * factor)
    assert scaled.mean_gy == pytest.approx(factor * dvh.mean_gy, rel=1e-6)


@bounded
@given(seeds, st.floats(0, 50))
def test_adding_a_constant_shifts_every_dose(seed, more_gy):
    contours, grid, _ = scene(seed)
    dvh = calculated(contours, grid)

    shifted = calculated(contours, dose(grid.values_gy + more_gy))

    for percent in (100, 98, 50, 2, 0):
        expected_gy = dvh.dose_at_volume(percent) + more_gy
        assert shifted.dose_at_volume(percent) == pytest.approx(expected_gy, abs=1e-3)
