"""DVHs of a cohort and of files, through the flow."""

import re
from pathlib import Path

import pandas as pd
import pytest

from flows.compute_dvh import compute_dvh
from imaging.cohort import CohortBusyError, read_manifest
from imaging.errors import InputError
from imaging.settings import settings
from imaging.treatments import treatments_of_cohort
from tests.flows.shown import artifact


@pytest.fixture
def cohort(dvh_cohort, phantoms):
    return dvh_cohort, read_manifest(dvh_cohort), phantoms[1]


def test_a_cohort_gets_tables_pictures_and_a_report(cohort):
    manifest, table, phantoms = cohort
    report = compute_dvh("dvh", metrics=("Dmean[Gy]", "D50%[Gy]", "V20Gy[%]"))

    folder = manifest.parent / "dvh"
    metrics = pd.read_parquet(folder / "metrics.parquet")
    proceeding = table[table["outcome"] == "PROCEED"]
    assert set(metrics["case_id"]) == set(proceeding["case_id"])
    for row in proceeding.to_dict("records"):
        truth = {p.patient_id: p for p in phantoms.patients}[row["patient_id"]].truth("PTV")
        mean = metrics.query("case_id == @row['case_id'] and roi_name == 'PTV'").set_index("metric")
        assert mean.loc["Dmean[Gy]", "value"] == pytest.approx(truth.mean_gy, abs=1.0)
        assert (folder / "cases" / row["case_id"] / "dvh.png").stat().st_size > 5000
    assert len(pd.read_csv(folder / "curves.csv")) == len(
        pd.read_parquet(folder / "curves.parquet")
    )
    assert report == folder / "report.html"
    assert not re.search(r'(src|href)="(?!data:|#|cases/)', report.read_text())

    assert "Dmean[Gy]" in artifact("metrics-dvh").data
    page = artifact(f"dvh-{proceeding['case_id'].iloc[0]}").data
    assert "data:image/png;base64," in page
    assert len(page) < 100_000


def test_unchanged_cases_are_not_calculated_again(cohort):
    manifest, *_ = cohort
    compute_dvh("dvh")
    pictures = sorted((manifest.parent / "dvh" / "cases").rglob("curves.parquet"))
    before = [path.stat().st_mtime_ns for path in pictures]
    compute_dvh(str(manifest.with_suffix(".csv")), metrics=("D2%[Gy]",))

    assert pictures
    assert [path.stat().st_mtime_ns for path in pictures] == before
    assert set(pd.read_csv(manifest.parent / "dvh" / "metrics.csv")["metric"]) == {"D2%[Gy]"}

    compute_dvh("dvh", rois=("PTV",))

    assert [path.stat().st_mtime_ns for path in pictures] != before


def test_a_cohort_that_was_moved_is_still_found(cohort, tmp_path):
    manifest, *_ = cohort
    moved = manifest.parent.rename(tmp_path / "elsewhere")
    report = compute_dvh(str(moved / "manifest.csv"))

    assert report == moved / "dvh" / "report.html"


def test_two_files_are_enough(cohort):
    _, table, _ = cohort
    row = table[table["outcome"] == "PROCEED"].iloc[0]
    report = compute_dvh(
        rtstruct=Path(row["folder"]) / row["rtstruct_file"],
        rtdose=Path(row["folder"]) / row["rtdose_files"],
    )

    assert report.parent.parent == settings().data_root / "dvh"
    assert report.parent.name.startswith(row["rtdose_sop_instance_uids"])
    assert not pd.read_csv(report.parent / "metrics.csv").empty


def test_patients_for_review_are_calculated_when_asked(cohort):
    manifest, table, _ = cohort
    compute_dvh("dvh", include_review=True)
    metrics = pd.read_parquet(manifest.parent / "dvh" / "metrics.parquet")

    assert set(table[table["outcome"] == "REVIEW"]["case_id"]) <= set(metrics["case_id"])


def test_one_broken_case_does_not_stop_the_others(cohort):
    manifest, table, _ = cohort
    row = table[table["outcome"] == "PROCEED"].iloc[0]
    (manifest.parent / "patients" / row["case_id"] / row["rtdose_files"]).write_bytes(b"garbage")
    compute_dvh("dvh")
    metrics = pd.read_parquet(manifest.parent / "dvh" / "metrics.parquet")

    assert row["case_id"] not in set(metrics["case_id"])
    assert len(set(metrics["case_id"])) == 4
    assert row["case_id"] in artifact("metrics-dvh").description


def test_a_second_run_on_the_same_cohort_is_refused(cohort):
    manifest, *_ = cohort
    with (
        treatments_of_cohort("dvh", settings().data_root, include_review=False).locked(),
        pytest.raises(CohortBusyError, match="another run calculates the DVHs of dvh"),
    ):
        compute_dvh("dvh")

    assert not (manifest.parent / "dvh" / "cases").exists()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "give a manifest"),
        ({"manifest": "", "rtstruct": Path(), "rtdose": Path()}, "give a manifest"),
        ({"manifest": "nowhere"}, "cannot be read"),
        ({"manifest": "dvh", "metrics": ("D95",)}, "D95"),
        ({"manifest": "dvh", "rois": ("Kidney*",)}, "Kidney"),
        ({"rtstruct": "a.dcm", "rtdose": "b.dcm"}, r"a\.dcm"),
        ({"rtstruct": "a.dcm", "manifest": "dvh"}, "not both"),
    ],
)
@pytest.mark.usefixtures("cohort")
def test_wrong_parameters_are_refused_by_name(parameters, message):
    with pytest.raises(InputError, match=message):
        compute_dvh(**parameters)
