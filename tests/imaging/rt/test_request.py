"""What is asked for in the form, as options."""

import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from imaging.errors import InputError
from imaging.rt import DoseChoice, MethodChoice, options_of
from imaging.rt.conventions import convention


def asked(**changes):
    form: dict[str, Any] = {
        "rois": (),
        "metrics": (),
        "goals": None,
        "aliases": {},
        "method": MethodChoice(),
        "dose": DoseChoice(),
        "alpha_beta": {},
        "write_dvhs": False,
    }
    return options_of(Path("/nowhere"), **{**form, **changes})


def test_an_empty_choice_of_method_is_the_conventions():
    for name in ("exact", "raystation", "proknow"):
        assert MethodChoice(convention=name).method() == convention(name).method


def test_each_choice_of_method_overrides_the_conventions():
    method = MethodChoice(convention="eclipse", between="cubic", end_caps="none").method()

    assert (method.between, method.end_caps) == ("cubic", "none")
    assert MethodChoice(convention="eclipse", end_caps_mm=0).method().end_caps == 0
    assert MethodChoice(convention="eclipse", end_caps_mm=0).method().between == "shape"


def test_end_caps_of_ones_own_are_not_limited_by_the_convention():
    assert convention("proknow").method.longest_cap_mm == 1.5
    assert MethodChoice(convention="proknow", end_caps="half").method().longest_cap_mm is None


@pytest.mark.parametrize("mm", [0, 2.5])
def test_end_caps_are_given_once(mm):
    with pytest.raises(InputError, match=r"half and .* mm: give one of the two"):
        MethodChoice(end_caps="half", end_caps_mm=mm).method()


@pytest.mark.parametrize("gy", [0, -2.0, math.nan, math.inf])
def test_an_alpha_beta_that_no_tissue_has_is_refused_by_its_name(gy):
    with pytest.raises(InputError, match="alpha_beta of SpinalCord is"):
        asked(alpha_beta={"Lung*": 3.0, "SpinalCord": gy})

    assert asked(alpha_beta={"Lung*": 3}).alpha_beta_gy == {"Lung*": 3}


def test_aliases_reach_the_goals():
    table = asked(goals="fast-forward", aliases={"Lung_Ipsi": ["Lunge li*"]}).goals

    patterns = [goal.patterns for goal in table.goals if goal.structure == "Lung_Ipsi"]
    assert patterns
    assert all("Lunge li*" in known for known in patterns)


def test_aliases_of_no_goal_are_refused():
    with pytest.raises(InputError, match="no goal for liver"):
        asked(goals="fast-forward", aliases={"Liver": ["Leber"]})
    with pytest.raises(InputError, match="no goals are given"):
        asked(goals="", aliases={"Liver": ["Leber"]})


@pytest.mark.parametrize("gy", [0, -2.0, math.nan, math.inf])
def test_a_prescription_is_a_number_above_0(gy):
    with pytest.raises(ValidationError, match="prescription_gy"):
        DoseChoice(prescription_gy=gy)
