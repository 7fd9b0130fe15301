"""The whole flow on a real Prefect server, with real archives."""

import json
import shutil
from pathlib import Path
from zipfile import ZipFile

import anyio
import pandas as pd
import pytest

from flows.extract_cohort import extract_cohort
from imaging.cohort import (
    CohortFailedError,
    CohortSpecification,
    Outputs,
    PatientSelection,
    read_manifest,
    read_specification,
)
from imaging.errors import SettingError
from imaging.settings import settings
from tests.flows.said import everything_said
from tests.flows.shown import artifact, by_patient

RULES = CohortSpecification(
    wanted_rois=["PTV*"],
    description_must_not_contain=["head and neck"],
    outputs=Outputs(dvh=False),
)
PLAIN = CohortSpecification(outputs=Outputs(dvh=False))
EXPECTED = {
    "SUB001": ("PROCEED", ""),
    "SUB002": ("PROCEED", ""),
    "SUB003": ("EXCLUDE", "I_EXEC_005"),
    "SUB004": ("PROCEED", ""),
    "SUB005": ("EXCLUDE", "I_EXEC_007"),
    "SUB006": ("PROCEED", ""),
    "SUB007": ("EXCLUDE", "I_EXEC_004"),
    "SUB008": ("PROCEED", ""),
    "SUB009": ("EXCLUDE", "I_EXEC_008"),
    "SUB010": ("REVIEW", "II_REV_007"),
}


def outcomes(manifest):
    table = read_manifest(manifest)
    assert table["patient_id"].tolist() == list(EXPECTED)
    for row in table.to_dict("records"):
        outcome, code = EXPECTED[row["patient_id"]]
        assert row["outcome"] == outcome
        assert code in row["codes"]
    return table


def test_a_folder_of_files_becomes_a_cohort(place, phantoms):
    place(dicom_folder=phantoms[0])

    table = outcomes(extract_cohort("folder", specification=RULES))

    root = settings().data_root / "cohorts" / "folder"
    assert (root / "manifest.csv").exists()
    assert read_specification(root / "specification.yaml").specification == RULES
    for row in table[table["outcome"] == "PROCEED"].to_dict("records"):
        assert (root / "notes" / f"{row['case_id']}.json").exists()
        folder = root / "patients" / row["case_id"]
        assert len(list((folder / "CT").glob("*.dcm"))) == 24
        for name in ("CT.nii.gz", "dose.nii.gz", "labels.nii.gz", "masks/PTV.nii.gz"):
            assert (folder / "nifti" / name).exists()
        assert (folder / "rois.png").exists()
    decisions = artifact("decisions-folder")
    assert "I_EXEC_007" in decisions.data
    assert "5 PROCEED, 1 REVIEW, 4 EXCLUDE" in artifact("cohort-folder").data
    assert artifact("retrieving-folder").data == 100.0
    assert artifact("preparing-folder").data == 100.0


def test_by_default_dvhs_report_workbook_and_methods_come_along(place, phantoms):
    place(dicom_folder=phantoms[0])
    chosen = PatientSelection(patient_ids=["SUB001", "SUB002", "SUB005"])
    manifest = extract_cohort("whole", patients=chosen)

    root = manifest.parent
    metrics = pd.read_parquet(root / "dvh" / "metrics.parquet")
    table = read_manifest(manifest)
    assert set(metrics["case_id"]) == set(table.loc[table["outcome"] == "PROCEED", "case_id"])
    assert artifact("report-whole").data.startswith("[Report of cohort whole](file://")
    assert "a folder of DICOM files" in artifact("methods-whole").data
    page = (root / "report.html").read_text()
    assert "population.png" in page
    assert all(row in page for row in table["case_id"])
    with ZipFile(root / "cohort.xlsx") as book:
        listing = book.read("xl/workbook.xml").decode()
    for sheet in ("Patients", "Decisions", "Quarantine", "ROIs", "Metrics", "Settings", "Versions"):
        assert f'name="{sheet}"' in listing


def test_dvhs_that_fail_leave_the_cohort_and_fail_the_run(place, phantoms):
    place(dicom_folder=phantoms[0])
    root = settings().data_root / "cohorts" / "broken"
    root.mkdir(parents=True)
    (root / "dvh").write_text("in the way")
    with pytest.raises(CohortFailedError, match="compute-dvh"):
        extract_cohort("broken", patients=PatientSelection(patient_ids=["SUB001"]))

    assert read_manifest(root / "manifest.parquet")["outcome"].tolist() == ["PROCEED"]
    assert (root / "report.html").exists()


def test_a_specification_out_of_a_file_goes_before_the_form(place, phantoms):
    place(dicom_folder=phantoms[0])
    settings().data_root.mkdir(parents=True, exist_ok=True)
    config = {"possibilities": ["PTV"], "required_modalities_for_patient": ["CT", "RTSTRUCT"]}
    (settings().data_root / "codesconfig.json").write_text(json.dumps(config))
    manifest = extract_cohort("pdcp", specification_file=Path("codesconfig.json"))

    assert by_patient(manifest)["SUB003"]["outcome"] == "PROCEED"  # who has no dose
    assert "possibilities" in artifact("translation-pdcp").data


def test_a_second_run_fetches_nothing(place, phantoms):
    place(dicom_folder=phantoms[0])
    first = read_manifest(extract_cohort("again", specification=RULES))
    second = read_manifest(extract_cohort("again", specification=RULES))

    assert first["fetched"].sum() > 0
    assert second["fetched"].sum() == 0
    assert second["unchanged"].sum() == first["fetched"].sum()
    assert second["content_hash"].equals(first["content_hash"])


@pytest.mark.orthanc
def test_orthanc_and_a_folder_give_the_same_cohort(place, phantoms, filled_orthanc):
    place(dicom_folder=phantoms[0])
    of_folder = outcomes(extract_cohort("folder", specification=RULES))
    place(
        orthanc_url=filled_orthanc.url,
        orthanc_user=filled_orthanc.user,
        orthanc_password=filled_orthanc.password,
    )
    of_orthanc = outcomes(extract_cohort("orthanc", specification=RULES))

    same = [
        "case_id",
        "outcome",
        "codes",
        "study_instance_uid",
        "rtdose_sop_instance_uids",
        "slices",
    ]
    assert of_orthanc[same].equals(of_folder[same])


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (PatientSelection(patient_ids=["SUB002", "SUB004"]), ["SUB002", "SUB004"]),
        (PatientSelection(worklist="list.csv"), ["SUB001", "nobody"]),
    ],
)
def test_patients_can_be_chosen(place, phantoms, chosen, expected):
    place(dicom_folder=phantoms[0])
    settings().data_root.mkdir(parents=True, exist_ok=True)
    (settings().data_root / "list.csv").write_text("patient_id\nSUB001\nnobody\n")

    table = read_manifest(extract_cohort("some", patients=chosen, specification=PLAIN))

    assert table["patient_id"].tolist() == expected


def test_without_an_archive_the_run_says_which_setting_to_mend(place):
    place()
    with pytest.raises(SettingError, match="IMAGING_ORTHANC_URL"):
        extract_cohort("none")


def test_a_wrong_address_fails_at_once_and_names_the_setting(place):
    place(orthanc_url="http://127.0.0.1:9")
    with pytest.raises(SettingError, match="IMAGING_ORTHANC_URL"):
        extract_cohort("nowhere")


@pytest.mark.orthanc
def test_a_wrong_password_fails_at_once_and_names_the_setting(place, filled_orthanc):
    wrong = filled_orthanc.password[::-1]
    place(orthanc_url=filled_orthanc.url, orthanc_user="imaging", orthanc_password=wrong)
    with pytest.raises(SettingError, match="IMAGING_ORTHANC_PASSWORD"):
        extract_cohort("locked")


def test_a_damaged_file_costs_its_patient_and_is_fetched_once_mended(place, phantoms, tmp_path):
    archive = shutil.copytree(phantoms[0], tmp_path / "archive")
    victim = sorted((archive / "SUB002" / "CT").glob("*.dcm"))[9]
    whole = victim.read_bytes()
    victim.write_bytes(whole[: len(whole) // 2])
    place(dicom_folder=archive)

    broken = by_patient(extract_cohort("cut", specification=RULES))

    assert "XI_EXEC_012" in broken["SUB002"]["codes"]
    assert broken["SUB001"]["outcome"] == "PROCEED"
    folder = settings().data_root / "cohorts" / "cut" / "patients" / broken["SUB002"]["case_id"]
    assert not (folder / "CT" / victim.name).exists()

    victim.write_bytes(whole)
    mended = by_patient(extract_cohort("cut", specification=RULES))

    assert mended["SUB002"]["outcome"] == "PROCEED"
    assert mended["SUB002"]["fetched"] == 1


def test_a_run_in_which_everything_failed_is_a_failure(place, phantoms, tmp_path):
    archive = tmp_path / "archive"
    shutil.copytree(phantoms[0] / "SUB002", archive / "SUB002")
    for file in (archive / "SUB002" / "CT").iterdir():
        file.write_bytes(file.read_bytes()[:-1000])
    place(dicom_folder=archive)

    with pytest.raises(CohortFailedError, match="1 of 1"):
        extract_cohort("lost")


def test_no_patient_is_named_outside_the_data_folder(place, phantoms, tmp_path, caplog):
    archive = shutil.copytree(phantoms[0], tmp_path / "archive")
    next((archive / "SUB002" / "RTPLAN").iterdir()).write_bytes(b"garbage")
    place(dicom_folder=archive)
    state = extract_cohort("private", specification=RULES, return_state=True)

    said = anyio.run(everything_said, state.state_details.flow_run_id) + caplog.text
    assert "case-" in said
    assert "patients chosen of" in said  # our own log lines came through, and are searched
    for patient in phantoms[1].patients:
        assert patient.patient_id not in said
        assert patient.phantom.patient_name.split("^")[0] not in said
        assert patient.phantom.study.patient_birth_date not in said
