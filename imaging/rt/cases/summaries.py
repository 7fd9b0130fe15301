"""The tidy table of metrics for people: a column a metric, and statistics over the cohort."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from imaging.dicom import name_key

_MEASURES = ("metric", "value", "unit", "flags")  # the columns that are not who and what


def wide_metrics(metrics: pd.DataFrame) -> pd.DataFrame:
    """Give each metric a column and each ROI a row.

    Args:
        metrics: Tidy, as ``metrics_table`` makes it; further columns, such as ``course``, count
            among those that tell the rows apart.

    Returns:
        The columns that are not ``metric``, ``value``, ``unit`` or ``flags``, then one by metric
        in the order they first come, then ``flags``, each flag once. Rows keep their order.
    """
    keys = [column for column in metrics.columns if column not in _MEASURES]
    names = list(dict.fromkeys(metrics["metric"]))
    if metrics.empty:
        return pd.DataFrame(columns=[*keys, "flags"])
    # By number: as labels, rows whose key has a gap would be lost.
    rows = metrics.groupby(keys, sort=False, dropna=False).ngroup().rename("row")
    table = metrics.assign(row=rows)
    values = table.pivot_table(index="row", columns="metric", values="value", aggfunc="first")
    wide = table.drop_duplicates("row").set_index("row")[keys]
    wide = wide.join(values.reindex(index=wide.index, columns=names))
    wide["flags"] = table.groupby("row")["flags"].agg(_joined)
    return wide.reset_index(drop=True)


def wide_table(metrics: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn the tidy metrics into a row an ROI and a column a metric.

    A value that cannot be had is an empty text: Prefect's tables break on NaN.
    """
    names = list(dict.fromkeys(metrics["metric"]))
    return [
        {
            "case_id": row["case_id"],
            "ROI": row["roi_name"],
            **{name: "" if pd.isna(row[name]) else round(float(row[name]), 3) for name in names},
            "flags": row["flags"].replace(";", " "),
        }
        for row in wide_metrics(metrics).to_dict("records")
    ]


def summary_statistics(
    metrics: pd.DataFrame, aliases: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Describe each metric of each structure over the cohort.

    Args:
        metrics: Tidy, as ``metrics_table`` makes it.
        aliases: Names to count as another name, such as ``{"Lung left": "Lung_L"}``.

    Returns:
        Columns ``roi_name, metric, unit, n, missing, mean, sd, median, q25, q75, min, max``. Names
        that TG-263 takes for the same are one structure, by the first spelling. ``n`` counts
        values, ``missing`` ROIs whose value cannot be had; ``sd`` is of a sample, and missing
        when there is one value.
    """
    named = {name_key(name): said for name, said in (aliases or {}).items()}
    said = metrics["roi_name"].map(lambda name: named.get(name_key(name), name))
    keys = said.map(name_key)
    first = said.groupby(keys).first()
    table = metrics.assign(roi_name=keys.map(first))
    values = table.groupby(["roi_name", "metric", "unit"], sort=False)["value"]
    columns = {
        "n": values.count(),
        "missing": values.size() - values.count(),
        "mean": values.mean(),
        "sd": values.std(),
        "median": values.median(),
        "q25": values.quantile(0.25),
        "q75": values.quantile(0.75),
        "min": values.min(),
        "max": values.max(),
    }
    return pd.DataFrame(columns).reset_index()


def metrics_sheets(
    metrics: pd.DataFrame,
    goals: pd.DataFrame | None = None,
    aliases: Mapping[str, str] | None = None,
) -> dict[str, pd.DataFrame]:
    """Gather what a cohort's workbook holds, by name of the sheet.

    Args:
        metrics: Tidy, as ``metrics_table`` makes it.
        goals: Who met and failed what, as it is; None leaves the sheet out.
        aliases: As for ``summary_statistics``.
    """
    sheets = {"metrics wide": wide_metrics(metrics)}
    if goals is not None:
        sheets["goals"] = goals
    sheets["statistics"] = summary_statistics(metrics, aliases)
    sheets["metrics"] = metrics
    return sheets


def _joined(flags: pd.Series) -> str:
    """Join the flags of a row's metrics, each once and in order."""
    every = [flag for text in flags.dropna() for flag in text.split(";") if flag]
    return ";".join(dict.fromkeys(every))
