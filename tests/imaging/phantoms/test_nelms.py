from collections import Counter

import numpy as np
import pytest
from pydicom import dcmread

from imaging.phantoms import TEST_1, TEST_2, TEST_3, NelmsCase, score, volume_errors
from imaging.phantoms.scores import PARAMETERS, Scored, parameters_of
from tests.imaging.phantoms.geometry import area_mm2, contour_points, voxel_centres

CUBE = (3.0, 3.0, 3.0)


class Off:
    """The truth of a case, with a volume, all doses or the curve made wrong."""

    def __init__(self, truth, *, volume=1.0, dose=1.0, curve=1.0):
        self._truth, self._dose, self._curve = truth, dose, curve
        self.volume_cc = truth.volume_cc * volume
        self.min_gy, self.mean_gy = truth.min_gy * dose, truth.mean_gy * dose
        self.max_gy = None

    def dose_at_volume(self, percent):
        return self._truth.dose_at_volume(percent) * self._dose

    def dose_at_cc(self, cc):
        return self._truth.dose_at_cc(cc) * self._dose

    def cc_at_dose(self, gy):
        return self._truth.cc_at_dose(gy) * self._curve


@pytest.mark.parametrize(("test", "cases", "values"), [(TEST_1, 40, 340), (TEST_2, 30, 255)])
def test_cases_and_values_are_as_many_as_the_paper_has(test, cases, values):
    counted = Counter(one.parameter for case in test for one in score(case, case.truth))

    assert len(set(test)) == len(test) == cases
    assert counted == {name: cases if name != "V" else cases // 2 for name in PARAMETERS}
    assert counted.total() == values


def test_the_spacings_are_those_of_the_paper():
    fine = (0.4, 0.4, 0.2)

    assert {case.contour_mm for case in TEST_1} == {0.2}
    assert {case.grid_mm[0] for case in TEST_1} == {0.4, 1, 2, 3}
    assert fine in {case.grid_mm for case in TEST_1}
    assert all(case.grid_mm == (case.contour_mm,) * 3 for case in TEST_2)
    assert {case.contour_mm for case in TEST_2} == {1, 2, 3}
    assert {case.contour_mm for case in TEST_3} == {1, 3}


# By hand: the solid of radius 12 and height 24 mm, half a contour spacing longer at either end.
@pytest.mark.parametrize(
    ("shape", "gradient", "contour_mm", "expected"),
    [
        ("sphere", "SI", 0.2, {"V": 7.23823, "Dmin": 3.9, "Dmax": 28.1, "Dmean": 16.0}),
        ("sphere", "AP", 3.0, {"V": 7.23823, "Dmin": 4.0, "Dmax": 28.0, "Dmean": 16.0}),
        ("cylinder", "SI", 3.0, {"V": 12.21451, "Dmin": 2.5, "D95": 3.85, "D5": 28.15}),
        ("rotated cylinder", "AP", 3.0, {"V": 10.85734, "D99": 4.24, "D1": 27.76}),
        ("cone", "SI", 2.0, {"V": 4.07150, "Dmin": 3.0, "Dmax": 29.0, "Dmean": 22.72222}),
        ("rotated cone", "AP", 1.0, {"V": 3.61911, "Dmean": 22.0, "D5": 27.59315}),
    ],
)
def test_the_truth_is_that_of_the_solid_and_its_extension(shape, gradient, contour_mm, expected):
    truth = parameters_of(NelmsCase(shape, gradient, contour_mm, CUBE).truth)

    assert {name: truth[name] for name in expected} == pytest.approx(expected, rel=2e-6)


@pytest.mark.parametrize("shape", ["sphere", "cylinder", "rotated cylinder", "cone"])
def test_fine_contours_hold_the_volume_of_the_solid(tmp_path, shape):
    case = NelmsCase(shape, "SI", 0.2, CUBE)

    structures = dcmread(case.write(tmp_path)[0])

    (roi,) = structures.ROIContourSequence
    areas = [area_mm2(contour_points(item)[:, :2]) for item in roi.ContourSequence]
    assert len(areas) == 121
    assert sum(areas) * 0.2 / 1000 == pytest.approx(case.truth.volume_cc, rel=2e-3)


@pytest.mark.parametrize(("gradient", "axis"), [("SI", 2), ("AP", 1)])
def test_the_dose_is_16_gy_at_the_centre_and_rises_to_the_head_or_the_back(
    tmp_path, gradient, axis
):
    dose = dcmread(NelmsCase("sphere", gradient, 3.0, CUBE).write(tmp_path)[1])

    centres = voxel_centres(dose)
    expected_gy = 16 + centres[..., axis] - (0.0, -6.0, 6.0)[axis]
    stored_gy = dose.pixel_array * float(dose.DoseGridScaling)
    assert stored_gy == pytest.approx(np.maximum(expected_gy, 0), abs=1e-6)
    assert (np.abs(centres - (0, -6, 6)).sum(axis=-1) < 1e-9).sum() == 1  # a node at the centre


def test_what_two_cases_share_is_written_once(tmp_path):
    first, second = (NelmsCase(shape, "SI", 3.0, CUBE) for shape in ("sphere", "cone"))

    written = {*first.write(tmp_path), *second.write(tmp_path), *first.write(tmp_path)}

    assert len(written) == len(list(tmp_path.iterdir())) == 3


def test_an_error_is_told_in_percent_of_the_true_value():
    case = NelmsCase("cone", "SI", 3.0, CUBE)

    scores = {one.parameter: one for one in score(case, Off(case.truth, volume=0.96, dose=1.02))}

    assert scores["V"].percent == pytest.approx(-4)
    assert scores["D99"].percent == pytest.approx(2)
    assert scores["D0.03cc"].truth == pytest.approx(case.truth.dose_at_cc(0.03))
    beyond = {name for name, one in scores.items() if one.is_beyond()}
    assert beyond == {"V", "Dmax"}  # Dmax is missing, which is no better than wrong
    assert scores["D99"].is_beyond(1.9)


@pytest.mark.parametrize(("percent", "beyond"), [(3.0, False), (-3.0, False), (-3.01, True)])
def test_three_percent_is_right_and_more_is_wrong(percent, beyond):
    assert Scored("V", 1.0, 1.0, percent).is_beyond() is beyond


def test_the_curve_is_compared_at_301_doses_in_percent_of_the_whole():
    case = NelmsCase("sphere", "SI", 3.0, CUBE)

    errors = volume_errors(case, Off(case.truth, curve=0.98))

    assert errors.shape == (301,)
    assert errors[[0, 160, 300]] == pytest.approx([-2, -1, 0], abs=1e-9)
