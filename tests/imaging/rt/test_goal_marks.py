import pytest

from imaging.rt import DVH
from imaging.rt.metrics.goals import Goal, GoalResult, Outcome
from imaging.rt.pages.goal_marks import marks_of
from tests.imaging.rt.ramps import ramp


def judged(text, outcome=Outcome.PASS, number: int | None = 1):
    return GoalResult(Goal.parse("PTV", text), number, "PTV", 1.0, outcome)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("D95%[Gy] >= 47.5", ("dose-at-volume", 47.5, 95, "at least")),
        ("D95%[%] >= 95", ("dose-at-volume", 47.5, 95, "at least")),
        ("D4cc[Gy] < 53", ("dose-at-volume", 53, 10, "at most")),
        ("DC4cc[Gy] > 40", ("dose-at-volume", 40, 90, "at least")),
        ("Dmedian[Gy] < 50", ("dose-at-volume", 50, 50, "at most")),
        ("V20Gy[%] <= 30 | <= 35", ("volume-at-dose", 20, 30, "at most")),
        ("V95%[cc] > 30", ("volume-at-dose", 47.5, 75, "at least")),
        ("CV20Gy[cc] < 10", ("volume-at-dose", 20, 75, "at least")),
        ("Dmean[Gy] < 4", ("mean", 4, 0, "at most")),
        ("Dmax[%] < 107", ("max", 53.5, 0, "at most")),
        ("Dmin[Gy] > 45", ("min", 45, 0, "at least")),
    ],
)
def test_a_goal_stands_at_its_ideal_dose_and_volume(text, place):
    (mark,) = marks_of([judged(text)], [ramp(cc=40)], 50.0)

    assert (mark.kind, mark.dose_gy, mark.percent, mark.direction) == pytest.approx(place)
    assert (mark.roi_name, mark.outcome) == ("PTV", "met")
    assert mark.text == Goal.parse("PTV", text).text


@pytest.mark.parametrize(
    "text", ["HI < 0.1", "CI > 0.7", "gEUD(8)[Gy] < 30", "Volume[cc] > 5", "EQD2:Dmean[Gy] < 4"]
)
def test_what_is_no_dose_or_volume_of_the_curve_has_no_mark(text):
    assert marks_of([judged(text)], [ramp()], 50.0) == []


def test_goals_without_roi_curve_or_prescription_have_no_mark():
    assert marks_of([judged("Dmean[Gy] < 4", number=None)], [ramp()]) == []
    assert marks_of([judged("Dmean[Gy] < 4")], [DVH.empty(1, "PTV")]) == []
    assert marks_of([judged("D95%[%] > 95")], [ramp()]) == []


def test_every_outcome_has_its_look():
    results = [judged("Dmean[Gy] < 4", outcome) for outcome in Outcome]

    looks = [mark.outcome for mark in marks_of(results, [ramp()])]

    assert looks == ["met", "acceptable", "failed", "unknown"]
