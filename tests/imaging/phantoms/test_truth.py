import math

import numpy as np
import pytest

from imaging.phantoms import ClosedFormDVH, Cone, Cylinder, LinearDose, Sphere

CENTRE = (0.0, -6.0, 6.0)
BALL = Sphere(CENTRE, 12)
DISCS = Cylinder(CENTRE, 12, 24)
CONE = Cone(CENTRE, 12, 24, "AP")


def dose(axis, gradient_gy_per_mm=1.0):
    """16 Gy at the centre."""
    return LinearDose(axis, CENTRE[["LR", "AP", "SI"].index(axis)], 16.0, gradient_gy_per_mm)


def test_a_ball_gets_the_range_of_its_extension_and_the_mean_of_its_centre():
    dvh = ClosedFormDVH(BALL, dose("SI"), spacing_mm=3.0)

    assert dvh.volume_cc == pytest.approx(4 / 3 * math.pi * 1.2**3)
    assert (dvh.min_gy, dvh.mean_gy, dvh.max_gy) == (2.5, 16.0, 29.5)


@pytest.mark.parametrize(
    ("solid", "axis", "percent", "expected_gy"),
    [
        (BALL, "AP", 15.625, 22.0),  # a cap of half a radius holds 5/32 of a ball
        (BALL, "AP", 84.375, 10.0),
        (BALL, "SI", 50, 16.0),
        (DISCS, "SI", 50, 16.0),
        (DISCS, "SI", 95, 16 - 0.45 * 27),  # 24 mm and half a spacing at each end
        (DISCS, "AP", 100 * (1 / 3 - math.sqrt(3) / 4 / math.pi), 22.0),  # a chord at half a radius
        (CONE, "AP", 87.5, 16.0),
        (CONE, "AP", 0, 28.0),
        (CONE, "SI", 50, 16.0),
    ],
)
def test_dose_at_volume_is_where_geometry_puts_it(solid, axis, percent, expected_gy):
    dvh = ClosedFormDVH(solid, dose(axis), spacing_mm=3.0)

    assert dvh.dose_at_volume(percent) == pytest.approx(expected_gy, abs=1e-9)
    assert dvh.volume_at_dose(expected_gy) == pytest.approx(percent, abs=1e-9)


def test_the_whole_of_a_cone_gets_the_dose_at_its_tip():
    # the last tenth of a micrometre of a tip holds less volume than a float can tell
    assert ClosedFormDVH(CONE, dose("AP"), 3.0).dose_at_volume(100) == pytest.approx(4, abs=1e-3)


def test_the_mean_of_a_cone_lies_a_quarter_of_its_height_above_the_base():
    assert ClosedFormDVH(CONE, dose("AP"), 3.0).mean_gy == pytest.approx(16 + 6)


def test_a_standing_cone_counts_the_disc_that_its_base_gains():
    dvh = ClosedFormDVH(Cone(CENTRE, 12, 24), dose("SI"), 2.0)

    cone, disc = math.pi * 144 * 8, math.pi * 144 * 1
    assert dvh.volume_cc == pytest.approx((cone + disc) / 1000)
    assert dvh.mean_gy == pytest.approx((cone * 22 + disc * 28.5) / (cone + disc))


@pytest.mark.parametrize("solid", [BALL, DISCS, CONE])
@pytest.mark.parametrize("axis", ["LR", "AP", "SI"])
@pytest.mark.parametrize("gradient", [0.4, -0.25])
def test_every_metric_agrees_with_counted_points(solid, axis, gradient):
    side = np.linspace(-15, 15, 121)
    x, y, z = np.meshgrid(side, side - 6, side + 6, indexing="ij", sparse=True)
    counted = dose(axis, gradient)(x, y, z)[solid.contains(x, y, z)]

    dvh = ClosedFormDVH(solid, dose(axis, gradient), spacing_mm=0.0)

    assert dvh.volume_cc == pytest.approx(len(counted) * 0.25**3 / 1000, rel=0.02)
    assert dvh.mean_gy == pytest.approx(counted.mean(), abs=0.05)
    for percent in (2, 50, 95, 98):
        nearest = np.quantile(counted, 1 - percent / 100)
        assert dvh.dose_at_volume(percent) == pytest.approx(nearest, abs=0.12)
    assert dvh.volume_at_dose(17.0) == pytest.approx(100 * (counted >= 17).mean(), abs=3)


def test_a_dose_that_falls_mirrors_one_that_rises():
    rising, falling = (ClosedFormDVH(CONE, dose("AP", slope), 3.0) for slope in (1.0, -1.0))

    assert falling.dose_at_volume(2) == pytest.approx(32 - rising.dose_at_volume(98))
    assert falling.cc_at_dose(20) == pytest.approx(rising.volume_cc - rising.cc_at_dose(12))
    assert (falling.min_gy, falling.max_gy) == (4.0, 28.0)


def test_dose_at_a_volume_in_cc_is_the_inverse_of_the_volume_at_that_dose():
    dvh = ClosedFormDVH(BALL, dose("AP"), 3.0)

    assert dvh.cc_at_dose(dvh.dose_at_cc(0.03)) == pytest.approx(0.03, abs=1e-9)


def test_all_of_the_volume_gets_less_than_the_minimum_and_none_more_than_the_maximum():
    dvh = ClosedFormDVH(DISCS, dose("SI", -0.5), 3.0)

    assert dvh.volume_at_dose(0.0) == 100
    assert dvh.volume_at_dose(dvh.max_gy + 1) == 0


def test_a_uniform_dose_is_refused():
    with pytest.raises(ValueError, match="gradient"):
        LinearDose("AP", 0.0, 50.0, 0.0)
