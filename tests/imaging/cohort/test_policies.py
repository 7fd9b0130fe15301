"""Policies on awkward patients: plans added, gaps filled, tilt straightened, courses as cases."""

import json
from contextlib import closing

import nibabel
import numpy as np
import pytest

from imaging.cohort import (
    CohortFolder,
    CohortSpecification,
    Extraction,
    decide_batch,
    prepare_group,
    publish,
    retrieve_group,
)
from imaging.dicom import FolderArchive
from imaging.phantoms.edges import EDGE_CASES
from imaging.rt import DvhOptions, calculate_case
from imaging.treatments import treatments_of_cohort

CASES = {case.name: case for case in EDGE_CASES}


@pytest.fixture
def extract(tmp_path):
    def extract(name, **rules):
        CASES[name].write(tmp_path / "archive")
        specification = CohortSpecification.model_validate(rules)
        run = Extraction(CohortFolder.named("c", tmp_path), specification, "run-1", b"key")
        with closing(FolderArchive(tmp_path / "archive")) as archive:
            ids = archive.patient_ids()
            group = decide_batch(archive, ids, run)
            retrieve_group(archive, group, run.cohort, specification.dose)
        prepare_group(group, run.cohort, specification)
        return publish(ids, run).table.to_dict("records"), run.cohort

    return extract


def volumes_cc(cohort, row):
    listed = json.loads((cohort.patient(row["case_id"]) / "nifti/masks/rois.json").read_text())
    return {mask["roi_name"]: mask["volume_cc"] for mask in listed["masks"].values()}


def mean_gy(cohort, row, roi):
    folder = cohort.patient(row["case_id"]) / "nifti"
    dose = np.asanyarray(nibabel.nifti1.load(folder / "dose_on_ct.nii.gz").dataobj)
    mask = np.asanyarray(nibabel.nifti1.load(folder / "masks" / f"{roi}.nii.gz").dataobj)
    return float(dose[mask > 0].mean())


def dvh_means(tmp_path, **options):
    found = treatments_of_cohort("c", tmp_path, include_review=False)
    results = [calculate_case(case, DvhOptions(**options), found.folder) for case in found.cases]
    assert [result.failure for result in results] == [""] * len(results)
    return results


def test_plans_of_one_course_are_added_when_asked(extract, tmp_path):
    rules = {"dose": {"sum_plans": True}, "outputs": {"dose_on_image": True, "pictures": False}}
    (row,), cohort = extract("N06-boost", **rules)
    expected_gy = 1.3 * CASES["N06-boost"].mean_dose_gy["PTV"]

    assert row["outcome"] == "PROCEED"
    assert "XVI_SUCC_005" in row["codes"]
    assert len(row["rtdose_files"].split(";")) == len(row["rtplan_files"].split(";")) == 2
    assert mean_gy(cohort, row, "PTV") == pytest.approx(expected_gy, rel=0.005)
    (result,) = dvh_means(tmp_path, rois=("PTV",), metrics=("Dmean[Gy]",))
    metrics = (result.folder / "metrics.csv").read_text()
    value = float(
        metrics.splitlines()[1].split(",")[metrics.splitlines()[0].split(",").index("value")]
    )
    assert value == pytest.approx(expected_gy, rel=0.005)


def test_missing_slices_are_filled_when_asked_and_the_masks_are_whole(extract):
    (row,), cohort = extract("E10-three-slices-missing", images={"fill_missing_slices": 3})
    codes = row["codes"].split(";")

    assert {"II_SUCC_003", "XII_SUCC_002"} <= {*codes}
    assert row["outcome"] == "REVIEW"  # the RTSTRUCT refers to images that are not there
    for name, volume in volumes_cc(cohort, row).items():
        expected = CASES["E10-three-slices-missing"].volumes_cc[name]
        assert volume == pytest.approx(expected, rel=0.005)


def test_a_longer_gap_than_allowed_stays_for_review(extract):
    (row,), cohort = extract("E10-three-slices-missing", images={"fill_missing_slices": 1})
    missing = {"II_REV_007", "XII_REV_001"} <= {*row["codes"].split(";")}
    alone = "II_SUCC_003" in row["codes"]  # the case may leave single slices out, not a run

    assert missing != alone
    assert bool(list((cohort.patient(row["case_id"]) / "nifti").glob("CT.nii.gz"))) is alone


def test_tilt_is_straightened_when_asked_and_said(extract):
    (row,), cohort = extract("E09-gantry-tilt", images={"straighten_tilt": True})
    codes = row["codes"].split(";")

    assert {"II_SUCC_003", "XII_SUCC_003"} <= {*codes}
    for name, volume in volumes_cc(cohort, row).items():
        expected = CASES["E09-gantry-tilt"].volumes_cc[name]
        assert volume == pytest.approx(expected, rel=0.02)


def test_every_course_becomes_a_case_with_its_own_dvhs(extract, tmp_path):
    rows, cohort = extract("E22-two-treatments", several_treatments="every")

    assert [row["course"] for row in rows] == ["1", "2"]
    assert [row["outcome"] for row in rows] == ["PROCEED", "PROCEED"]
    assert len({row["case_id"] for row in rows}) == 2
    assert all((cohort.patient(row["case_id"]) / "rois.png").exists() for row in rows)
    results = dvh_means(tmp_path, metrics=("Dmean[Gy]",))
    assert [result.case.course for result in results] == ["1", "2"]


def test_the_newest_of_two_treatments_is_taken_when_asked(extract):
    (row,), _ = extract("E22-two-treatments", several_treatments="newest")

    assert (row["outcome"], row["course"]) == ("PROCEED", "2")
