"""What a DVH run leaves for a person: goals, workbook, population, pages, copies of the dose."""

import re
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from pydicom import dcmread

from flows.compute_dvh import compute_dvh
from imaging.cohort import read_manifest
from imaging.errors import InputError
from imaging.phantoms import DoseEncoding, PhantomPatient, PhantomSize, write_datasets
from imaging.rt import DoseChoice, MethodChoice
from imaging.settings import settings
from tests.flows.shown import artifact

GOALS = """\
title: House rules
goals:
  PTV: ["D95%[Gy] > 1", "D95%[Gy] > 500 | > 1"]
  Heart: "Dmean[Gy] < 0.001"
  Kidney_L: "Dmean[Gy] < 15"
"""


@pytest.fixture
def cohort(dvh_cohort, phantoms):
    (settings().data_root / "rules.yaml").write_text(GOALS)
    return dvh_cohort.parent / "dvh", read_manifest(dvh_cohort), phantoms[1]


@pytest.fixture
def files(place, tmp_path):
    """One patient's files: RTSTRUCT, RTPLAN, the doses of two beams and of the plan."""
    place()
    patient = PhantomPatient.synthetic(5, size=PhantomSize.tiny())
    beams = [
        patient.rtdose(
            DoseEncoding(summation_type="BEAM", beam_number=number, role=f"beam {number}")
        )
        for number in (1, 2)
    ]
    whole = patient.rtdose()
    struct, plan = write_datasets([patient.rtstruct(), patient.rtplan()], tmp_path / "plan")
    return patient, struct, plan, write_datasets([whole], tmp_path / "whole")[0], beams


def test_a_cohort_is_shown_from_every_side(cohort):
    folder, table, phantoms = cohort
    report = compute_dvh("dvh", goals="rules.yaml")

    proceeding = table[table["outcome"] == "PROCEED"]
    _check_goals(folder, set(proceeding["case_id"]), report)
    _check_workbook(folder)
    _check_spread(folder, set(proceeding["patient_id"]), phantoms)
    _check_page(folder, proceeding["case_id"].iloc[0], report)
    planned = pd.read_csv(folder / "planned.csv")
    assert set(planned["roi_name"]) >= {"PTV", "Heart", "BODY"}
    assert planned["mean_dv_points"].max() < 0.5  # theirs are the truth in bins of 0.5 Gy


def _check_goals(folder, cases, report):
    goals = pd.read_parquet(folder / "goals.parquet")
    assert set(goals["case_id"]) == cases
    expected = ["PASS", "ACCEPTABLE", "FAIL", "NOT_EVALUATED"]
    assert goals.groupby("case_id")["outcome"].agg(list).tolist() == [expected] * len(cases)
    shown = artifact("goals-dvh")
    assert "House rules" in shown.description
    assert shown.data.count("fail") == len(cases)
    assert "NOT_EVALUATED" in report.read_text()


def _check_workbook(folder):
    metrics = pd.read_parquet(folder / "metrics.parquet")
    assert set(metrics["method"]) == {"exact, end caps half, prism, dose linear"}
    with ZipFile(folder / "dvh.xlsx") as book:
        names = re.findall('<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    assert {"metrics", "goals", "planning system"} <= set(names)


def _check_spread(folder, patients, phantoms):
    spread = pd.read_parquet(folder / "population.parquet").query("roi_name == 'PTV'")
    truths = [p.truth("PTV") for p in phantoms.patients if p.patient_id in patients]
    for dose_gy in (20.0, 40.0):
        row = spread.iloc[(spread["dose_gy"] - dose_gy).abs().argmin()]
        expected = np.median([truth.volume_at_dose(row["dose_gy"]) for truth in truths])
        assert row["median"] == pytest.approx(expected, abs=1.5)
    assert "data:image/png" in artifact("population-dvh").data


def _check_page(folder, case, report):
    page = (folder / "cases" / case / "dvh.html").read_text()
    assert "http" not in page.replace("http-equiv", "")
    assert f'href="cases/{case}/dvh.html"' in report.read_text()
    assert len(list(folder.glob("plotly-*.min.js"))) == 1


def test_other_metrics_redraw_and_do_not_recalculate(cohort):
    folder, table, _ = cohort
    compute_dvh("dvh")
    case = folder / "cases" / table[table["outcome"] == "PROCEED"]["case_id"].iloc[0]
    curves, page = (case / "curves.parquet").stat().st_mtime_ns, (case / "dvh.html").read_text()
    compute_dvh("dvh", metrics=("gEUD(8)[Gy]", "HI", "EQD2:Dmean[Gy]"))

    assert (case / "curves.parquet").stat().st_mtime_ns == curves
    assert (case / "dvh.html").read_text() != page
    table = pd.read_csv(case / "metrics.csv").query("roi_name == 'PTV'").set_index("metric")
    assert float(table["value"]["EQD2:Dmean[Gy]"]) > 0


def test_a_plan_and_its_beams_in_one_folder_are_one_dose(files, tmp_path):
    patient, struct, plan, _, beams = files
    doses = tmp_path / "doses"
    write_datasets(beams, doses)
    together = tmp_path / "together"
    together.mkdir()
    for index, path in enumerate(sorted(doses.rglob("*.dcm"))):
        (together / f"beam-{index}.dcm").write_bytes(path.read_bytes())
    report = compute_dvh(rtstruct=struct, rtdose=together, rtplan=plan, rois=("PTV",))

    found = pd.read_csv(report.parent / "metrics.csv").set_index("metric")
    # Both beams carry the plan's dose here, so their sum is twice as much.
    expected = 2 * patient.truth("PTV").mean_gy
    assert found.loc["Dmean[Gy]", "value"] == pytest.approx(expected, rel=0.01)

    (together / "beam-1.dcm").unlink()
    with pytest.raises(InputError, match="beam"):
        compute_dvh(rtstruct=struct, rtdose=together, rtplan=plan)


def test_dvhs_are_written_into_a_copy_of_the_dose(files):
    patient, struct, plan, whole, _ = files
    before = whole.read_bytes()
    report = compute_dvh(rtstruct=struct, rtdose=whole, rtplan=plan, write_dvhs=True)

    copy = next(report.parent.rglob("rtdose-with-dvhs.dcm"))
    dataset, original = dcmread(copy), dcmread(whole)
    assert whole.read_bytes() == before
    assert dataset.SOPInstanceUID != original.SOPInstanceUID
    assert dataset.PixelData == original.PixelData
    means = {
        int(item.DVHReferencedROISequence[0].ReferencedROINumber): float(item.DVHMeanDose)
        for item in dataset.DVHSequence
    }
    for roi in patient.rois:
        assert means[roi.number] == pytest.approx(patient.truth(roi.name).mean_gy, abs=0.3)


def test_a_convention_decides_the_end_caps(files):
    _, struct, plan, whole, _ = files
    volumes = {}
    for name, method in {
        "exact": MethodChoice(),
        "none": MethodChoice(end_caps_mm=0),
        "dicompyler": MethodChoice(engine="dicompyler"),
    }.items():
        report = compute_dvh(
            rtstruct=struct, rtdose=whole, rtplan=plan, metrics=("Volume[cc]",), method=method
        )
        table = pd.read_csv(report.parent / "metrics.csv").set_index("roi_name")
        volumes[name] = float(table["value"]["Lung_L"])

    assert volumes["none"] < volumes["exact"]
    assert volumes["dicompyler"] == pytest.approx(volumes["exact"], rel=0.05)


def test_a_prescription_given_by_hand_counts(files):
    patient, struct, _, whole, _ = files
    dose = DoseChoice(prescription_gy=patient.truth("PTV").mean_gy)
    report = compute_dvh(rtstruct=struct, rtdose=whole, metrics=("Dmean[%]",), dose=dose)

    table = pd.read_csv(report.parent / "metrics.csv").set_index("roi_name")
    assert table.loc["PTV", "value"] == pytest.approx(100, abs=0.5)


def test_the_folder_of_an_export_is_enough(files, tmp_path):
    patient, struct, plan, whole, _ = files
    export = tmp_path / "export"
    export.mkdir()
    for path in (struct, plan, whole):
        (export / f"{path.parent.name}-{path.name}").write_bytes(path.read_bytes())
    (export / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    report = compute_dvh(
        "", rtstruct=export, rtdose=export, rtplan=export, rois=("PTV",), metrics=("Dmean[Gy]",)
    )

    found = pd.read_csv(report.parent / "metrics.csv")["value"]
    assert found.tolist() == pytest.approx([patient.truth("PTV").mean_gy], rel=0.01)


def test_aliases_say_which_rois_the_goals_mean(files):
    _, struct, plan, whole, _ = files
    settings().data_root.mkdir(parents=True, exist_ok=True)
    (settings().data_root / "rules.yaml").write_text(
        "title: House rules\ngoals:\n  Lung_Ipsi: 'Dmean[Gy] < 100'\n"
    )
    report = compute_dvh(
        rtstruct=struct,
        rtdose=whole,
        rtplan=plan,
        goals="rules.yaml",
        aliases={"Lung_Ipsi": ["Lung_L"]},
    )

    goals = pd.read_csv(report.parent / "goals.csv")
    assert goals[["roi_name", "outcome"]].to_numpy().tolist() == [["Lung_L", "PASS"]]


@pytest.mark.parametrize(
    ("goals", "message"), [("nowhere.yaml", "nowhere"), ("no-such", "quantec-thorax")]
)
def test_goals_that_are_not_there_are_refused(files, goals, message):
    _, struct, _, whole, _ = files
    with pytest.raises(InputError, match=message):
        compute_dvh(rtstruct=struct, rtdose=whole, goals=goals)


def test_folders_of_nothing_are_refused(files, tmp_path):
    _, struct, *_ = files
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="none of the 0 files in the folder empty is an RTDOSE"):
        compute_dvh(rtstruct=struct, rtdose=Path(tmp_path / "empty"))
