"""Where a judged goal stands in a plot of DVHs."""

from collections.abc import Iterable, Mapping, Sequence

from imaging.rt.dvh import DVH
from imaging.rt.metrics.goals import Goal, GoalResult, Outcome
from imaging.rt.pages.marks import GoalDirection, GoalKind, GoalMark, GoalOutcome

_OUTCOMES: Mapping[Outcome, GoalOutcome] = {
    Outcome.PASS: "met",
    Outcome.ACCEPTABLE: "acceptable",
    Outcome.FAIL: "failed",
    Outcome.NOT_EVALUATED: "unknown",
}
_ON_DOSE_AXIS: Mapping[str, GoalKind] = {"Dmean": "mean", "Dmax": "max", "Dmin": "min"}
_AT_MOST: Mapping[str, GoalDirection] = {"<": "at most", ">": "at least"}
_OPPOSITE: Mapping[GoalDirection, GoalDirection] = {"at most": "at least", "at least": "at most"}


def marks_of(
    results: Iterable[GoalResult], dvhs: Sequence[DVH], prescription_gy: float | None = None
) -> list[GoalMark]:
    """Turn judged goals into marks; the ideal limit is the one that is drawn.

    Args:
        results: Of one case.
        dvhs: Its DVHs.
        prescription_gy: What 100 % of the dose means; goals that need it are left out without.

    Returns:
        One mark a goal that has a place among dose and volume: not BED, EQD2, gEUD, volumes or
        indices, and not goals whose ROI is missing or empty.
    """
    of_number = {dvh.roi_number: dvh for dvh in dvhs if not dvh.is_empty}
    marks = []
    for result in results:
        dvh = None if result.roi_number is None else of_number.get(result.roi_number)
        place = None if dvh is None else _place(result.goal, dvh, prescription_gy)
        if place is not None:
            kind, gy, percent, direction = place
            said, outcome = result.goal.text, _OUTCOMES[result.outcome]
            marks.append(GoalMark(result.roi_name, kind, gy, percent, direction, outcome, said))
    return marks


def _place(
    goal: Goal, dvh: DVH, prescription_gy: float | None
) -> tuple[GoalKind, float, float, GoalDirection] | None:
    """Find kind, dose, percentage and direction of a goal; None when it has no such place."""
    metric, direction = goal.metric, _AT_MOST[goal.comparison[0]]
    if metric.effect or (metric.needs_prescription and not prescription_gy):
        return None
    percent_gy = (prescription_gy or 0.0) / 100
    if metric.quantity in ("V", "CV"):
        gy = metric.amount * (percent_gy if metric.amount_unit == "%" else 1)
        percent = _percent(goal.ideal, metric.unit, dvh)
        if metric.quantity == "CV":  # a little cold volume is a large hot one
            known = 100 * dvh.dosed_cc / dvh.whole_cc
            percent, direction = max(known - percent, 0.0), _OPPOSITE[direction]
        return "volume-at-dose", gy, percent, direction
    gy = goal.ideal * (percent_gy if metric.unit == "%" else 1)
    if metric.quantity in _ON_DOSE_AXIS:
        return _ON_DOSE_AXIS[metric.quantity], gy, 0.0, direction
    if metric.quantity not in ("D", "DC", "Dmedian"):
        return None
    if metric.quantity == "Dmedian":
        return "dose-at-volume", gy, 50.0, direction
    percent = _percent(metric.amount, metric.amount_unit, dvh)
    return "dose-at-volume", gy, 100 - percent if metric.quantity == "DC" else percent, direction


def _percent(volume: float, unit: str, dvh: DVH) -> float:
    """Express a volume in percent, where a plot has room for it: between 0 and 100."""
    percent = 100 * volume / dvh.whole_cc if unit == "cc" else volume
    return min(max(percent, 0.0), 100.0)
