"""DVHs from files against what is known in closed form; see the phantoms for what that is."""

import numpy as np
import pytest

from imaging.phantoms import (
    DIAGONAL_CASES,
    DISC_CASES,
    ORIENTATIONS,
    TEST_1,
    TEST_2,
    TEST_3,
    DoseEncoding,
    DoseGrid,
    SlopedDose,
    rtdose_of,
    rtstruct_of,
    score,
    score_disc,
    volume_errors,
    write_object,
)
from imaging.phantoms.scores import PARAMETERS, parameters_of
from imaging.phantoms.solids import Cone
from imaging.rt import dvhs_of_files

EXTREMES = {"Dmin", "Dmax"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("accuracy")


def calculated(cases, folder, between="prism"):
    """The DVH of each case, by case."""
    dvhs = {}
    for case in cases:
        (dvhs[case],) = dvhs_of_files(*case.write(folder), engine="exact", between=between)
    return dvhs


@pytest.fixture(scope="module")
def prisms(folder):
    return calculated((*TEST_1, *TEST_2), folder)


@pytest.fixture(scope="module")
def cubics(folder):
    return calculated((*TEST_1, *TEST_2), folder, between="cubic")


def wrong(cases, dvhs, percent):
    """Every value further from the truth than ``percent`` of it, in words."""
    scores = ((case, one) for case in cases for one in score(case, dvhs[case]))
    return [
        f"{case}: {one.parameter} {one.percent:+.3g} %"
        for case, one in scores
        if one.is_beyond(percent)
    ]


def wrong_extremes(cases, dvhs):
    scores = (one for case in cases for one in score(case, dvhs[case]))
    return [one for one in scores if one.parameter in EXTREMES and one.is_beyond(0.01)]


@pytest.mark.parametrize("between", ["prisms", "cubics"])
def test_no_value_of_fine_contours_is_one_percent_off(request, between):
    assert wrong(TEST_1, request.getfixturevalue(between), percent=1) == []


# PlanIQ, which Nelms et al. found best, had 18 of 255. What is left lies between the contours.
@pytest.mark.parametrize(("between", "allowed"), [("prisms", 9), ("cubics", 5)])
def test_few_values_of_coarse_contours_are_three_percent_off(request, between, allowed):
    found = wrong(TEST_2, request.getfixturevalue(between), percent=3)

    assert len(found) <= allowed, found


@pytest.mark.parametrize("between", ["prisms", "cubics"])
def test_the_least_and_the_most_dose_are_never_a_ten_thousandth_off(request, between):
    assert wrong_extremes((*TEST_1, *TEST_2), request.getfixturevalue(between)) == []


# In the mean of the five shapes, as the paper has it; PlanIQ reached -1.5 to 0.8 %.
@pytest.mark.parametrize(
    ("between", "least", "most"), [("prisms", -1.5, 0.4), ("cubics", -0.7, 0.4)]
)
def test_no_volume_along_the_curve_is_far_off(request, between, least, most):
    dvhs = request.getfixturevalue(between)
    for key in {(case.contour_mm, case.gradient) for case in TEST_3}:
        cases = [case for case in TEST_3 if (case.contour_mm, case.gradient) == key]
        errors = np.array([volume_errors(case, dvhs[case]) for case in cases])

        assert errors.min(axis=1).mean() > least
        assert errors.max(axis=1).mean() < most


# The diagonal of a square cell is the hardest direction: what spreads a dose there is a triangle.
@pytest.mark.parametrize(
    ("cases", "worst_gy", "curve_percent"), [(DISC_CASES, 0.03, 0.5), (DIAGONAL_CASES, 0.05, 1.3)]
)
def test_contours_as_drawn_have_the_dvh_of_their_slabs(folder, cases, worst_gy, curve_percent):
    for case, dvh in calculated(cases, folder).items():
        found = score_disc(dvh, case.truth)

        assert found.volume_percent < 0.001, case
        assert found.extremes_gy < 1e-5, case
        assert found.worst_gy < worst_gy, case
        assert found.curve_percent < curve_percent, case


def test_all_orientations_of_a_dose_give_the_same_dvh(folder):
    cone = Cone((0.0, -6.0, 6.0), 12, 24, "AP")
    points = {"Cone": [np.insert(xy, 2, z, axis=1) for z, xy in cone.contours(2.0)]}
    structures = write_object(rtstruct_of(points), folder / "cone.dcm")
    dose = SlopedDose((0.0, -6.0, 6.0), 30.0, (0.5, 0.7, 0.3))
    grid = DoseGrid((-21.0, -30.0, -19.0), (1.0, 2.0, 3.0), (17, 24, 43))
    found = []
    for orientation in ORIENTATIONS:
        encoding = DoseEncoding(orientation=orientation)
        path = write_object(rtdose_of(dose, grid, encoding=encoding), folder / f"{orientation}.dcm")
        (dvh,) = dvhs_of_files(structures, path, engine="exact")
        curve_cc = [dvh.cc_at_dose(gy) for gy in range(20, 41)]
        found.append([*parameters_of(dvh).values(), *curve_cc])

    assert np.ptp(found, axis=0).max() < 1e-6
    assert found[0][PARAMETERS.index("Dmean")] == pytest.approx(30 + 0.7 * 6, abs=0.05)
