import math
from dataclasses import replace

import numpy as np
import pytest

from imaging.rt import DVH, Metric
from imaging.rt.metrics.context import PlanContext
from imaging.rt.metrics.indices import body_of


def ball_cc(radius_cm):
    return 4 / 3 * math.pi * radius_cm**3


def dvh_of_ball(radius_cm, *, number=1, name="PTV"):
    """A ball around the middle of a dose that falls by 5 Gy per cm of radius from 60 Gy."""
    dose_gy = np.linspace(60 - 5 * radius_cm, 60, 20_001)
    cc = ball_cc((60 - dose_gy) / 5)
    return DVH(
        roi_number=number,
        roi_name=name,
        volume_cc=cc[0],
        dose_gy=dose_gy,
        cumulative_cc=cc,
        min_gy=dose_gy[0],
        max_gy=60.0,
        mean_gy=60 - 5 * radius_cm * 3 / 4,
    )


BODY = dvh_of_ball(11, number=9, name="BODY")
PLAN = PlanContext(prescription_gy=50.0, body=BODY)  # 50 Gy is the ball of 2 cm, 25 Gy that of 7 cm


def value_of(text, dvh, plan=PLAN):
    result = Metric.parse(text).evaluate(dvh, plan)
    assert result.unit == ""
    return result.value if result.value is not None else result.flags


@pytest.mark.parametrize("radius_cm", [1.0, 1.5, 2.0])
def test_an_isodose_larger_than_the_target_conforms_by_the_ratio_of_volumes(radius_cm):
    assert value_of("CI", dvh_of_ball(radius_cm)) == pytest.approx((radius_cm / 2) ** 3, rel=1e-6)


@pytest.mark.parametrize("radius_cm", [2.0, 2.5, 4.0])
def test_an_isodose_smaller_than_the_target_conforms_by_the_ratio_of_volumes(radius_cm):
    assert value_of("CI", dvh_of_ball(radius_cm)) == pytest.approx((2 / radius_cm) ** 3, rel=1e-6)


def test_the_gradient_is_the_half_isodose_over_the_isodose():
    assert value_of("GI", dvh_of_ball(2)) == pytest.approx((7 / 2) ** 3, rel=1e-6)


def test_another_isodose_is_a_share_of_the_prescription():
    assert value_of("CI(90%)", dvh_of_ball(2)) == pytest.approx((2 / 3) ** 3, rel=1e-6)
    assert value_of("GI(80%)", dvh_of_ball(2)) == pytest.approx((8 / 4) ** 3, rel=1e-6)


def test_an_isodose_needs_a_body_and_a_prescription():
    target = dvh_of_ball(2)
    for body in (None, DVH.empty(9, "BODY")):
        no_body = PlanContext(prescription_gy=50.0, body=body)
        assert value_of("CI", target, no_body) == value_of("GI", target, no_body) == ("NO_BODY",)
    assert value_of("CI", target, PlanContext(body=BODY)) == ("NO_PRESCRIPTION",)


def test_an_organ_that_the_isodose_does_not_reach_has_no_index():
    far = DVH(
        roi_number=2,
        roi_name="Heart",
        volume_cc=1.0,
        dose_gy=np.array([10.0, 40]),
        cumulative_cc=np.array([1.0, 0]),
        min_gy=10.0,
        max_gy=40.0,
        mean_gy=25.0,
    )

    assert value_of("CI", far) == value_of("GI", far) == ("ISODOSE_ELSEWHERE",)


def test_a_body_that_holds_less_of_the_isodose_than_the_target_is_no_body():
    slightly = PlanContext(prescription_gy=50.0, body=scaled(BODY, 0.995))
    much = PlanContext(prescription_gy=50.0, body=scaled(BODY, 0.9))

    assert value_of("CI", dvh_of_ball(2), slightly) == pytest.approx(1)
    assert value_of("CI", dvh_of_ball(2), much) == ("BODY_TOO_SMALL",)
    assert value_of("GI", dvh_of_ball(2), much) == ("BODY_TOO_SMALL",)


def test_what_is_outside_the_dose_grid_is_target_that_the_isodose_misses():
    target = replace(dvh_of_ball(2), volume_cc=2 * ball_cc(2))

    assert value_of("CI", target) == pytest.approx(0.5, rel=1e-6)


def test_the_homogeneity_of_a_target_partly_outside_the_dose_grid_is_not_known():
    target = replace(dvh_of_ball(2), volume_cc=1.1 * ball_cc(2))

    assert value_of("HI", target) == ("OUTSIDE_DOSE_GRID",)


def test_the_homogeneity_of_a_ramp_is_its_spread_over_its_middle():
    ramp = DVH(
        roi_number=1,
        roi_name="PTV",
        volume_cc=50.0,
        dose_gy=np.array([0.0, 10, 20]),
        cumulative_cc=np.array([50.0, 50, 0]),
        min_gy=10.0,
        max_gy=20.0,
        mean_gy=15.0,
    )

    assert value_of("HI", ramp, PlanContext()) == pytest.approx((19.8 - 10.2) / 15)


def test_without_dose_there_is_no_homogeneity():
    cold = DVH(
        roi_number=1,
        roi_name="PTV",
        volume_cc=1.0,
        dose_gy=np.array([0.0]),
        cumulative_cc=np.array([1.0]),
        min_gy=0.0,
        max_gy=0.0,
        mean_gy=0.0,
    )

    assert value_of("HI", cold) == ("NO_DOSE",)
    assert value_of("HI", DVH.empty(1, "PTV")) == ("EMPTY",)


@pytest.mark.parametrize("name", ["BODY", "External", "body contour", "Skin"])
def test_the_body_is_known_by_its_name(name):
    body = dvh_of_ball(5, number=3, name=name)

    assert body_of([dvh_of_ball(2), body]) is body


def test_the_interpreted_type_counts_more_than_the_name_and_skin_is_the_last_resort():
    skin, external = (
        dvh_of_ball(8, number=1, name="Skin"),
        dvh_of_ball(6, number=2, name="External"),
    )
    typed, small = dvh_of_ball(5, number=3, name="Outline 1"), dvh_of_ball(4, number=4, name="BODY")

    def number(dvhs, external=()):
        body = body_of(dvhs, external)
        return None if body is None else body.roi_number

    assert number([skin, small, external, typed], external={3}) == 3
    assert number([skin, small, external, typed], external={7}) == 2
    assert number([skin, typed]) == 1
    assert number([typed, DVH.empty(5, "BODY")]) is None


def scaled(dvh, share):
    return replace(dvh, volume_cc=share * dvh.volume_cc, cumulative_cc=share * dvh.cumulative_cc)
