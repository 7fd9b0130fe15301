import xml.etree.ElementTree as ET
from zipfile import ZipFile

import pandas as pd
import pytest

from imaging.cohort.pages import write_report
from imaging.cohort.pages.tables import ROIS, growing_table
from tests.imaging.cohort.fakes import FILES_ONLY
from tests.imaging.cohort.published import EVIL, IDS, published

SPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def sheets_of(path):
    """Rows of each sheet as texts, and how many formulas there are."""
    with ZipFile(path) as archive:
        book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - our own file
        names = [sheet.get("name") for sheet in book.iter() if sheet.get("sheetId")]
        pages = [
            ET.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))  # noqa: S314
            for number in range(1, len(names) + 1)
        ]
    rows = {
        name: [
            ["".join(cell.itertext()) for cell in row.iterfind("m:c", SPACE)]
            for row in page.iterfind(".//m:row", SPACE)
        ]
        for name, page in zip(names, pages, strict=True)
    }
    return rows, sum(len(list(page.iterfind(".//m:f", SPACE))) for page in pages)


@pytest.fixture
def run(tmp_path):
    return published(tmp_path)


def test_there_is_a_sheet_for_every_question(run):
    sheets, _ = sheets_of(write_report(run.cohort, FILES_ONLY).workbook)

    assert list(sheets) == [
        *("Patients", "Decisions", "Quarantine", "ROIs", "Settings", "Versions")
    ]
    assert [len(sheets[name]) - 1 for name in ("Patients", "Quarantine", "ROIs")] == [4, 2, 3]
    assert sheets["Settings"][1][:2] == ["required_modalities", "CT, RTSTRUCT, RTPLAN, RTDOSE"]
    assert sheets["Versions"][1][0] == "imaging-flows"


def test_texts_are_no_formulas(run):
    sheets, formulas = sheets_of(write_report(run.cohort, FILES_ONLY).workbook)

    assert formulas == 0
    assert any("=1+1" in row for row in sheets["ROIs"])
    assert any(EVIL in row for row in sheets["ROIs"])


def test_patients_have_the_columns_of_the_manifest_without_who_they_are(run):
    hidden, _ = sheets_of(write_report(run.cohort, FILES_ONLY).workbook)
    shown, _ = sheets_of(write_report(run.cohort, FILES_ONLY, show_ids=True).workbook)

    assert hidden["Patients"][0][:4] == ["case_id", "course", "outcome", "codes"]
    assert shown["Patients"][0][:2] == ["patient_id", "case_id"]
    assert {row[0] for row in shown["Patients"][1:]} == set(IDS)
    assert "study_date" not in hidden["Quarantine"][0]
    assert "study_date" in shown["Quarantine"][0]
    folder = f"patients/{run.case_id(IDS[0])}"  # wherever the cohort is moved to
    assert any(folder in row for row in hidden["Patients"])


def test_metrics_are_wide_where_dvhs_were_calculated(run):
    columns = ["case_id", "roi_name", "metric", "value", "unit", "flags", "method"]
    rows = [("a", "PTV", name, 2.0, "Gy", "", "exact") for name in ("D95%[Gy]", "D2%[Gy]")]
    rows.append(("changed since", "PTV", "D2%[Gy]", 3.0, "Gy", "", "exact"))
    run.cohort.dvhs("a").mkdir(parents=True)
    pd.DataFrame(rows, columns=columns).to_parquet(run.cohort.root / "dvh" / "metrics.parquet")
    sheets, _ = sheets_of(write_report(run.cohort, FILES_ONLY).workbook)

    assert sheets["Metrics"] == [
        ["case_id", "roi_name", "method", "D95%[Gy]", "D2%[Gy]", "flags"],
        ["a", "PTV", "exact", "2", "2"],
    ]


def test_every_decision_is_a_row_with_its_evidence(run):
    table = pd.read_parquet(write_report(run.cohort, FILES_ONLY).decisions)
    missing = table[table["case_id"] == run.case_id(IDS[2])]

    assert missing["code"].tolist() == ["I_EXEC_005"]
    assert missing["evidence"].tolist() == ["missing: CT"]
    assert missing["meaning"].tolist() == ["a required modality is missing"]
    assert table["in_quarantine"].sum() == 2 * 5  # a link and four files, of two candidates
    assert set(table["outcome"]) == {"PROCEED", "REVIEW", "EXCLUDE"}


def test_every_roi_is_a_row_with_its_mask_or_why_it_has_none(run):
    path = write_report(run.cohort, FILES_ONLY).rois
    table = pd.read_parquet(path).set_index("roi_name")
    name = run.case_id(IDS[0])

    mask = table.loc["=1+1"]
    assert mask["mask_file"] == f"patients/{name}/nifti/masks/_1_1.nii.gz"
    assert (mask["voxels"], mask["volume_cc"], mask["flags"]) == (1200, 3.5, "UNEVEN_PLANES")
    assert table.loc[EVIL, "why_no_mask"] == "no closed contour"
    assert table.loc["PTV", "case_id"] == run.case_id(IDS[1])  # of whom no masks were made
    assert pd.read_csv(path.with_suffix(".csv"))["roi_name"].tolist() == table.index.tolist()


def test_a_table_that_fails_half_way_leaves_nothing(tmp_path):
    target = tmp_path / "rois.parquet"
    rows = [{"case_id": "a", "roi_number": 1}]

    def fail():
        with growing_table(target, ROIS, show_ids=False) as add:
            add(rows)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert list(tmp_path.iterdir()) == []
    with growing_table(target, ROIS, show_ids=False) as add:
        add(rows)
    assert pd.read_parquet(target)["case_id"].tolist() == ["a"]
