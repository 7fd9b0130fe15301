"""DVHs as tidy tables: one row per metric, or per point of a curve."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from imaging.files import whole_file
from imaging.rt.dvh import DVH
from imaging.rt.metrics.context import PlanContext
from imaging.rt.metrics.goals import GoalResult, GoalTable
from imaging.rt.metrics.metric import Metric

_TYPES_OF_METRICS = {
    "case_id": "str",
    "course": "str",
    "roi_number": "int64",
    "roi_name": "str",
    "metric": "str",
    "value": "float64",
    "unit": "str",
    "flags": "str",
    "method": "str",
}
_TYPES_OF_GOALS = {
    "case_id": "str",
    "course": "str",
    "structure": "str",
    "goal": "str",
    "roi_name": "str",
    "value": "float64",
    "unit": "str",
    "outcome": "str",
    "flags": "str",
    "reason": "str",
    "comment": "str",
}
_TYPES_OF_CURVES = {
    "case_id": "str",
    "course": "str",
    "roi_number": "int64",
    "roi_name": "str",
    "dose_gy": "float64",
    "volume_cc": "float64",
    "volume_percent": "float64",
}


@dataclass(frozen=True, slots=True, eq=False)
class CaseDVHs:
    """The DVHs of one case.

    Attributes:
        case_id: A pseudonym; tables leave the house.
        dvhs: One per ROI.
        plan: What metrics need to know beside the DVHs.
        course: Which treatment of the patient it is.
    """

    case_id: str
    dvhs: tuple[DVH, ...]
    plan: PlanContext = field(default_factory=PlanContext)
    course: str = "1"

    def score(self, goals: GoalTable) -> list[GoalResult]:
        """Compare the case with every goal."""
        return goals.score(self.dvhs, self.plan)


def metrics_table(cases: Iterable[CaseDVHs], metrics: Sequence[Metric]) -> pd.DataFrame:
    """List every metric of every ROI of every case.

    Returns:
        Columns ``case_id, course, roi_number, roi_name, metric, value, unit, flags, method``. A
        value that cannot be had is missing (null), and ``flags``, joined by semicolons, say why;
        ``method`` tells end caps and interpolations.
    """
    rows = [
        _metric_row(case, dvh, metric) for case in cases for dvh in case.dvhs for metric in metrics
    ]
    return pd.DataFrame(rows, columns=list(_TYPES_OF_METRICS)).astype(_TYPES_OF_METRICS)


def goals_table(cases: Iterable[CaseDVHs], goals: GoalTable) -> pd.DataFrame:
    """List how every case meets every goal.

    Returns:
        Columns ``case_id, course, structure, goal, roi_name, value, unit, outcome, flags, reason,
        comment``: PASS, ACCEPTABLE, FAIL or NOT_EVALUATED, a row an ROI that the goal means, and
        one where the case has none.
    """
    rows = [_goal_row(case, result) for case in cases for result in case.score(goals)]
    return pd.DataFrame(rows, columns=list(_TYPES_OF_GOALS)).astype(_TYPES_OF_GOALS)


def curves_table(cases: Iterable[CaseDVHs]) -> pd.DataFrame:
    """List every point of every curve; ROIs without a curve have no row.

    Returns:
        Columns ``case_id, course, roi_number, roi_name, dose_gy, volume_cc, volume_percent``.
    """
    curves = [_curve(case, dvh) for case in cases for dvh in case.dvhs if not dvh.is_empty]
    empty = pd.DataFrame(columns=list(_TYPES_OF_CURVES))
    return (pd.concat(curves, ignore_index=True) if curves else empty).astype(_TYPES_OF_CURVES)


def write_table(table: pd.DataFrame, folder: Path, name: str) -> tuple[Path, Path]:
    """Write a table as ``name.parquet`` and ``name.csv``, each wholly or not at all.

    The CSV has seven significant digits and nothing where a value is missing.

    Returns:
        The two paths.
    """
    parquet, csv = folder / f"{name}.parquet", folder / f"{name}.csv"
    with whole_file(parquet) as part:
        table.to_parquet(part, index=False)
    with whole_file(csv) as part:
        table.to_csv(part, index=False, na_rep="", float_format="%.7g", lineterminator="\n")
    return parquet, csv


def remove_table(folder: Path, name: str) -> None:
    """Remove what ``write_table`` wrote, if it did."""
    for kind in ("parquet", "csv"):
        (folder / f"{name}.{kind}").unlink(missing_ok=True)


def _metric_row(case: CaseDVHs, dvh: DVH, metric: Metric) -> tuple[str | int | float | None, ...]:
    """Evaluate one metric, as a row of the table."""
    result = metric.evaluate(dvh, case.plan)
    flags = ";".join(dict.fromkeys((*dvh.flags, *result.flags)))
    who = (case.case_id, case.course, dvh.roi_number, dvh.roi_name)
    return *who, metric.name, result.value, result.unit, flags, dvh.method


def _goal_row(case: CaseDVHs, result: GoalResult) -> tuple[str | float | None, ...]:
    """Write one result as a row of the table."""
    goal = result.goal
    asked = (case.case_id, case.course, goal.structure, goal.text, result.roi_name)
    found = (result.value, goal.metric.unit, result.outcome.value)
    return *asked, *found, ";".join(result.flags), result.reason, goal.comment


def _curve(case: CaseDVHs, dvh: DVH) -> pd.DataFrame:
    """Put one curve into the table's columns."""
    return pd.DataFrame(
        {
            "case_id": case.case_id,
            "course": case.course,
            "roi_number": dvh.roi_number,
            "roi_name": dvh.roi_name,
            "dose_gy": dvh.dose_gy,
            "volume_cc": dvh.cumulative_cc,
            "volume_percent": dvh.cumulative_percent,
        }
    )
