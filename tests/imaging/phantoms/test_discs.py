import math

import numpy as np
import pytest
from pydicom import dcmread

from imaging.phantoms import (
    DIAGONAL_CASES,
    DISC_CASES,
    DiscCase,
    Prism,
    PrismDVH,
    SlopedDose,
    score_disc,
)
from tests.imaging.phantoms.geometry import area_mm2, contour_points, voxel_centres

SQUARE = np.array([(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)])
HALF = math.sqrt(0.5)
OCTAGON = 7 * np.array([(math.cos(a), math.sin(a)) for a in np.arange(8) * math.pi / 4])


def cube_in(gradient, *holes):
    dose = SlopedDose((5.0, 5.0, 5.0), 50.0, gradient)
    return PrismDVH([Prism(SQUARE, 0.0, 10.0), *holes], dose)


@pytest.mark.parametrize(
    ("gradient", "gy", "expected_cc"),
    [
        ((1.0, 0.0, 0.0), 52, 0.3),
        ((-1.0, 0.0, 0.0), 52, 0.3),
        ((0.0, 2.0, 0.0), 54, 0.3),
        ((0.0, 0.0, 1.0), 48, 0.7),
        ((0.0, 0.0, -1.0), 48, 0.7),
        ((HALF, 0.0, HALF), 50, 0.5),
        ((HALF, 0.0, HALF), 50 + 5 * HALF, 0.125),  # half of a 5 mm square, 10 mm long
        ((HALF, HALF, 0.0), 50 + 5 * HALF, 0.125),
        ((-HALF, 0.0, HALF), 50 - 5 * HALF, 0.875),
        ((1.0, 1.0, 1.0), 50 + 12, 0.0045),  # a corner: 3 mm along each edge, 27 / 6 mm3
        ((1.0, 1.0, -1.0), 50 - 12, 0.9955),
    ],
)
def test_the_part_of_a_cube_beyond_a_plane_is_what_geometry_says(gradient, gy, expected_cc):
    dvh = cube_in(gradient)

    assert dvh.cc_at_dose(gy) == pytest.approx(expected_cc, abs=1e-12)
    assert dvh.dose_at_cc(expected_cc) == pytest.approx(gy, abs=1e-9)


def test_extremes_lie_at_corners_and_the_mean_at_the_centre_of_mass():
    dvh = cube_in((1.0, 2.0, 0.5))

    assert (dvh.min_gy, dvh.mean_gy, dvh.max_gy) == pytest.approx((32.5, 50, 67.5))
    assert (dvh.dose_at_volume(100), dvh.dose_at_volume(0)) == pytest.approx((32.5, 67.5))


def test_a_hole_is_taken_away():
    hole = Prism(SQUARE / 2 + [1, 2], 0.0, 10.0, is_hole=True)  # a quarter, around x = 3.5
    dvh = cube_in((1.0, 0.0, 0.0), hole)

    assert dvh.volume_cc == pytest.approx(0.75)
    assert dvh.mean_gy == pytest.approx(50 + (0 - 0.25 * (3.5 - 5)) / 0.75)
    assert dvh.cc_at_dose(49) == pytest.approx(0.6 - 0.1)


@pytest.mark.parametrize("gradient", [(1.0, 2.0, 0.5), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)])
def test_the_direction_of_a_ring_does_not_matter(gradient):
    hole = Prism(SQUARE / 2 + [1, 2], 0.0, 10.0, is_hole=True)
    dvh = cube_in(gradient, hole)
    turned = [prism._replace(ring_mm=prism.ring_mm[::-1]) for prism in dvh.prisms]
    backward = PrismDVH(turned, dvh.dose)

    doses = np.linspace(dvh.min_gy, dvh.max_gy, 9)
    assert backward.cc_at_doses(doses) == pytest.approx(dvh.cc_at_doses(doses), abs=1e-12)
    assert (backward.volume_cc, backward.mean_gy) == pytest.approx((dvh.volume_cc, dvh.mean_gy))


@pytest.mark.parametrize("gradient", [(1.0, 0.0, 0.0), (HALF, 0.0, HALF), (0.3, -0.5, 0.7)])
def test_every_part_of_a_stack_agrees_with_counted_points(gradient):
    dose = SlopedDose((0.0, 0.0, 0.0), 20.0, gradient)
    dvh = PrismDVH([Prism(OCTAGON, -3.0, 0.0), Prism(OCTAGON * 0.5, 0.0, 4.0)], dose)
    x, y, z = np.random.default_rng(1).uniform(-7, 7, (3, 400_000))
    size = np.where((z > -3) & (z < 0), 1.0, np.where((z > 0) & (z < 4), 0.5, 0.0))
    reach = 7 * math.cos(math.pi / 8)  # of the octagon's edges
    angles = (np.arange(8) + 0.5) * math.pi / 4
    outward = np.max([x * math.cos(a) + y * math.sin(a) for a in angles], axis=0)
    counted = dose(x, y, z)[outward < size * reach]
    cc_a_point = 14**3 / 1000 / x.size

    assert dvh.volume_cc == pytest.approx(len(counted) * cc_a_point, rel=0.02)
    assert dvh.mean_gy == pytest.approx(counted.mean(), abs=0.05)
    for gy in (17, 19, 20, 22):
        assert dvh.cc_at_dose(gy) == pytest.approx((counted > gy).sum() * cc_a_point, abs=0.01)


@pytest.mark.parametrize("shift_mm", np.linspace(0.1, 9.1, 28))
def test_an_edge_along_the_chord_does_not_matter(shift_mm):
    # Turned by 45 degrees and shifted, an edge is along the chord up to rounding and no further.
    turned = SQUARE @ np.array([(HALF, HALF), (-HALF, HALF)]) + [shift_mm, 0.3]
    dose = SlopedDose((0.0, 0.0, 0.0), 0.0, (HALF, HALF, 0.0))
    dvh = PrismDVH([Prism(turned, 0.0, 1.0)], dose)

    first = (shift_mm + 0.3) * HALF
    steps = first + np.arange(11.0)
    assert dvh.cc_at_doses(steps) == pytest.approx(0.1 - 0.01 * np.arange(11), abs=1e-9)


def test_a_uniform_dose_is_refused():
    with pytest.raises(ValueError, match="gradient"):
        SlopedDose((0.0, 0.0, 0.0), 50.0, (0.0, 0.0, 0.0))


def test_there_are_144_cases_and_48_diagonal_ones():
    assert len(set(DISC_CASES)) == 144
    assert len(set(DIAGONAL_CASES)) == 48
    assert {case.slope for case in DISC_CASES} == {"x", "z", "x-z"}


@pytest.mark.parametrize("stack", ["ball", "cylinder", "tube"])
def test_the_file_holds_the_outlines_that_the_truth_is_made_of(tmp_path, stack):
    case = DiscCase(stack, 5.0, "x-z", 2.0)

    structures, dose = (dcmread(path) for path in case.write(tmp_path))

    (roi,) = structures.ROIContourSequence
    drawn = [contour_points(item) for item in roi.ContourSequence]
    volume = sum((-1 if p.is_hole else 1) * 2 * area_mm2(p.ring_mm) for p in case.prisms())
    assert [points[:, :2].tolist() for points in drawn] == [
        p.ring_mm.tolist() for p in case.prisms()
    ]
    assert [points[0, 2] for points in drawn] == [p.low_mm + 1 for p in case.prisms()]
    assert case.truth.volume_cc == pytest.approx(volume / 1000)
    centres = voxel_centres(dose)
    expected_gy = case.truth.dose(centres[..., 0], centres[..., 1], centres[..., 2])
    stored_gy = dose.pixel_array * float(dose.DoseGridScaling)
    assert stored_gy == pytest.approx(expected_gy, abs=1e-6)


@pytest.mark.parametrize("case", DISC_CASES + DIAGONAL_CASES, ids=str)
def test_every_stack_is_inside_its_dose_and_has_more_than_one_plane(case):
    corners = np.concatenate([p.ring_mm for p in case.prisms()])
    lows, highs = [p.low_mm for p in case.prisms()], [p.high_mm for p in case.prisms()]
    axes = [case.dose_grid().axis_mm(index) for index in range(3)]

    assert len(set(lows)) > 1
    box = zip((*corners.min(axis=0), min(lows)), (*corners.max(axis=0), max(highs)), strict=True)
    for (low, high), axis in zip(box, axes, strict=True):
        assert axis[0] < low
        assert high < axis[-1]


def test_places_differ_from_case_to_case_and_never_from_run_to_run():
    one, other = DiscCase("ball", 5.0, "x", 1.0), DiscCase("ball", 5.0, "z", 1.0)

    assert one.truth.dose.centre_mm == (0.204, 0.884, 1.515)
    assert other.truth.dose.centre_mm != one.truth.dose.centre_mm


class Off:
    """The truth of a case, but for what is wrong with it."""

    def __init__(self, truth, *, volume=1.0, shift_gy=0.0, min_gy=0.0):
        self._truth, self._shift_gy = truth, shift_gy
        self.volume_cc = truth.volume_cc * volume
        self.min_gy, self.max_gy = truth.min_gy + min_gy, truth.max_gy
        self.mean_gy = truth.mean_gy

    def dose_at_volume(self, percent):
        return self._truth.dose_at_volume(percent) + self._shift_gy

    def dose_at_cc(self, cc):
        return self._truth.dose_at_cc(cc) + self._shift_gy / 2

    def cc_at_dose(self, gy):
        return self._truth.cc_at_dose(gy - self._shift_gy)


def test_the_score_of_the_truth_is_nothing_and_each_fault_has_its_place():
    truth = DiscCase("cylinder", 5.0, "z", 2.0).truth
    height_mm = truth.max_gy - truth.min_gy

    assert score_disc(truth, truth) == pytest.approx((0, 0, 0, 0), abs=1e-9)
    assert score_disc(Off(truth, volume=1.01), truth).volume_percent == pytest.approx(1)
    assert score_disc(Off(truth, min_gy=-0.2), truth).extremes_gy == pytest.approx(0.2)
    shifted = score_disc(Off(truth, shift_gy=0.1), truth)
    assert shifted.worst_gy == pytest.approx(0.1)
    assert shifted.curve_percent == pytest.approx(100 * 0.1 / height_mm, rel=1e-6)
