import gzip
import hashlib
import os
import subprocess
import sys

import numpy as np
import pydicom
import pytest

from imaging.phantoms import PhantomPatient, PhantomSize
from imaging.phantoms.headers import derive_seed
from tests.imaging.phantoms.geometry import area_mm2, contour_points

SEEDS = range(40)


def hashes(folder):
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
    }


def referenced_uids(dataset):
    """Every ReferencedSOPInstanceUID at any depth."""
    return {
        str(element.value)
        for element in dataset.iterall()
        if element.keyword == "ReferencedSOPInstanceUID"
    }


@pytest.fixture(scope="module")
def written(patient, tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    patient.write(folder)
    return folder


@pytest.fixture(scope="module")
def read_back(written):
    return [pydicom.dcmread(path) for path in sorted(written.rglob("*.dcm"))]


def test_files_lie_under_patient_and_modality_and_are_named_by_their_uid(written, read_back):
    names = {str(path.relative_to(written)) for path in written.rglob("*") if path.is_file()}

    assert names == {f"SUB007/{d.Modality}/{d.SOPInstanceUID}.dcm" for d in read_back}
    assert len(names) == 24 + 3


def test_the_same_seed_gives_the_same_bytes_in_any_process(patient, written, tmp_path):
    patient.write(tmp_path / "again")
    program = (
        "import sys; from pathlib import Path; from imaging.phantoms import *;"
        "PhantomPatient.synthetic(7, patient_id='SUB007', size=PhantomSize.tiny())"
        ".write(Path(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo"}
    command = [sys.executable, "-c", program, str(tmp_path / "elsewhere")]
    subprocess.run(command, check=True, env=environment)

    assert hashes(tmp_path / "again") == hashes(written)
    assert hashes(tmp_path / "elsewhere") == hashes(written)


def test_another_seed_or_another_patient_shares_no_uid():
    size = PhantomSize.tiny()
    patients = [
        PhantomPatient.synthetic(1, size=size),
        PhantomPatient.synthetic(2, size=size),
        PhantomPatient.synthetic(1, patient_id="SUB002", size=size),
    ]

    uids = [str(item.SOPInstanceUID) for patient in patients for item in patient.datasets()]

    assert len(set(uids)) == len(uids) == 3 * 27


def test_every_reference_leads_to_an_object_of_the_same_study(read_back):
    by_uid = {str(item.SOPInstanceUID): item for item in read_back}
    study_uid = str(read_back[0].StudyInstanceUID)

    for item in read_back:
        assert referenced_uids(item) <= {*by_uid, study_uid}
        assert str(item.StudyInstanceUID) == study_uid


def test_the_chain_runs_from_the_dose_to_the_ct(read_back):
    by_modality = {str(item.Modality): item for item in read_back}
    structures, plan, dose = (by_modality[name] for name in ("RTSTRUCT", "RTPLAN", "RTDOSE"))
    images = {str(item.SOPInstanceUID) for item in read_back if item.Modality == "CT"}

    frame = structures.ReferencedFrameOfReferenceSequence[0]
    series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == by_modality["CT"].SeriesInstanceUID
    assert referenced_uids(series) == images
    assert {str(item.FrameOfReferenceUID) for item in read_back} == {str(frame.FrameOfReferenceUID)}
    assert referenced_uids(plan) == {structures.SOPInstanceUID}
    assert referenced_uids(dose) == {plan.SOPInstanceUID, structures.SOPInstanceUID}


def test_contours_that_were_written_hold_the_area_of_the_solids(patient, read_back):
    structures = next(item for item in read_back if item.Modality == "RTSTRUCT")
    spacing_mm = patient.size.slice_spacing_mm

    for roi, drawn in zip(patient.rois, structures.ROIContourSequence, strict=True):
        areas = [area_mm2(contour_points(item)[:, :2]) for item in drawn.ContourSequence]
        # Between slices 6 mm apart a ball loses some of its volume, a cylinder along SI nothing.
        tolerance = 1e-6 if roi.name in {"PTV", "Lung_L", "SpinalCord", "BODY"} else 0.06
        true_cc = patient.truth(roi.name).volume_cc
        assert sum(areas) * spacing_mm / 1000 == pytest.approx(true_cc, rel=tolerance)


@pytest.mark.parametrize("size", [PhantomSize(), PhantomSize.tiny(), PhantomSize.clinical()])
def test_doses_are_clinical_whatever_the_seed(size):
    for seed in SEEDS:
        patient = PhantomPatient.synthetic(seed, size=size)
        ptv, body = patient.truth("PTV"), patient.truth("BODY")
        lungs = [patient.truth(name).volume_at_dose(20) for name in ("Lung_L", "Lung_R")]

        assert 45 < ptv.dose_at_volume(95) < ptv.dose_at_volume(50) < 55
        assert 45 < ptv.mean_gy < 55
        assert any(1 < percent < 99 for percent in lungs)
        assert body.min_gy > 0


@pytest.mark.parametrize("size", [PhantomSize(), PhantomSize.tiny(), PhantomSize.clinical()])
def test_the_dose_grid_reaches_past_every_roi(size):
    grid = size.dose_grid()
    low, high = (np.array([grid.axis_mm(index)[end] for index in range(3)]) for end in (0, -1))

    for seed in SEEDS:
        for roi in PhantomPatient.synthetic(seed, size=size).rois:
            half = np.array([roi.solid.half_mm(axis) for axis in ("LR", "AP", "SI")])
            half[2] += size.slice_spacing_mm / 2
            assert np.all(low < np.array(roi.solid.centre_mm) - half)
            assert np.all(np.array(roi.solid.centre_mm) + half < high)


def test_patients_differ():
    patients = [PhantomPatient.synthetic(derive_seed(1, n)) for n in range(12)]

    assert {patient.dose.axis for patient in patients} == {"AP", "LR"}
    assert len({round(patient.truth("PTV").mean_gy, 3) for patient in patients}) > 6
    assert len({patient.truth("Heart").solid.centre_mm for patient in patients}) == 12
    assert len({patient.study.study_date for patient in patients}) > 8


def test_a_patient_of_clinical_size_has_8_rois_and_about_90_contours_each():
    size = PhantomSize.clinical()
    patient = PhantomPatient.synthetic(1, size=size)

    contours = [len(roi.solid.contours(1.5, 20.0)) for roi in patient.rois]

    assert len(contours) == 8
    assert 80 < np.mean(contours) < 110
    assert size.dose_grid().shape == (60, 128, 128)


def test_a_ct_compresses_as_one_of_a_real_patient_does(patient):
    pixels = b"".join(image.PixelData for image in patient.ct_images())

    assert 2.2 < len(pixels) / len(gzip.compress(pixels, 6)) < 2.9


def test_too_few_slices_are_refused():
    with pytest.raises(ValueError, match="slices"):
        PhantomSize(slices=4)
