import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.errors import InputError
from imaging.rt import DVH, Flag, Metric
from imaging.rt.metrics.metric import EXAMPLES

RAMP = DVH(  # 50 cc, evenly between 10 and 20 Gy
    roi_number=3,
    roi_name="Heart",
    volume_cc=50.0,
    dose_gy=np.array([0.0, 10, 20]),
    cumulative_cc=np.array([50.0, 50, 0]),
    min_gy=10.0,
    max_gy=20.0,
    mean_gy=15.0,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("D95%[Gy]", 10.5),
        ("D95%", 10.5),
        ("D95%[%]", 52.5),
        ("D5cc[Gy]", 19.0),
        ("D0.03cc[Gy]", 19.994),
        ("DC5cc[Gy]", 11.0),
        ("DC10%[Gy]", 11.0),
        ("D100%[Gy]", 10.0),
        ("DC50cc[Gy]", 20.0),
        ("V12Gy[%]", 80.0),
        ("V12Gy", 80.0),
        ("V12Gy[cc]", 40.0),
        ("V60%[%]", 80.0),
        ("V60%[cc]", 40.0),
        ("CV12Gy[cc]", 10.0),
        ("CV12Gy[%]", 20.0),
        ("Dmean[Gy]", 15.0),
        ("Dmean[%]", 75.0),
        ("Dmin[Gy]", 10.0),
        ("Dmax", 20.0),
        ("Dmedian[Gy]", 15.0),
        ("Volume[cc]", 50.0),
        ("Volume", 50.0),
        ("gEUD(1)[Gy]", 15.0),
        ("gEUD(-2)", 200**0.5),
        ("gEUD(1)[%]", 75.0),
        ("HI", 0.64),
        ("Max[Gy]", 20.0),
        ("Mean", 15.0),
        ("Min[gy]", 10.0),
        ("Median[Gy]", 15.0),
        ("D5CC[GY]", 19.0),
        ("V12gy[%]", 80.0),
    ],
)
def test_a_metric_of_a_linear_ramp_with_a_prescription_of_20_gy(text, expected):
    result = Metric.parse(text).of(RAMP, prescription_gy=20.0)

    assert result.value == pytest.approx(expected, abs=1e-9)
    assert result.flags == ()


@pytest.mark.parametrize(
    ("text", "unit"), [("D95%", "Gy"), ("V20Gy", "%"), ("Volume", "cc"), ("V20Gy[cc]", "cc")]
)
def test_a_unit_that_is_not_written_has_a_default(text, unit):
    assert Metric.parse(text).unit == unit


@pytest.mark.parametrize("text", ["D95%[%]", "V95%[%]", "V95%[cc]", "CV95%[cc]", "Dmax[%]"])
def test_a_relative_metric_without_a_prescription_is_empty_and_flagged(text):
    for unknown in (None, 0.0):
        result = Metric.parse(text).of(RAMP, prescription_gy=unknown)

        assert (result.value, result.flags) == (None, ("NO_PRESCRIPTION",))


@pytest.mark.parametrize("text", ["D50.1cc[Gy]", "DC51cc[Gy]", "D60cc"])
def test_more_volume_than_the_roi_has_is_empty_and_flagged(text):
    result = Metric.parse(text).of(RAMP)

    assert (result.value, result.flags) == (None, ("VOLUME_TOO_SMALL",))


@pytest.mark.parametrize("text", ["D95%", "V20Gy", "CV20Gy[cc]", "Dmean", "Dmedian"])
def test_an_empty_roi_has_no_dose_and_no_share(text):
    result = Metric.parse(text).of(DVH.empty(3, "Heart"), prescription_gy=20.0)

    assert (result.value, result.flags) == (None, ("EMPTY",))


def test_an_roi_without_contours_has_no_volume():
    assert Metric.parse("Volume").of(DVH.empty(3, "Heart", (Flag.NO_CONTOURS,))).value == 0


@pytest.mark.parametrize(
    "flag", [Flag.BROKEN_CONTOURS, Flag.NOT_PARALLEL, Flag.NOT_AXIAL, Flag.OTHER_FRAME]
)
def test_an_roi_that_was_not_computed_has_an_unknown_volume(flag):
    result = Metric.parse("Volume").of(DVH.empty(3, "Heart", (flag,)))

    assert (result.value, result.unit, result.flags) == (None, "cc", ("EMPTY",))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "grammar"),
        ("D95", "grammar"),
        ("V20", "grammar"),
        ("d95%", "grammar"),
        ("D-5%", "grammar"),
        ("V20cc", "grammar"),
        ("D95%[Gy", "grammar"),
        ("D95%[cGy]", "unit is one of Gy, %"),
        ("V20Gy[Gy]", "unit is one of %, cc"),
        ("Volume[%]", "unit is one of cc"),
        ("D101%", "no more than 100 %"),
        ("gEUD[Gy]", "grammar"),
        ("gEUD(a)[Gy]", "grammar"),
        ("gEUD(0)[Gy]", "exponent is not 0"),
        ("MEAN[Gy]", "grammar"),
        ("HI[%]", "has no unit"),
        ("CI[cc]", "has no unit"),
        ("CI(50)", "grammar"),
        ("GI(0%)", "isodose is above 0 %"),
        ("EQD2:Volume", "EQD2 is said of doses"),
        ("EQD2:CI", "EQD2 is said of doses"),
        ("BED:D95%[%]", "BED has no % of it"),
        ("EQD2:V95%[cc]", "EQD2 has no % of it"),
        ("BED: Dmean", "grammar"),
    ],
)
def test_what_is_no_metric_is_refused_with_reason_and_examples(text, reason):
    with pytest.raises(InputError) as refusal:
        Metric.parse(text)

    assert str(refusal.value).startswith(f"{text!r} is no DVH metric: ")
    assert reason in str(refusal.value)
    assert "D95%[Gy]" in str(refusal.value)


@given(
    st.sampled_from(["D{}%[Gy]", "D{}%[%]", "D{}cc[Gy]", "DC{}cc[Gy]", "V{}Gy[cc]", "CV{}%[%]"]),
    st.decimals(0, 100, places=3),
)
def test_a_name_is_read_back_as_itself(pattern, amount):
    metric = Metric.parse(pattern.format(amount))

    assert Metric.parse(metric.name) == metric


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Mean", "Dmean[Gy]"),
        ("D2CC[gy]", "D2cc[Gy]"),
        ("V20gy", "V20Gy[%]"),
        ("gEUD(-10)", "gEUD(-10)[Gy]"),
        ("gEUD(0.50)[Gy]", "gEUD(0.5)[Gy]"),
        ("HI", "HI"),
        ("CI", "CI"),
        ("CI(100%)", "CI"),
        ("GI(80%)", "GI(80%)"),
        ("EQD2:Max", "EQD2:Dmax[Gy]"),
        ("BED:V40Gy[cc]", "BED:V40Gy[cc]"),
    ],
)
def test_a_metric_has_one_name_however_it_is_written(text, name):
    metric = Metric.parse(text)

    assert metric.name == name
    assert Metric.parse(name) == metric


@pytest.mark.parametrize(
    ("text", "prescription", "body"),
    [
        ("CI", True, True),
        ("GI(80%)", True, True),
        ("HI", False, False),
        ("gEUD(8)[%]", True, False),
        ("gEUD(8)[Gy]", False, False),
        ("EQD2:V40Gy[%]", False, False),
    ],
)
def test_a_metric_says_what_it_needs(text, prescription, body):
    metric = Metric.parse(text)

    assert (metric.needs_prescription, metric.needs_body) == (prescription, body)


def test_every_example_is_a_metric():
    assert [Metric.parse(text).name for text in EXAMPLES.split()] == EXAMPLES.split()
