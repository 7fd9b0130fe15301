"""DVH results for a person: a wide table, and a page of one case with its plot inline."""

import re
from typing import Any

import pandas as pd

from imaging.rt.cases.store import StoredCase
from imaging.rt.metrics.metric import Metric
from imaging.rt.pages.plot import plot_dvhs, png_data_uri

_INLINE_BYTES = 60_000  # an artifact stays under 100 KB, as the UI loads them all at once


def wide_table(metrics: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn the tidy metrics into a row an ROI and a column a metric.

    A value that cannot be had is an empty text: Prefect's tables break on NaN.
    """
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for record in metrics.to_dict("records"):
        key = (record["case_id"], record["roi_number"])
        row = rows.setdefault(key, {"case_id": record["case_id"], "ROI": record["roi_name"]})
        value = record["value"]
        row[record["metric"]] = "" if pd.isna(value) else round(float(value), 3)
        row["flags"] = " ".join(record["flags"].split(";"))
    return [{**row, "flags": row.pop("flags")} for row in rows.values()]


def case_markdown(stored: StoredCase, metrics: list[Metric]) -> str:
    """Write a page about one case: the plot, then a table of metrics."""
    case = stored.case
    figure = plot_dvhs(case.dvhs, title=case.case_id, colours=stored.colours)
    names = [metric.name for metric in metrics]
    lines = [
        f"## {case.case_id}",
        "",
        f"![cumulative DVH of {case.case_id}]({png_data_uri(figure, _INLINE_BYTES)})",
        "",
        f"| ROI | {' | '.join(names)} | flags |",
        f"| --- |{' ---: |' * len(names)} --- |",
    ]
    for dvh in case.dvhs:
        values = [metric.of(dvh, case.prescription_gy).value for metric in metrics]
        cells = ["" if value is None else f"{value:.2f}" for value in values]
        lines.append(f"| {_plain(dvh.roi_name)} | {' | '.join(cells)} | {' '.join(dvh.flags)} |")
    return "\n".join(lines)


def _plain(name: str) -> str:
    """Write a name that somebody typed into a planning system so that markdown leaves it alone."""
    return re.sub(r"([\\`*_\[\]<>|#&])", r"\\\1", " ".join(name.split()))
