"""DVH results for a person: a wide table, and a page of one case with its plot inline."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from imaging.rt.cases.draw import plot_case, remarks_of
from imaging.rt.cases.options import DvhOptions
from imaging.rt.cases.store import StoredCase
from imaging.rt.metrics.goals import GoalResult, Outcome
from imaging.rt.pages.plot import png_data_uri

_INLINE_BYTES = 60_000  # an artifact stays under 100 KB, as the UI loads them all at once
_MOST_FLAGS = 3
OUTCOME_SIGNS: Mapping[Outcome, str] = {
    Outcome.PASS: "✅ pass",
    Outcome.ACCEPTABLE: "🟡 acceptable",
    Outcome.FAIL: "❌ fail",
    Outcome.NOT_EVALUATED: "⚪ not evaluated",
}


def failed_goals(goals: pd.DataFrame) -> list[dict[str, Any]]:
    """List who failed which goal, and where one is only acceptable or could not be judged.

    Args:
        goals: As ``goals_table`` makes it.
    """
    order = [Outcome.FAIL, Outcome.ACCEPTABLE, Outcome.NOT_EVALUATED]
    return [
        {
            "case_id": row["case_id"],
            "structure": row["structure"],
            "ROI": row["roi_name"],
            "goal": row["goal"],
            "value": "" if pd.isna(row["value"]) else round(float(row["value"]), 3),
            "outcome": OUTCOME_SIGNS[outcome],
            "reason": row["reason"],
        }
        for outcome in order
        for row in goals[goals["outcome"] == outcome.value].to_dict("records")
    ]


def case_markdown(stored: StoredCase, options: DvhOptions) -> str:
    """Write a page about one case: the plot, a table of metrics, and how the goals are met."""
    case = stored.case
    picture = png_data_uri(plot_case(stored, options), _INLINE_BYTES)
    results = [] if options.goals is None else case.score(options.goals)
    return "\n".join(
        [
            f"## {case.case_id}",
            "",
            f"![cumulative DVH of {case.case_id}]({picture})",
            "",
            *_metric_lines(stored, options),
            *_goal_lines(results),
            "",
            " ".join(_plain(note) for note in remarks_of(stored)),
        ]
    )


def _metric_lines(stored: StoredCase, options: DvhOptions) -> list[str]:
    """Write the table of metrics."""
    case, metrics = stored.case, options.parsed
    names = [metric.name for metric in metrics]
    lines = [f"| ROI | {' | '.join(names)} | flags |", f"| --- |{' ---: |' * len(names)} --- |"]
    for dvh in case.dvhs:
        values = [metric.evaluate(dvh, case.plan).value for metric in metrics]
        cells = ["" if value is None else f"{value:.2f}" for value in values]
        lines.append(f"| {_plain(dvh.roi_name)} | {' | '.join(cells)} | {_few(dvh.flags)} |")
    return lines


def _goal_lines(results: Sequence[GoalResult]) -> list[str]:
    """Write the table of goals; nothing where there are none."""
    if not results:
        return []
    lines = ["", "| structure | goal | ROI | value | outcome |", "| --- | --- | --- | ---: | --- |"]
    for result in results:
        value = "" if result.value is None else f"{result.value:.2f}"
        cells = (result.goal.structure, result.goal.text, result.roi_name)
        said = " | ".join(_plain(cell) for cell in cells)
        lines.append(f"| {said} | {value} | {OUTCOME_SIGNS[result.outcome]} |")
    return lines


def _few(flags: Sequence[str]) -> str:
    """Write the first flags; all of them are in the tables."""
    more = len(flags) - _MOST_FLAGS
    return " ".join(flags[:_MOST_FLAGS]) + (f" +{more}" if more > 0 else "")


def _plain(name: str) -> str:
    """Write a name that somebody typed into a planning system so that markdown leaves it alone."""
    return re.sub(r"([\\`*_\[\]<>|#&])", r"\\\1", " ".join(name.split()))
