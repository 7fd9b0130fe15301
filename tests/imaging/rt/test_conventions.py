"""Conventions of planning systems: their names, and what they make of contours."""

import math
from pathlib import Path
from typing import get_args

import pytest

from imaging.errors import InputError
from imaging.phantoms import DoseGrid, SlopedDose, rtdose_of, rtstruct_of, write_object
from imaging.phantoms.outlined import at_height
from imaging.phantoms.solids import Cone, Cylinder
from imaging.rt import ConventionName, dvhs_of_files
from imaging.rt.conventions import CONVENTIONS, convention, conventions_as_markdown
from imaging.rt.method import Method

PAGE = Path(__file__).parents[3] / "docs" / "dvh-conventions.md"
CENTRE_MM = (0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def dose(tmp_path_factory):
    grid = DoseGrid((-40.0, -40.0, -40.0), (2.0, 2.0, 2.0), (41, 41, 41))
    dataset = rtdose_of(SlopedDose(CENTRE_MM, 60.0, (0.5, 0.7, 0.3)), grid)
    return write_object(dataset, tmp_path_factory.mktemp("dose") / "dose.dcm")


def volume_cc(folder, dose, solid, name):
    contours = [at_height(points, z_mm) for z_mm, points in solid.contours(4)]
    structures = write_object(rtstruct_of({"Solid": contours}), folder / "structures.dcm")
    (dvh,) = dvhs_of_files(structures, dose, convention=name)
    assert dvh.method == convention(name).method.text
    return dvh.volume_cc


def test_the_page_is_the_table():
    assert PAGE.read_text() == conventions_as_markdown()


def test_every_name_is_in_the_table():
    assert tuple(CONVENTIONS) == get_args(ConventionName)
    assert all(convention(name).name == name for name in CONVENTIONS)
    assert all("doi 10." in row.source for row in CONVENTIONS.values())


def test_the_default_is_the_default_method():
    assert convention("exact").method == Method()


def test_a_name_that_is_none_is_refused_and_the_others_are_told():
    with pytest.raises(InputError, match=r"'xio'.*eclipse"):
        convention("xio")


@pytest.mark.parametrize(
    "choice",
    [
        {"end_caps": 0},
        {"between": "prism"},
        {"dose_interpolation": "linear"},
        {"engine": "dicompyler"},
    ],
)
def test_a_convention_and_another_choice_are_not_given_together(rt_files, choice):
    with pytest.raises(InputError, match=f"mim decides {next(iter(choice))}"):
        dvhs_of_files(rt_files.rtstruct, rt_files.rtdose, convention="mim", **choice)


# The contours of a cylinder 24 mm high are 4 mm apart, so half a gap is 2 mm.
@pytest.mark.parametrize(
    ("name", "cap_mm"),
    [
        ("exact", 2),
        ("eclipse", 2 / 3),
        ("raystation", 2),
        ("mim", 2),
        ("pinnacle", 2),
        ("plan_iq", 2),
        ("mobius3d", 2),
        ("proknow", 1.5),
    ],
)
def test_a_cylinder_gets_the_end_caps_of_the_system(tmp_path, dose, name, cap_mm):
    found_cc = volume_cc(tmp_path, dose, Cylinder(CENTRE_MM, 12, 24), name)

    assert found_cc == pytest.approx(math.pi * 12**2 * (24 + 2 * cap_mm) / 1000, rel=1e-4)


@pytest.mark.parametrize(("name", "is_cone"), [("raystation", True), ("mim", False)])
def test_a_cone_is_a_cone_or_a_stair(tmp_path, dose, name, is_cone):
    cone = Cone(CENTRE_MM, 12, 24)
    true_cc = float(cone.volume_beyond(-100, "SI", 4)) / 1000

    found_cc = volume_cc(tmp_path, dose, cone, name)

    assert (abs(found_cc / true_cc - 1) < 3e-3) == is_cone


def test_a_limit_holds_for_caps_that_depend_on_gaps_only():
    assert (
        Method(longest_cap_mm=1.5).text == "exact, end caps half up to 1.5 mm, prism, dose linear"
    )
    assert "3 mm" in Method(end_caps=3, longest_cap_mm=1.5).text


@pytest.mark.parametrize("limit_mm", [-1, math.nan, math.inf, "1"])
def test_a_limit_that_is_no_length_is_refused(limit_mm):
    with pytest.raises(InputError, match="longest_cap_mm"):
        Method(longest_cap_mm=limit_mm)


def test_dicompyler_takes_no_limit():
    with pytest.raises(InputError, match="dicompyler"):
        Method(engine="dicompyler", longest_cap_mm=1.5)
