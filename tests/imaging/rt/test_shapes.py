"""Shape-based interpolation between contours, against closed forms."""

import math

import numpy as np
import pytest

from imaging.phantoms import DoseGrid, SlopedDose, rtdose_of, rtstruct_of, write_object
from imaging.phantoms.outlined import at_height
from imaging.phantoms.outlines import circle
from imaging.phantoms.solids import Cone, Cylinder, Sphere
from imaging.rt.compute import dvhs_of_files

CENTRE_MM = (1.3, -2.1, 0.4)
GRADIENT = (0.5, 0.7, 0.3)
STEP_MM = 0.3
GRID = DoseGrid((-40.0, -42.0, -40.0), (2.0, 1.5, 2.5), (33, 57, 41))


def dvh_of(folder, contours, between="shape", *, end_caps="half", grid=GRID):
    """The DVH of contours, z and points of each, in a dose that is 60 Gy at the centre."""
    points = {"Solid": [at_height(outline, z_mm) for z_mm, outline in contours]}
    structures = write_object(rtstruct_of(points), folder / "structures.dcm")
    dose = SlopedDose(CENTRE_MM, 60.0, GRADIENT)
    path = write_object(rtdose_of(dose, grid), folder / "dose.dcm")
    (dvh,) = dvhs_of_files(structures, path, between=between, end_caps=end_caps)
    return dvh


def stack(*planes):
    """Circles around the centre: (height, radius, ...) of each plane."""
    x, y, z = CENTRE_MM
    return [
        (z + height, circle(radius, STEP_MM) + np.array([x, y]))
        for height, *radii in planes
        for radius in radii
    ]


def frustums_cc(heights_mm, radii_mm):
    """The volume of cones cut off at each height, one upon the other."""
    lower, upper = np.array(radii_mm[:-1]), np.array(radii_mm[1:])
    areas = math.pi / 3 * (lower**2 + lower * upper + upper**2)
    return float(areas @ np.diff(heights_mm)) / 1000


def disc_cc(radius_mm, thickness_mm):
    return math.pi * radius_mm**2 * thickness_mm / 1000


def off_percent(found, true):
    return 100 * abs(found / true - 1)


def test_a_cone_has_its_volume_and_its_mean_dose(tmp_path):
    cone = Cone(CENTRE_MM, 15, 25)
    true_cc = float(cone.volume_beyond(-100, "SI", 5)) / 1000
    true_gy = 60 + GRADIENT[2] * (cone.centroid_mm("SI", 5) - CENTRE_MM[2])

    dvh = dvh_of(tmp_path, cone.contours(5, STEP_MM))
    prisms = dvh_of(tmp_path, cone.contours(5, STEP_MM), "prism")

    assert off_percent(dvh.volume_cc, true_cc) < 0.2
    assert off_percent(prisms.volume_cc, true_cc) > 1
    assert dvh.mean_gy == pytest.approx(true_gy, abs=0.02)


# Outlines change evenly, so a ball becomes cones, and loses more than with prisms, whose areas
# change evenly.
def test_a_ball_becomes_cones_upon_each_other(tmp_path):
    ball = Sphere(CENTRE_MM, 15)
    heights_mm = np.linspace(-15, 15, 7)
    radii_mm = np.sqrt(15**2 - heights_mm**2)

    dvh = dvh_of(tmp_path, ball.contours(5, STEP_MM))

    assert off_percent(dvh.volume_cc, frustums_cc(heights_mm, radii_mm)) < 0.5
    assert dvh.mean_gy == pytest.approx(60, abs=5e-3)


def test_a_cylinder_stays_what_it_was(tmp_path):
    contours = Cylinder(CENTRE_MM, 12, 20).contours(5, STEP_MM)

    dvh, prism = (dvh_of(tmp_path, contours, between) for between in ("shape", "prism"))

    assert dvh.volume_cc == prism.volume_cc
    assert np.array_equal(dvh.cumulative_cc, prism.cumulative_cc)
    assert dvh.notes == ()


@pytest.mark.parametrize(("caps", "cap_mm"), [("none", 0), ("rounded", 1), ("half", 3), (2.5, 2.5)])
def test_ends_keep_the_caps_of_the_spacing_of_contours(tmp_path, caps, cap_mm):
    dvh = dvh_of(tmp_path, stack((0, 15), (6, 10), (12, 12)), end_caps=caps)

    inner_cc = frustums_cc([0, 6, 12], [15, 10, 12])
    assert dvh.volume_cc == pytest.approx(
        inner_cc + disc_cc(15, cap_mm) + disc_cc(12, cap_mm), rel=2e-3
    )


def test_a_hole_stays_a_hole_and_changes_with_its_contours(tmp_path):
    dvh = dvh_of(tmp_path, stack((0, 20, 12), (6, 16, 6), (12, 18, 9)), end_caps="none")

    outer_cc = frustums_cc([0, 6, 12], [20, 16, 18])
    assert dvh.volume_cc == pytest.approx(outer_cc - frustums_cc([0, 6, 12], [12, 6, 9]), rel=2e-3)


def test_it_does_not_matter_where_the_solid_lies(tmp_path):
    shift_mm = np.array([0.37, -0.81, 1.13])
    contours = stack((0, 15), (5, 9), (10, 13))
    moved = [(z_mm + shift_mm[2], outline + shift_mm[:2]) for z_mm, outline in contours]
    more_gy = float(shift_mm @ GRADIENT)

    here, there = dvh_of(tmp_path, contours), dvh_of(tmp_path, moved)

    assert there.volume_cc == pytest.approx(here.volume_cc, rel=1e-5)
    for gy in range(45, 76):
        cc = here.cc_at_dose(gy)
        assert there.cc_at_dose(gy + more_gy) == pytest.approx(cc, abs=1e-3 * here.volume_cc)


def test_what_is_outside_the_dose_is_told_and_no_more(tmp_path):
    contours = stack((0, 15), (5, 9), (10, 13))
    # The first voxel, 2 mm wide, starts in the middle of the solid.
    small = DoseGrid((CENTRE_MM[0] + 1, -42.0, -40.0), (2.0, 1.5, 2.5), (33, 57, 20))

    whole, part = dvh_of(tmp_path, contours), dvh_of(tmp_path, contours, grid=small)

    assert part.volume_cc == pytest.approx(whole.volume_cc, rel=1e-5)
    assert part.outside_cc == pytest.approx(whole.volume_cc / 2, rel=1e-3)
    assert part.outside_cc + part.dosed_cc == pytest.approx(part.volume_cc)
    assert np.all(np.diff(part.cumulative_cc) <= 0)


def test_the_extremes_are_those_of_the_solid(tmp_path):
    dvh = dvh_of(tmp_path, stack((0, 15), (6, 10), (12, 14)), end_caps="none")

    across = math.hypot(*GRADIENT[:2])
    assert dvh.min_gy == pytest.approx(60 - 15 * across, abs=0.02)
    assert dvh.max_gy == pytest.approx(60 + 14 * across + 12 * GRADIENT[2], abs=0.02)


def test_a_branch_that_ends_reaches_half_way_to_the_next_contours(tmp_path):
    branch = circle(6, STEP_MM) + np.array([20.0, 0.0])
    contours = [*stack((0, 9), (6, 9.5), (12, 10)), (CENTRE_MM[2], branch)]

    dvh = dvh_of(tmp_path, contours, end_caps="none")

    trunk_cc = frustums_cc([0, 6, 12], [9, 9.5, 10])
    assert dvh.volume_cc == pytest.approx(trunk_cc + disc_cc(6, 3), rel=2e-3)
    assert [note[:7] for note in dvh.notes] == ["1 times"]


def test_a_hole_that_closes_reaches_half_way_to_the_next_contours(tmp_path):
    dvh = dvh_of(tmp_path, stack((0, 16, 6), (6, 14), (12, 15)), end_caps="none")

    outer_cc = frustums_cc([0, 6, 12], [16, 14, 15])
    assert dvh.volume_cc == pytest.approx(outer_cc - disc_cc(6, 3), rel=2e-3)
    assert [note[:7] for note in dvh.notes] == ["1 times"]


def test_contours_that_do_not_overlap_lose_nothing(tmp_path):
    aside = circle(8, STEP_MM) + np.array([20.0, 0.0])
    contours = [(0.0, aside), (4.0, -aside), (8.0, aside)]

    dvh, prism = (dvh_of(tmp_path, contours, between) for between in ("shape", "prism"))

    assert dvh.volume_cc == pytest.approx(prism.volume_cc, rel=1e-3)
    assert [note[:7] for note in dvh.notes] == ["2 times"]


def test_an_outline_that_crosses_itself_keeps_both_lobes(tmp_path):
    bows = [
        (z, np.array([[-10.0, -size], [10.0, size], [10.0, -size], [-10.0, size]]))
        for z, size in ((0.0, 8.0), (5.0, 10.0))
    ]

    dvh = dvh_of(tmp_path, bows, end_caps="none")

    assert dvh.volume_cc == pytest.approx(10 * (8 + 10) * 5 / 1000, rel=0.02)
