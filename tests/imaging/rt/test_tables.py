import csv
from dataclasses import replace

import pandas as pd
import pytest

from imaging.rt import (
    DVH,
    CaseDVHs,
    Flag,
    Metric,
    PlanContext,
    curves_table,
    metrics_table,
    write_table,
)

METRICS = [Metric.parse(text) for text in ("D95%[Gy]", "V95%[%]", "D5cc")]


@pytest.fixture
def cases(dvhs):
    heart = next(dvh for dvh in dvhs if dvh.roi_name == "Heart")
    flagged = replace(heart, flags=(Flag.UNEVEN_PLANES,))
    nothing = DVH.empty(9, "Areola", (Flag.NO_CONTOURS,))
    return [
        CaseDVHs("case-1", (heart, nothing), PlanContext(prescription_gy=50.0)),
        CaseDVHs("case-2", (flagged,)),
    ]


def test_there_is_a_row_for_each_metric_of_each_roi(cases, dvhs):
    table = metrics_table(cases, METRICS)

    assert list(table.columns) == [
        *("case_id", "course", "roi_number", "roi_name", "metric", "value", "unit", "flags"),
        "method",
    ]
    assert len(table) == 9
    first = table.iloc[0]
    assert (first.case_id, first.roi_number, first.roi_name) == ("case-1", 2, "Heart")
    assert (first.metric, first.unit, first["flags"]) == ("D95%[Gy]", "Gy", "")
    assert first.value == dvhs[1].dose_at_volume(95)


def test_flags_of_the_dvh_and_of_the_metric_stand_together(cases):
    table = metrics_table(cases, METRICS)

    assert table["flags"].tolist()[3:8] == [
        *["EMPTY;NO_CONTOURS"] * 3,
        "UNEVEN_PLANES",
        "UNEVEN_PLANES;NO_PRESCRIPTION",
    ]


def test_both_files_hold_the_table_and_nothing_where_a_value_is_missing(cases, tmp_path):
    table = metrics_table(cases, METRICS)

    parquet, csv_path = write_table(table, tmp_path / "new", "metrics")

    pd.testing.assert_frame_equal(pd.read_parquet(parquet), table, check_dtype=False)
    with csv_path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["value"] == "" for row in rows] == table["value"].isna().tolist()
    assert float(rows[0]["value"]) == pytest.approx(table["value"][0], rel=1e-6)
    assert b"nan" not in csv_path.read_bytes().lower()
    assert sorted(path.name for path in csv_path.parent.iterdir()) == [
        "metrics.csv",
        "metrics.parquet",
    ]


def test_curves_hold_every_point_and_leave_empty_rois_out(cases, dvhs):
    table = curves_table(cases)

    heart = table[table["case_id"] == "case-1"]
    assert heart["dose_gy"].tolist() == dvhs[1].dose_gy.tolist()
    assert heart["volume_cc"].tolist() == dvhs[1].cumulative_cc.tolist()
    assert heart["volume_percent"].max() == 100
    assert set(table["roi_name"]) == {"Heart"}


def test_no_cases_give_empty_tables_with_their_columns(tmp_path):
    assert list(curves_table([]).columns)[-1] == "volume_percent"
    assert metrics_table([], METRICS).empty
    write_table(curves_table([]), tmp_path, "curves")
