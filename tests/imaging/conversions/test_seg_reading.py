"""DICOM SEGs that others made: fractions, overlaps, planes that are left out, damage."""

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from imaging.conversions import labels_of_seg
from imaging.errors import DicomError, InputError
from tests.imaging.conversions.maps import read


def seg_of(masks, series, path, kind="BINARY", change=lambda _: None):
    """Write masks (slices, rows, columns, segments) as another program would."""
    described = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=f"Part {number}",
            segmented_property_category=codes.SCT.Organ,
            segmented_property_type=codes.SCT.Organ,
            algorithm_type="MANUAL",
        )
        for number in range(1, masks.shape[3] + 1)
    ]
    seg = hd.seg.Segmentation(
        source_images=series.headers,
        pixel_array=masks,
        segmentation_type=kind,
        segment_descriptions=described,
        series_instance_uid=generate_uid(),
        series_number=9,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        device_serial_number="1",
        manufacturer="Other",
        manufacturer_model_name="Writer",
        software_versions="1",
    )
    change(seg)
    seg.save_as(path)
    return path


@pytest.fixture
def overlapping(series):
    masks = np.zeros((*series.geometry.shape, 2), dtype=np.uint8)
    masks[2:7, 2:12, 3:15, 0] = 1
    masks[3:5, 6:9, 10:18, 1] = 1
    return masks


def test_where_segments_overlap_the_smaller_is_seen(overlapping, small, series, tmp_path):
    seg_of(overlapping, series, tmp_path / "seg.dcm")
    made = labels_of_seg(tmp_path / "seg.dcm", tmp_path / "l.nii.gz", images=small)

    wanted = np.where(overlapping[..., 1], 2, overlapping[..., 0])
    np.testing.assert_array_equal(read(tmp_path / "l.nii.gz")[0], wanted)
    large, little = made.labels
    assert (large.voxels, little.voxels) == (600, 48)
    assert (large.note, little.note) == ("30 voxels are a smaller structure's", "")
    assert large.ml == pytest.approx(600 * 2.5 * 0.9765 * 1.37 / 1000)


def test_without_images_the_grid_ends_with_the_planes_that_are_there(overlapping, series, tmp_path):
    overlapping[5] = 0  # within, a plane that is left out is empty
    seg_of(overlapping, series, tmp_path / "seg.dcm")
    labels_of_seg(tmp_path / "seg.dcm", tmp_path / "l.nii.gz")

    voxels, affine = read(tmp_path / "l.nii.gz")
    wanted = np.where(overlapping[..., 1], 2, overlapping[..., 0])
    np.testing.assert_array_equal(voxels, wanted[2:7])
    np.testing.assert_allclose(affine @ [0, 0, 0, 1], series.geometry.affine_ras @ [0, 0, 2, 1])


@pytest.mark.parametrize(("threshold", "least"), [(0.5, 128), (0.2, 51), (1.0, 255)])
def test_of_fractions_those_from_the_threshold_on_count(threshold, least, small, series, tmp_path):
    stored = np.arange(256, dtype=np.uint8)
    fractions = np.zeros((*series.geometry.shape, 1), dtype=np.float32)
    fractions[4].flat[:256] = stored / 255
    seg_of(fractions, series, tmp_path / "seg.dcm", "FRACTIONAL")

    labels_of_seg(tmp_path / "seg.dcm", tmp_path / "l.nii.gz", images=small, threshold=threshold)

    voxels, _ = read(tmp_path / "l.nii.gz")
    np.testing.assert_array_equal(voxels[4].flat[:256], stored >= least)
    assert voxels.sum() == 256 - least
    with pytest.raises(InputError, match="threshold"):
        labels_of_seg(tmp_path / "seg.dcm", tmp_path / "l.nii.gz", threshold=0)


def test_ids_that_not_every_segment_notes_are_its_numbers(overlapping, small, series, tmp_path):
    def note(seg):
        seg.SegmentSequence[0].SegmentDescription = "Label id 40"
        seg.SegmentSequence[1].SegmentDescription = "Label id 0x2"

    seg_of(overlapping, series, tmp_path / "seg.dcm", change=note)
    made = labels_of_seg(tmp_path / "seg.dcm", tmp_path / "l.nii.gz", images=small)

    assert [(row.id, row.name) for row in made.labels] == [(1, "Part 1"), (2, "Part 2")]


@pytest.mark.parametrize("share", [0.2, 0.9, 0.999])
def test_a_file_that_is_cut_short_is_refused(share, overlapping, small, series, tmp_path):
    whole = seg_of(overlapping, series, tmp_path / "seg.dcm").read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[: int(share * len(whole))])

    with pytest.raises(DicomError, match="cut short"):
        labels_of_seg(tmp_path / "cut.dcm", tmp_path / "l.nii.gz", images=small)
    assert not list(tmp_path.glob("l*"))


def test_planes_that_make_no_volume_are_refused(overlapping, series, tmp_path):
    def shift(seg):
        place = seg.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence[0]
        place.ImagePositionPatient[2] = float(place.ImagePositionPatient[2]) + 1.1

    seg_of(overlapping, series, tmp_path / "seg.dcm", change=shift)
    with pytest.raises(DicomError, match="no regular volume"):
        labels_of_seg(tmp_path / "seg.dcm", tmp_path / "l.nii.gz")


def test_a_header_that_asks_for_too_much_is_refused(overlapping, series, tmp_path):
    def claim(seg):
        seg.Rows = seg.Columns = 60_000

    def stray(seg):
        place = seg.PerFrameFunctionalGroupsSequence[-1].PlanePositionSequence[0]
        place.ImagePositionPatient[2] = float(series.geometry.origin_mm[2]) + 2.5e7

    seg_of(overlapping, series, tmp_path / "large.dcm", change=claim)
    seg_of(overlapping, series, tmp_path / "far.dcm", change=stray)
    for name, said in (("large", "and it holds"), ("far", "so far apart")):
        with pytest.raises(DicomError, match=said):
            labels_of_seg(tmp_path / f"{name}.dcm", tmp_path / "l.nii.gz")


def test_an_image_is_no_segmentation_and_other_images_are_refused(
    overlapping, series, case, small, tmp_path
):
    with pytest.raises(DicomError, match="cannot be read as a DICOM SEG"):
        labels_of_seg(next(small.rglob("*.dcm")), tmp_path / "l.nii.gz")
    seg_of(overlapping, series, tmp_path / "seg.dcm")
    with pytest.raises(InputError, match="the series that the labels refer to once"):
        labels_of_seg(tmp_path / "seg.dcm", tmp_path / "l.nii.gz", images=case)


def test_an_empty_segment_is_told_and_only_empty_ones_are_refused(small, series, tmp_path):
    masks = np.zeros((*series.geometry.shape, 2), dtype=np.uint8)
    masks[4, 3, 3, 1] = 1
    seg_of(masks, series, tmp_path / "seg.dcm")

    made = labels_of_seg(tmp_path / "seg.dcm", tmp_path / "l.nii.gz", images=small)
    assert [(row.voxels, row.note != "") for row in made.labels] == [(0, True), (1, False)]
    with pytest.raises(InputError, match="no structure has a voxel"):
        labels_of_seg(tmp_path / "seg.dcm", tmp_path / "m.nii.gz", images=small, labels=("1",))


def test_damage_in_the_header_names_the_object_and_no_patient(overlapping, series, small, tmp_path):
    def break_it(seg):
        del seg.SegmentSequence

    path = seg_of(overlapping, series, tmp_path / "Mr_Doe.dcm", change=break_it)
    with pytest.raises(DicomError) as caught:
        labels_of_seg(path, tmp_path / "l.nii.gz", images=small)
    assert pydicom.dcmread(path).SOPInstanceUID in str(caught.value)
    assert "Doe" not in str(caught.value)
