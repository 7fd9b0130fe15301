"""DVHs as tidy tables: one row per metric, or per point of a curve."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from imaging.files import whole_file
from imaging.rt.dvh import DVH
from imaging.rt.metrics.metric import Metric

_TYPES_OF_METRICS = {
    "case_id": "str",
    "roi_number": "int64",
    "roi_name": "str",
    "metric": "str",
    "value": "float64",
    "unit": "str",
    "flags": "str",
}
_TYPES_OF_CURVES = {
    "case_id": "str",
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
        prescription_gy: What 100 % of the dose means, None when it is not known.
    """

    case_id: str
    dvhs: tuple[DVH, ...]
    prescription_gy: float | None = None


def metrics_table(cases: Iterable[CaseDVHs], metrics: Sequence[Metric]) -> pd.DataFrame:
    """List every metric of every ROI of every case.

    Returns:
        Columns ``case_id, roi_number, roi_name, metric, value, unit, flags``. A value that cannot
        be had is missing (null), and ``flags``, joined by semicolons, say why.
    """
    rows = [
        _metric_row(case, dvh, metric) for case in cases for dvh in case.dvhs for metric in metrics
    ]
    return pd.DataFrame(rows, columns=list(_TYPES_OF_METRICS)).astype(_TYPES_OF_METRICS)


def curves_table(cases: Iterable[CaseDVHs]) -> pd.DataFrame:
    """List every point of every curve; ROIs without a curve have no row.

    Returns:
        Columns ``case_id, roi_number, roi_name, dose_gy, volume_cc, volume_percent``.
    """
    curves = [_curve(case.case_id, dvh) for case in cases for dvh in case.dvhs if not dvh.is_empty]
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


def _metric_row(case: CaseDVHs, dvh: DVH, metric: Metric) -> tuple[str | int | float | None, ...]:
    """Evaluate one metric, as a row of the table."""
    result = metric.of(dvh, case.prescription_gy)
    flags = ";".join(dict.fromkeys((*dvh.flags, *result.flags)))
    number, name = dvh.roi_number, dvh.roi_name
    return case.case_id, number, name, metric.name, result.value, result.unit, flags


def _curve(case_id: str, dvh: DVH) -> pd.DataFrame:
    """Put one curve into the table's columns."""
    return pd.DataFrame(
        {
            "case_id": case_id,
            "roi_number": dvh.roi_number,
            "roi_name": dvh.roi_name,
            "dose_gy": dvh.dose_gy,
            "volume_cc": dvh.cumulative_cc,
            "volume_percent": dvh.cumulative_percent,
        }
    )
