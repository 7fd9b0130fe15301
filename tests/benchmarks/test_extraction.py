"""What is measured is a whole extraction, or nothing; nothing here is timed."""

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from benchmarks.extraction import EVERY, Judged, extract, judge, run_in
from benchmarks.pdcp import extract_as_pdcp
from benchmarks.scale import _judge_twice
from benchmarks.servers import Address, open_archive
from imaging.cohort import SliceBounds
from imaging.phantoms import PhantomPatient, PhantomSize
from imaging.phantoms.server import SimulatedOrthanc

SIZE = PhantomSize(24, 128, 2.5, 6.0, 60, (26, 46, 46))


def voxels(path):
    return np.asanyarray(nib.nifti1.load(path).dataobj)


def test_every_patient_and_every_output_is_extracted(tmp_path):
    with SimulatedOrthanc(2) as server:
        summary = extract(Address(server.url), run_in(tmp_path, EVERY))

    folders = [tmp_path / "patients" / name for name in summary.table["case_id"]]
    assert len(folders) == 2
    for folder in folders:
        written = {path.name for path in folder.rglob("*") if path.is_file()}
        assert {"CT.nii.gz", "labels.nii.gz", "dose.nii.gz", "dose_on_ct.nii.gz"} <= written
        assert {"PTV.nii.gz", "rois.json", "rois.png"} <= written


def test_an_extraction_that_lost_a_patient_is_no_measurement(tmp_path):
    run = run_in(tmp_path)
    bounds = SliceBounds(fewest=1000, most=0, outside="EXCLUDE")
    strict = run.specification.model_copy(update={"slices": bounds})

    with SimulatedOrthanc(1) as server, pytest.raises(RuntimeError, match="1 EXCLUDE"):
        extract(Address(server.url), replace(run, specification=strict))


def test_task_runs_are_batches_and_groups_twice_and_four_more(tmp_path):
    with SimulatedOrthanc(51) as server:
        judged = judge(Address(server.url), run_in(tmp_path))

    assert (len(judged.batches), len(judged.notes), len(judged.groups)) == (2, 51, 8)
    assert judged.task_runs == 2 + 2 * 8 + 4
    assert Judged([["a"]], [Path("a.json")]).task_runs == 1 + 2 + 4


def test_a_second_pass_reads_no_object_again(tmp_path):
    passes = _judge_twice(3, tmp_path)

    objects = 3 * 4  # a CT, an RTSTRUCT, an RTPLAN and an RTDOSE each
    assert [one.to_retrieve for one in passes.values()] == [3, 3]
    assert passes["first"].requests - passes["second"].requests >= objects


@pytest.mark.orthanc
def test_the_peers_way_finds_the_same_volumes(empty_orthanc, tmp_path):
    patient = PhantomPatient.synthetic(3, size=SIZE)
    with open_archive(empty_orthanc) as archive:
        archive.upload(patient.write(tmp_path / "dicom"))
    peer, own = tmp_path / "peer", tmp_path / "own"
    extract_as_pdcp(empty_orthanc, peer)
    summary = extract(empty_orthanc, run_in(own))

    nifti = own / "patients" / summary.table["case_id"][0] / "nifti"
    np.testing.assert_array_equal(voxels(peer / "0" / "CT.nii.gz"), voxels(nifti / "CT.nii.gz"))
    np.testing.assert_allclose(
        voxels(peer / "0" / "DOSE.nii.gz"), voxels(nifti / "dose.nii.gz"), rtol=1e-5
    )
    for name in patient.roi_names:
        theirs, ours = (voxels(place / f"{name}.nii.gz") for place in (peer / "0", nifti / "masks"))
        both = np.count_nonzero(theirs) + np.count_nonzero(ours)
        dice = 2 * np.count_nonzero(theirs & ours) / both
        assert dice > 0.75, name  # corners were rounded to pixels of 2.5 mm
