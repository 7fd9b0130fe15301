"""Awkward patients, each extracted from a folder of files: the decision, and what was written."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from imaging.cohort import (
    CohortFolder,
    CohortSpecification,
    Extraction,
    PatientNotes,
    PatientSelection,
    choose,
    decide_batch,
    prepare_group,
    publish,
    retrieve_group,
)
from imaging.dicom import FolderArchive
from imaging.phantoms.edges import EDGE_CASES, EdgeCase, RoiTruth

PROCEEDING = [case for case in EDGE_CASES if case.answer.outcome == "PROCEED"]
MIDDLE_MM = {
    "N88-contours-on-some-slices": 1.05,  # a slice half-way may go with either contour
    "N96-between-the-slices": 0.75,
}
LPS_OF_RAS = np.array([-1.0, -1.0, 1.0])

every_case = pytest.mark.parametrize("case", EDGE_CASES, ids=lambda case: case.name)
every_proceeding = pytest.mark.parametrize("case", PROCEEDING, ids=lambda case: case.name)


@dataclass(frozen=True)
class Extracted:
    """What came of one patient: their row in the manifest, and their notes."""

    row: dict[str, Any]
    notes: PatientNotes

    @property
    def folder(self) -> Path:
        return Path(self.row["folder"])

    @property
    def codes(self) -> set[str]:
        return set(self.row["codes"].split(";"))

    @property
    def masks(self) -> dict[int, Path]:
        """Files of masks by ROINumber; none where none were written."""
        listing = self.folder / "nifti" / "masks" / "rois.json"
        if not self.row["folder"] or not listing.exists():
            return {}
        listed = json.loads(listing.read_text())["masks"]
        return {row["roi_number"]: listing.parent / name for name, row in listed.items()}

    def __str__(self) -> str:
        """What a reader of a failure needs: the decisions and what they rest on."""
        lines = [
            f"  {decision.code} {decision.meaning} {dict(decision.evidence)}"
            for decision in self.notes.decisions
        ]
        return "\n".join([f"{self.row['outcome']}: {self.row['reason']}", *lines])


@pytest.fixture(scope="module")
def extracted(edge_files, tmp_path_factory) -> dict[str, Extracted]:
    """Every case by name, out of one archive; one run for each list of wanted ROIs."""
    place = tmp_path_factory.mktemp("extracted")
    archive = FolderArchive(edge_files, place / "index.sqlite")
    found: dict[str, Extracted] = {}
    for number, wanted in enumerate(sorted({case.wanted_rois for case in EDGE_CASES})):
        own = [case for case in EDGE_CASES if case.wanted_rois == wanted]
        specification = CohortSpecification(wanted_rois=list(wanted))
        cohort = CohortFolder(place / "cohorts" / str(number))
        run = Extraction(cohort, specification, "run-1", b"key")
        found |= extract(archive, own, run, place)
    archive.close()
    return found


def extract(
    archive: FolderArchive, cases: list[EdgeCase], run: Extraction, place: Path
) -> dict[str, Extracted]:
    selection = PatientSelection(patient_ids=[case.patient_id for case in cases])
    batches = choose(archive, selection, place, run)
    for batch in batches:
        group = decide_batch(archive, batch, run)
        retrieve_group(archive, group, run.cohort, run.specification.dose)
        prepare_group(group, run.cohort, run.specification)
    table = publish([id_ for batch in batches for id_ in batch], run).table
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_dict("records"):
        rows.setdefault(row["patient_id"], []).append({str(key): row[key] for key in row})
    by_name = {}
    for case in cases:
        (only,) = rows[case.patient_id]
        by_name[case.name] = Extracted(only, PatientNotes.read(run.notes(case.patient_id)))
    return by_name


def told(case: EdgeCase, result: Extracted) -> str:
    return f"{case.name}: {case.oddity}\n{result}"


@every_case
def test_a_patient_ends_as_they_must_and_for_the_reason_there_is(case, extracted):
    result, answer = extracted[case.name], case.answer

    assert result.row["outcome"] == answer.outcome, told(case, result)
    assert set(answer.codes) <= result.codes, told(case, result)
    assert result.codes.isdisjoint(answer.not_codes), told(case, result)


@every_proceeding
def test_the_right_objects_were_chosen(case, extracted):
    result = extracted[case.name]
    doses = set(result.row["rtdose_sop_instance_uids"].split(";"))

    assert result.row["rtstruct_sop_instance_uid"] == case.rtstruct_uid(), told(case, result)
    assert result.row["slices"] == case.answer.slices, told(case, result)
    assert doses <= set(case.rtdose_uids()), told(case, result)


@every_proceeding
def test_the_mean_dose_in_every_mask_is_that_in_closed_form(case, extracted):
    result = extracted[case.name]
    dose = load(result.folder / "nifti" / "dose.nii.gz")

    for truth in case.truth():
        points_mm = places_of(load(result.masks[truth.number]))
        assert dose_at(dose, points_mm).mean() == pytest.approx(truth.mean_dose_gy, rel=5e-3), truth


@every_case
def test_whatever_mask_was_written_has_the_volume_and_place_in_closed_form(case, extracted):
    """Of patients for review, too: what is written must be right, or not be there."""
    result = extracted[case.name]
    if case.answer.outcome == "PROCEED":
        assert {truth.number for truth in case.truth()} <= set(result.masks), told(case, result)

    for truth in (truth for truth in case.truth() if truth.number in result.masks):
        mask = load(result.masks[truth.number])
        within_mm = MIDDLE_MM.get(case.name, 0.15)
        assert volume_cc(mask) == pytest.approx(truth.volume_cc, rel=5e-3), truth
        assert places_of(mask).mean(axis=0) == pytest.approx(truth.centre_mm, abs=within_mm), truth
        check_pixels(result.folder / "nifti" / "CT.nii.gz", mask, truth)


def check_pixels(image: Path, mask: nibabel.Nifti1Image, truth: RoiTruth) -> None:
    """The image has the same grid as its masks, and the ROI's Hounsfield units inside."""
    if truth.mean_hu is None:
        return
    ct = load(image)
    inside = np.asarray(mask.dataobj) > 0

    assert np.allclose(ct.affine, mask.affine, atol=1e-4)
    assert np.asarray(ct.dataobj)[inside].mean() == pytest.approx(truth.mean_hu, abs=3), truth


@every_proceeding
def test_no_two_rois_share_a_file_and_every_file_stays_in_its_folder(case, extracted):
    masks = extracted[case.name].masks
    names = [path.name.casefold() for path in masks.values()]

    assert len(set(names)) == len(names)
    assert all(path.resolve().parent.name == "masks" for path in masks.values())


def load(path: Path) -> nibabel.Nifti1Image:
    image = nibabel.nifti1.Nifti1Image.from_filename(path)
    assert np.allclose(image.get_qform(), image.get_sform(), atol=1e-4)
    return image


def volume_cc(mask: nibabel.Nifti1Image) -> float:
    voxel_mm3 = abs(np.linalg.det(mask.affine[:3, :3]))
    return float(np.count_nonzero(np.asarray(mask.dataobj)) * voxel_mm3 / 1000)


def places_of(mask: nibabel.Nifti1Image) -> NDArray[np.float64]:
    """Centres of the voxels of a mask in DICOM's coordinates, shape (n, 3), in mm."""
    indices = np.argwhere(np.asarray(mask.dataobj) > 0)
    return np.asarray((indices @ mask.affine[:3, :3].T + mask.affine[:3, 3]) * LPS_OF_RAS)


def dose_at(dose: nibabel.Nifti1Image, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Interpolate a dose linearly, in Gy; outside it there is none."""
    to_index = np.linalg.inv(dose.affine)
    indices = (points_mm * LPS_OF_RAS) @ to_index[:3, :3].T + to_index[:3, 3]
    values = np.asarray(dose.dataobj, dtype=np.float64)
    return np.asarray(map_coordinates(values, indices.T, order=1, cval=0.0))
