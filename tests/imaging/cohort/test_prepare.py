"""Outputs of real phantoms: what is written, what is said of it, and what costs only one case."""

import json
from contextlib import closing

import nibabel as nib
import numpy as np
import pydicom
import pytest

from imaging.cohort import (
    CohortFolder,
    CohortSpecification,
    DoseRules,
    Extraction,
    Outputs,
    PatientNotes,
    decide_batch,
    prepare_group,
    publish,
    retrieve_group,
)
from imaging.dicom import FolderArchive
from imaging.phantoms import Cohort, PhantomSize
from tests.imaging.cohort.fakes import NOTHING


@pytest.fixture
def archive(tmp_path):
    return tmp_path / "archive"


def extract(archive, target, specification=None, run_id="run-1"):
    specification = specification or CohortSpecification()
    run = Extraction(CohortFolder(target), specification, run_id, b"key")
    with closing(FolderArchive(archive)) as source:
        ids = source.patient_ids()
        group = decide_batch(source, ids, run)
        retrieve_group(source, group, run.cohort, specification.dose)
    written = prepare_group(group, run.cohort, specification)
    return publish(ids, run), written


def write(archive, fault=None):
    cohort = Cohort(seed=5, size=PhantomSize.tiny())
    patient = cohort.add(fault)
    cohort.write(archive)
    return patient


def only(archive, modality):
    (path,) = (archive / "SUB001" / modality).glob("*.dcm")
    return path


def change_dose(archive, **attributes):
    path = only(archive, "RTDOSE")
    dataset = pydicom.dcmread(path)
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path)


def codes(summary):
    return summary.table["codes"][0].split(";")


def test_everything_asked_for_is_written_and_agrees_with_the_truth(archive, tmp_path):
    patient = write(archive)
    summary, written = extract(archive, tmp_path / "cohort")
    folder = tmp_path / "cohort" / "patients" / summary.table["case_id"][0]
    rois = json.loads((folder / "nifti" / "masks" / "rois.json").read_text())
    dose = nib.nifti1.load(folder / "nifti" / "dose.nii.gz")

    assert written == 1
    assert summary.table["outcome"][0] == "PROCEED"
    assert {"XII_SUCC_001", "XIV_SUCC_001", "XVI_SUCC_004"} <= {*codes(summary)}
    assert summary.table["products"][0] >= 5 + len(patient.phantom.roi_names)
    assert "PTV" in json.dumps(rois)
    stored = pydicom.dcmread(only(archive, "RTDOSE"))
    largest_gy = stored.pixel_array.max() * float(stored.DoseGridScaling)
    assert float(np.asanyarray(dose.dataobj).max()) == pytest.approx(largest_gy, rel=1e-6)


def test_a_second_run_writes_nothing_anew_and_says_the_same(archive, tmp_path):
    write(archive)
    first, _ = extract(archive, tmp_path / "cohort")
    second, written = extract(archive, tmp_path / "cohort", run_id="run-2")

    assert written == 0
    assert codes(second) == codes(first)
    assert second.table["products"].tolist() == first.table["products"].tolist()


def test_other_outputs_are_written_without_fetching_anything(archive, tmp_path):
    write(archive)
    extract(archive, tmp_path / "cohort")
    more = CohortSpecification(outputs=Outputs(dose_on_image=True, dvh=False))
    summary, written = extract(archive, tmp_path / "cohort", more, "run-2")

    assert (written, summary.table["fetched"][0]) == (1, 0)
    assert list((tmp_path / "cohort").rglob("dose_on_ct.nii.gz"))


@pytest.mark.parametrize(
    ("lowest", "highest", "excluded"),
    [(0, 0, False), (1, 200, False), (150, 0, True), (0, 5, True)],
)
def test_the_largest_dose_may_be_bounded(archive, tmp_path, lowest, highest, excluded):
    write(archive)
    rules = DoseRules(lowest_maximum_gy=lowest, highest_maximum_gy=highest)
    summary, _ = extract(archive, tmp_path / "cohort", CohortSpecification(dose=rules))

    assert ("XXIV_EXEC_003" in codes(summary)) is excluded
    assert summary.table["outcome"][0] == ("EXCLUDE" if excluded else "PROCEED")


@pytest.mark.parametrize(("highest", "excluded"), [(5, True), (200, False)])
def test_the_largest_dose_is_bounded_where_nothing_is_written_too(
    archive, tmp_path, highest, excluded
):
    write(archive)
    rules = DoseRules(highest_maximum_gy=highest)
    specification = CohortSpecification(dose=rules, outputs=NOTHING)
    summary, _ = extract(archive, tmp_path / "cohort", specification)

    assert ("XXIV_EXEC_003" in codes(summary)) is excluded


def test_a_dose_that_cannot_be_read_costs_the_dose_and_not_the_masks(archive, tmp_path):
    write(archive)
    change_dose(archive, DoseGridScaling=0)
    summary, _ = extract(archive, tmp_path / "cohort")
    again, written = extract(archive, tmp_path / "cohort", run_id="run-2")

    assert "XVI_REV_007" in codes(summary)
    assert {"XII_SUCC_001", "XIV_SUCC_001"} <= {*codes(summary)}
    assert summary.table["outcome"][0] == "REVIEW"
    assert (written, codes(again)) == (0, codes(summary))


@pytest.mark.parametrize(
    ("change", "is_told"),
    [({}, False), ({"DoseGridScaling": 0}, True), ({"DoseType": "ERROR"}, True)],
)
@pytest.mark.parametrize("outputs", [Outputs(dose=False), NOTHING])
def test_a_dose_that_cannot_be_used_is_told_where_it_is_not_written(
    archive, tmp_path, change, is_told, outputs
):
    write(archive)
    change_dose(archive, **change)
    summary, _ = extract(archive, tmp_path / "cohort", CohortSpecification(outputs=outputs))

    assert ("XVI_REV_007" in codes(summary)) is is_told
    assert summary.table["outcome"][0] == ("REVIEW" if is_told else "PROCEED")


def test_an_unreadable_dose_that_is_bounded_and_not_written_is_told_once(archive, tmp_path):
    write(archive)
    change_dose(archive, GridFrameOffsetVector=[1.0, 2.0])
    rules = CohortSpecification(dose=DoseRules(highest_maximum_gy=200), outputs=Outputs(dose=False))
    summary, _ = extract(archive, tmp_path / "cohort", rules)

    assert codes(summary).count("XVI_REV_007") == 1


@pytest.mark.parametrize(
    ("beside_mm", "wanted_rois", "code"),
    [(0, ["PTV"], ""), (600, [], "XVI_REV_008"), (150, ["PTV"], "XVI_REV_009"), (150, [], "")],
)
def test_a_dose_beside_the_patient_is_for_review(archive, tmp_path, beside_mm, wanted_rois, code):
    write(archive)
    x, y, z = pydicom.dcmread(only(archive, "RTDOSE")).ImagePositionPatient
    change_dose(archive, ImagePositionPatient=[x, y + beside_mm, z])
    summary, _ = extract(archive, tmp_path / "cohort", CohortSpecification(wanted_rois=wanted_rois))

    assert {"XVI_REV_008", "XVI_REV_009"}.intersection(codes(summary)) == {code} - {""}
    assert summary.table["outcome"][0] == ("REVIEW" if code else "PROCEED")


def test_an_unforeseen_error_of_the_dose_costs_the_dose_and_not_the_masks(
    archive, tmp_path, monkeypatch
):
    write(archive)

    def breaks(*_args, **_kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("imaging.volumes.products.write_dose", breaks)
    summary, _ = extract(archive, tmp_path / "cohort")

    assert {"XVI_EXEC_001", "XIV_SUCC_001"} <= {*codes(summary)}
    assert summary.technical_failures == 1


def test_outputs_that_are_no_longer_wanted_do_not_stay_beside_other_files(archive, tmp_path):
    write(archive)
    extract(archive, tmp_path / "cohort")
    summary, _ = extract(
        archive, tmp_path / "cohort", CohortSpecification(outputs=NOTHING), "run-2"
    )
    left = [path for path in (tmp_path / "cohort/patients").rglob("*") if path.is_file()]

    assert summary.table["products"].tolist() == [0]
    assert not [path for path in left if path.suffix in {".gz", ".png", ".tsv"}]
    assert not [path for path in left if path.name in {"products.json", "rois.json"}]
    assert [path for path in left if path.suffix == ".dcm"]


def test_a_step_that_never_ended_is_a_failure_and_the_next_run_does_it(archive, tmp_path):
    write(archive)
    specification = CohortSpecification()
    run = Extraction(CohortFolder(tmp_path / "cohort"), specification, "run-1", b"key")
    with closing(FolderArchive(archive)) as source:
        group = decide_batch(source, ["SUB001"], run)
        retrieve_group(source, group, run.cohort)
    killed = publish(["SUB001"], run)
    summary, _ = extract(archive, tmp_path / "cohort", run_id="run-2")

    assert codes(killed)[-1] == "XII_EXEC_001"
    assert killed.technical_failures == 1
    assert summary.table["outcome"][0] == "PROCEED"


def test_a_full_disk_is_a_failure_of_the_moment(archive, tmp_path, monkeypatch):
    write(archive)

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("imaging.cohort.prepare.write_products", full)
        failed, _ = extract(archive, tmp_path / "cohort")
    healed, _ = extract(archive, tmp_path / "cohort", run_id="run-2")

    assert failed.table["outcome"][0] == "EXCLUDE"
    assert "No space left" in failed.table["reason"][0]
    assert healed.table["outcome"][0] == "PROCEED"


def test_an_unforeseen_error_is_the_cases_alone_and_its_trace_is_in_the_notes(
    archive, tmp_path, monkeypatch
):
    write(archive)
    extract(archive, tmp_path / "cohort")

    def breaks(*_args, **_kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("imaging.cohort.prepare.write_products", breaks)
    summary, _ = extract(archive, tmp_path / "cohort", run_id="run-2")
    notes = PatientNotes.read(next((tmp_path / "cohort" / "notes").glob("*.json")))

    assert not list((tmp_path / "cohort").rglob("*.nii.gz"))  # nothing of the run before
    assert not list((tmp_path / "cohort").rglob("products.json"))
    assert codes(summary)[-1] == "XII_EXEC_001"
    assert "Traceback" in str(notes.decisions[-1].evidence["reason"])
