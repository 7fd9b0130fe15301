"""What is written as DICOM is valid and keeps its UIDs, whatever names and images there are."""

from collections.abc import Callable

import numpy as np
import pydicom
import pytest

from imaging.conversions import (
    Conversion,
    SegOptions,
    labels_of_seg,
    labels_of_structures,
    seg_of_labels,
    structures_of_labels,
)
from imaging.conversions.series import image_series
from imaging.errors import DicomError
from imaging.phantoms import CtGrid, CtSeries, write_datasets
from imaging.phantoms.outlined import PLAIN_STUDY
from tests.imaging.conversions.maps import blocks, named, read, written

ODD = {1: "left\\upper", 2: "n" * 90, 3: "Größe 體 <b>"}
WRITTEN = ["left/upper", "n" * 64, "Größe 體 <b>"]
MADE: dict[str, Callable[..., Conversion]] = {
    "seg": seg_of_labels,
    "rtstruct": structures_of_labels,
}

LACKING = (
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "SliceThickness",
    "PositionReferenceIndicator",
)


def ct(folder, slices=9, without=(), **values):
    """Write a CT whose images lack some attributes, or have others."""
    grid = CtGrid((-31.3, 12.7, -200.05), 0.9765, 2.5, (slices, 16, 21))
    images = list(CtSeries(PLAIN_STUDY, grid, "odd").images([]))
    for image in images:
        for keyword in without:
            delattr(image, keyword)
        for keyword, value in values.items():
            setattr(image, keyword, value)
    write_datasets(images, folder)
    return folder


def names_in(path):
    dataset = pydicom.dcmread(path)
    if "SegmentSequence" in dataset:
        return [item.SegmentLabel for item in dataset.SegmentSequence]
    return [item.ROIName for item in dataset.StructureSetROISequence]


@pytest.mark.parametrize("kind", MADE)
def test_names_that_dicom_cannot_hold_are_mended_and_noted(
    kind, small, series, faults_of, tmp_path
):
    source = written(
        tmp_path / "labels.nii.gz", blocks(series.geometry.shape, list(ODD)), series.geometry
    )
    named(source, ODD)

    made = MADE[kind](source, small, tmp_path / "made.dcm")

    assert names_in(tmp_path / "made.dcm") == WRITTEN
    assert ["name" in row.note for row in made.labels] == [True, True, False]
    assert faults_of(tmp_path / "made.dcm") == []


@pytest.mark.parametrize("name", ["", "a\\b", "m" * 100])
def test_an_algorithm_of_any_name_is_valid(name, small, series, faults_of, tmp_path):
    source = written(
        tmp_path / "labels.nii.gz", blocks(series.geometry.shape, [1]), series.geometry
    )

    seg_of_labels(source, small, tmp_path / "s.dcm", options=SegOptions(algorithm_name=name))

    assert faults_of(tmp_path / "s.dcm") == []


@pytest.mark.parametrize("kind", MADE)
def test_run_again_it_is_the_same_object_and_of_other_labels_another(kind, small, series, tmp_path):
    shape = series.geometry.shape
    sources = [
        written(tmp_path / "1.nii.gz", blocks(shape, [1, 2]), series.geometry),
        written(tmp_path / "2.nii.gz", blocks(shape, [1, 2]), series.geometry, flips=(1,)),
        written(tmp_path / "3.nii.gz", blocks(shape, [1, 3]), series.geometry),
    ]
    uids = []
    for source in sources:
        MADE[kind](source, small, tmp_path / "made.dcm")
        made = pydicom.dcmread(tmp_path / "made.dcm")
        assert made.file_meta.MediaStorageSOPInstanceUID == made.SOPInstanceUID
        uids.append((made.SOPInstanceUID, made.SeriesInstanceUID))

    assert uids[0] == uids[1]
    assert len({*uids[0], *uids[2]}) == 4


def test_a_single_slice_comes_back(tmp_path):
    images = ct(tmp_path / "ct", slices=1)
    geometry = image_series(images).geometry
    labels = np.zeros((1, 16, 21), dtype=np.uint8)
    labels[0, 3:7, 5:9] = 4
    source = written(tmp_path / "labels.nii.gz", labels, geometry)

    made = seg_of_labels(source, images, tmp_path / "seg.dcm")
    seg = pydicom.dcmread(tmp_path / "seg.dcm")
    measures = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    alone = labels_of_seg(tmp_path / "seg.dcm", tmp_path / "alone.nii.gz")
    measures.SpacingBetweenSlices = 1  # as others write it of a single plane
    seg.save_as(tmp_path / "seg.dcm")
    labels_of_seg(tmp_path / "seg.dcm", tmp_path / "back.nii.gz", images=images)

    voxels, affine = read(tmp_path / "back.nii.gz")
    np.testing.assert_array_equal(voxels, labels)
    np.testing.assert_allclose(affine, geometry.affine_ras, atol=1e-4)
    assert alone.labels[0].ml == pytest.approx(made.labels[0].ml)


def test_without_the_images_it_is_said_where_the_grid_ends(small, series, tmp_path):
    source = written(
        tmp_path / "labels.nii.gz", blocks(series.geometry.shape, [1]), series.geometry
    )
    seg_of_labels(source, small, tmp_path / "seg.dcm")

    alone = labels_of_seg(tmp_path / "seg.dcm", tmp_path / "a.nii.gz")
    within = labels_of_seg(tmp_path / "seg.dcm", tmp_path / "b.nii.gz", images=small)

    assert ["outermost planes" in note for note in alone.notes] == [True]
    assert within.notes == ()


@pytest.mark.parametrize("kind", MADE)
def test_images_that_lack_what_may_be_empty_will_do(kind, faults_of, tmp_path):
    images = ct(tmp_path / "ct", without=LACKING)
    geometry = image_series(images).geometry
    source = written(tmp_path / "l.nii.gz", blocks(geometry.shape, [1]), geometry)

    MADE[kind](source, images, tmp_path / "made.dcm")

    made = pydicom.dcmread(tmp_path / "made.dcm")
    assert (made.PatientName, made.StudyDate) == ("", "")
    found = faults_of(tmp_path / "made.dcm")  # that a DICOMDIR would want more is a warning
    assert [fault for fault in found if fault.startswith("Error")] == []


@pytest.mark.parametrize("kind", MADE)
def test_images_without_a_frame_of_reference_are_refused(kind, tmp_path):
    images = ct(tmp_path / "ct", without=("FrameOfReferenceUID",))
    geometry = image_series(images).geometry
    source = written(tmp_path / "l.nii.gz", blocks(geometry.shape, [1]), geometry)

    with pytest.raises(DicomError, match="Frame of Reference"):
        MADE[kind](source, images, tmp_path / "made.dcm")
    assert not (tmp_path / "made.dcm").exists()


@pytest.mark.parametrize("turn", [((0, 1, 2), (0,)), ((2, 0, 1), (0, 2)), ((1, 2, 0), (1,))])
def test_contours_of_a_turned_label_map_lie_where_its_labels_do(turn, small, series, tmp_path):
    labels = np.zeros(series.geometry.shape, dtype=np.uint8)
    labels[1:3, 2:9, 4:5] = 1
    labels[5:8, 11:12, 9:19] = 2
    labels[5:8, 0:2, 20] = 3
    source = written(tmp_path / "l.nii.gz", labels, series.geometry, order=turn[0], flips=turn[1])

    made = structures_of_labels(source, small, tmp_path / "rt.dcm")
    labels_of_structures(tmp_path / "rt.dcm", small, tmp_path / "back.nii.gz")

    np.testing.assert_array_equal(read(tmp_path / "back.nii.gz")[0], labels)
    assert [row.note for row in made.labels] == ["", "", ""]
