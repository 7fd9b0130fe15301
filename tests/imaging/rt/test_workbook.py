import re
import xml.etree.ElementTree as ET
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest

from imaging.errors import InputError
from imaging.rt import wide_table
from imaging.rt.cases import workbook
from imaging.rt.cases.summaries import metrics_sheets, summary_statistics, wide_metrics
from imaging.rt.cases.workbook import write_workbook

SPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def xml_of(path, name):
    with ZipFile(path) as archive:
        return ET.fromstring(archive.read(name))  # noqa: S314 - our own file


def names_of(path):
    return [
        sheet.get("name")
        for sheet in xml_of(path, "xl/workbook.xml").iter()
        if sheet.get("sheetId")
    ]


def cells_of(path, number=1):
    """What stands in each cell of a sheet: a number, a text, or a formula."""
    found = {}
    for cell in xml_of(path, f"xl/worksheets/sheet{number}.xml").iterfind(".//m:c", SPACE):
        formula, value = cell.find("m:f", SPACE), cell.find("m:v", SPACE)
        text = "".join(cell.itertext())
        number_of = float(value.text) if value is not None and cell.get("t") is None else None
        said = ("formula", text) if formula is not None else number_of
        found[cell.get("r")] = text if said is None else said
    return found


@pytest.fixture
def metrics():
    rows = [
        ("a", "C1", 1, "Heart", "Dmean[Gy]", 2.0, "Gy", ""),
        ("a", "C1", 1, "Heart", "V95%[%]", np.nan, "%", "UNEVEN_PLANES;NO_PRESCRIPTION"),
        ("a", None, 1, "Heart", "Dmean[Gy]", 9.0, "Gy", "UNEVEN_PLANES"),
        ("b", "C1", 3, "heart", "Dmean[Gy]", 4.0, "Gy", ""),
        ("b", "C1", 4, "=cmd|' /C calc'!A0", "Dmean[Gy]", 1.5, "Gy", ""),
    ]
    columns = ["case_id", "course", "roi_number", "roi_name", "metric", "value", "unit", "flags"]
    return pd.DataFrame(rows, columns=columns)


def test_numbers_are_numbers_and_what_is_missing_is_empty(tmp_path):
    table = pd.DataFrame(
        {
            "n": np.array([1, 2]),
            "x": [0.25, np.nan],
            "y": [np.inf, -1e-300],
            "ok": [True, False],
            "text": ["a", None],
            "maybe": pd.array([7, None], dtype="Int64"),
            "on": [pd.Timestamp("2024-05-06 12:00"), pd.NaT],
        }
    )

    cells = cells_of(write_workbook(tmp_path / "new" / "a.xlsx", {"numbers": table}))

    assert (cells["A1"], cells["A2"], cells["B2"], cells["C3"]) == ("n", 1, 0.25, -1e-300)
    assert (cells["D2"], cells["E2"], cells["F2"], cells["G2"]) == ("1", "a", 7, 45418.5)
    assert not {"B3", "C2", "E3", "F3", "G3"} & set(cells)


@pytest.mark.parametrize(
    "name", ["=1+1", "=cmd|' /C calc'!A0", "{=A1}", "http://a.test", "12", "+1"]
)
def test_text_stays_text(name, tmp_path):
    path = write_workbook(tmp_path / "a.xlsx", {"s": pd.DataFrame({"=A1": [name]})})

    assert cells_of(path) == {"A1": "=A1", "A2": name}
    with ZipFile(path) as archive:
        assert not [part for part in archive.namelist() if "sheet1.xml.rels" in part]


def test_the_header_is_frozen_and_filters(tmp_path, metrics):
    path = write_workbook(tmp_path / "a.xlsx", {"metrics": metrics})

    sheet = xml_of(path, "xl/worksheets/sheet1.xml")
    pane, filters = sheet.find(".//m:pane", SPACE), sheet.find("m:autoFilter", SPACE)
    assert pane is not None
    assert filters is not None
    assert (pane.get("ySplit"), pane.get("state")) == ("1", "frozen")
    assert filters.get("ref") == "A1:H6"
    widths = [float(column.get("width", 0)) for column in sheet.iterfind(".//m:col", SPACE)]
    assert len(widths) == 8
    assert widths[3] > 18


def test_the_same_tables_give_the_same_bytes(tmp_path, metrics):
    first, again = (
        write_workbook(tmp_path / name, metrics_sheets(metrics), title="cohort").read_bytes()
        for name in ("a.xlsx", "b.xlsx")
    )

    assert first == again
    created = "".join(xml_of(tmp_path / "a.xlsx", "docProps/core.xml").itertext())
    assert re.findall(r"\d{4}-\d\d-\d\d", created) == ["2000-01-01", "2000-01-01"]


def test_a_table_longer_than_a_sheet_goes_on_in_another(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MAX_ROWS", 4)

    path = write_workbook(tmp_path / "a.xlsx", {"curves": pd.DataFrame({"n": range(7)})})

    assert names_of(path) == ["curves", "curves (2)", "curves (3)"]
    assert cells_of(path, 2) == {"A1": "n", "A2": 3, "A3": 4, "A4": 5}
    assert cells_of(path, 3) == {"A1": "n", "A2": 6}


@pytest.mark.parametrize(
    "names", [[], ["a/b"], ["x" * 32], [""], ["'a"], ["goals", "GOALS"]], ids=str
)
def test_names_that_no_sheet_may_have_are_refused(names, tmp_path):
    with pytest.raises(InputError):
        write_workbook(tmp_path / "a.xlsx", {name: pd.DataFrame({"n": [1]}) for name in names})
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_is_too_wide_is_refused(tmp_path):
    with pytest.raises(InputError, match="16385 columns"):
        write_workbook(tmp_path / "a.xlsx", {"s": pd.DataFrame(np.zeros((1, 16_385)))})


def test_a_text_that_is_too_long_is_cut(tmp_path):
    path = write_workbook(tmp_path / "a.xlsx", {"s": pd.DataFrame({"notes": ["x" * 40_000]})})

    assert cells_of(path) == {"A1": "notes", "A2": "x" * 32_767}


def test_an_empty_table_leaves_its_header(tmp_path):
    path = write_workbook(tmp_path / "a.xlsx", {"goals": pd.DataFrame(columns=["case_id"])})

    assert cells_of(path) == {"A1": "case_id"}


def test_the_wide_table_has_a_row_for_each_roi_and_a_column_for_each_metric(metrics):
    wide = wide_metrics(metrics)

    assert list(wide.columns) == [
        *("case_id", "course", "roi_number", "roi_name"),
        *("Dmean[Gy]", "V95%[%]", "flags"),
    ]
    assert wide["Dmean[Gy]"].tolist() == [2, 9, 4, 1.5]
    assert wide["V95%[%]"].isna().all()
    assert wide["flags"].tolist()[:2] == ["UNEVEN_PLANES;NO_PRESCRIPTION", "UNEVEN_PLANES"]
    assert wide_metrics(metrics.iloc[:0]).empty


def test_a_table_for_prefect_has_no_gaps_and_rounds(metrics):
    rows = wide_table(metrics.assign(value=metrics["value"] + 1e-5))

    who = {"case_id": "a", "ROI": "Heart"}
    flags = "UNEVEN_PLANES NO_PRESCRIPTION"
    assert rows[0] == {**who, "Dmean[Gy]": 2.0, "V95%[%]": "", "flags": flags}
    assert list(rows[0]) == ["case_id", "ROI", "Dmean[Gy]", "V95%[%]", "flags"]
    assert [row["Dmean[Gy]"] for row in rows] == [2, 9, 4, 1.5]
    assert wide_table(metrics.iloc[:0]) == []


def test_a_flag_of_several_metrics_is_said_once(metrics):
    wide = wide_metrics(metrics.assign(flags="NOT_CLOSED;UNEVEN_PLANES"))

    assert set(wide["flags"]) == {"NOT_CLOSED;UNEVEN_PLANES"}


def test_statistics_count_values_over_spellings_of_a_name(metrics):
    rows = summary_statistics(metrics).set_index(["roi_name", "metric"]).to_dict("index")

    dose, share = rows["Heart", "Dmean[Gy]"], rows["Heart", "V95%[%]"]
    spread = pytest.approx(np.std([2, 9, 4], ddof=1))
    assert [dose[key] for key in ("unit", "n", "missing", "sd")] == ["Gy", 3, 0, spread]
    quantiles = [dose[key] for key in ("mean", "min", "q25", "median", "q75", "max")]
    assert quantiles == [5, 2, 3, 4, 6.5, 9]
    assert (share["n"], share["missing"]) == (0, 1)
    named = summary_statistics(metrics, {"=cmd|' /c calc'!a0": "Heart"})
    assert set(named["roi_name"]) == {"Heart"}


def test_the_workbook_of_a_cohort_has_its_sheets(metrics, tmp_path):
    goals = pd.DataFrame({"case_id": ["a"], "goal": ["Dmean < 4 Gy"], "met": [True]})

    path = write_workbook(tmp_path / "a.xlsx", metrics_sheets(metrics, goals))

    assert names_of(path) == ["metrics wide", "goals", "statistics", "metrics"]
    assert "goals" not in metrics_sheets(metrics)
