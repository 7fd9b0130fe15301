"""Label maps as DICOM SEG and back."""

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
import pytest

from imaging.conversions import SegOptions, labels_of_seg, seg_of_labels
from imaging.errors import DicomError, InputError, NiftiError
from imaging.labels.dictionaries import read_dictionary
from tests.imaging.conversions.maps import blocks, named, read, speckled, written

KINDS = ("BINARY", "LABELMAP")
TURNS = [((0, 1, 2), ()), ((0, 1, 2), (1, 2)), ((2, 0, 1), (0,))]


def as_seg(voxels, series, images, folder, kind="BINARY", **options):
    source = written(folder / "labels.nii.gz", voxels, series.geometry)
    chosen = SegOptions(kind=kind, algorithm_name="Model 3")
    return seg_of_labels(source, images, folder / "seg.dcm", options=chosen, **options)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", TURNS)
def test_a_label_map_comes_back_voxel_for_voxel(kind, turn, small, series, tmp_path):
    labels = np.where(speckled(series.geometry.shape, seed=3) > 2, 117, 0).astype(np.uint8)
    labels[4, 3:9, 5:7] = 3
    source = written(
        tmp_path / "labels.nii.gz", labels, series.geometry, order=turn[0], flips=turn[1]
    )

    made = seg_of_labels(source, small, tmp_path / "seg.dcm", options=SegOptions(kind=kind))
    back = labels_of_seg(tmp_path / "seg.dcm", tmp_path / "back.nii.gz", images=small)

    voxels, affine = read(tmp_path / "back.nii.gz")
    np.testing.assert_array_equal(voxels, labels)
    np.testing.assert_allclose(affine, series.geometry.affine_ras, atol=1e-4)
    counts = {label: int((labels == label).sum()) for label in (3, 117)}
    for conversion in (made, back):
        assert {row.id: row.voxels for row in conversion.labels} == counts


def test_every_frame_lies_where_its_slice_does(small, series, tmp_path):
    labels = blocks(series.geometry.shape, [3, 117])
    as_seg(labels, series, small, tmp_path)

    seg = pydicom.dcmread(tmp_path / "seg.dcm")  # read without our code or highdicom's
    frames = seg.pixel_array
    places = {float(h.ImagePositionPatient[2]): i for i, h in enumerate(series.headers)}
    found = np.zeros_like(labels)
    for frame, groups in zip(frames, seg.PerFrameFunctionalGroupsSequence, strict=True):
        position = groups.PlanePositionSequence[0].ImagePositionPatient
        number = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        assert position[:2] == series.headers[0].ImagePositionPatient[:2]
        found[places[float(position[2])]][frame == 1] = {1: 3, 2: 117}[number]
    np.testing.assert_array_equal(found, labels)


def test_another_reader_finds_the_same_voxels(small, series, tmp_path):
    labels = blocks(series.geometry.shape, [3, 117])
    as_seg(labels, series, small, tmp_path, kind="LABELMAP")

    volume = hd.seg.segread(tmp_path / "seg.dcm").get_volume(combine_segments=True)

    for index in np.argwhere(volume.array):
        place = volume.map_indices_to_reference(index[None])[0]
        column, row, plane, _ = np.linalg.solve(series.geometry.affine, [*place, 1])
        own = round(plane), round(row), round(column)
        assert volume.array[tuple(index)] == labels[own]
    assert np.count_nonzero(volume.array) == np.count_nonzero(labels)


@pytest.mark.parametrize("kind", KINDS)
def test_names_colours_and_ids_travel_along(kind, small, series, tmp_path):
    names = {5: "kidney_left", 77: "Größe 體", 300: "liver"}
    labels = blocks(series.geometry.shape, list(names))
    named(tmp_path / "labels.nii.gz", names)
    as_seg(labels, series, small, tmp_path, kind)

    labels_of_seg(tmp_path / "seg.dcm", tmp_path / "back.nii.gz", images=small)

    before = read_dictionary(tmp_path / "labels_dseg.tsv")
    after = read_dictionary(tmp_path / "back_dseg.tsv")
    assert [(one.id, one.name, one.color) for one in after] == [
        (one.id, one.name, one.color) for one in before
    ]


def test_segments_say_what_they_are_and_who_drew_them(small, series, tmp_path):
    names = {1: "kidney_left", 2: "liver", 3: "my own thing"}
    named(tmp_path / "labels.nii.gz", names)
    as_seg(blocks(series.geometry.shape, [1, 2, 3]), series, small, tmp_path)

    seg = pydicom.dcmread(tmp_path / "seg.dcm")
    kidney, liver, own = seg.SegmentSequence
    kind = kidney.SegmentedPropertyTypeCodeSequence[0]
    assert (kind.CodeValue, kind.CodeMeaning) == ("64033007", "Kidney")
    assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeValue == "7771000"
    assert liver.SegmentedPropertyTypeCodeSequence[0].CodeValue == "10200004"
    assert own.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Anatomical Structure"
    assert {each.SegmentAlgorithmName for each in seg.SegmentSequence} == {"Model 3"}
    header = series.headers[0]
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert str(seg[keyword].value) == str(header[keyword].value)


def test_a_binary_one_is_valid(small, series, faults_of, tmp_path):
    as_seg(blocks(series.geometry.shape, [1, 9]), series, small, tmp_path)

    assert faults_of(tmp_path / "seg.dcm") == []


@pytest.mark.parametrize("kind", KINDS)
def test_three_hundred_labels_keep_their_ids(kind, small, series, tmp_path):
    ids = list(range(100, 60_100, 200))
    labels = np.zeros(series.geometry.shape, dtype=np.uint16)
    labels[3].flat[: len(ids)] = ids
    as_seg(labels, series, small, tmp_path, kind)

    made = labels_of_seg(tmp_path / "seg.dcm", tmp_path / "back.nii.gz", images=small)

    assert [row.id for row in made.labels] == ids
    voxels, _ = read(tmp_path / "back.nii.gz")
    np.testing.assert_array_equal(voxels, labels)
    assert voxels.dtype == np.uint16


def test_labels_are_chosen_by_name(small, series, tmp_path):
    labels = blocks(series.geometry.shape, [1, 2, 3])
    named(tmp_path / "labels.nii.gz", {1: "rib_left_1", 2: "rib_left_2", 3: "liver"})

    made = as_seg(labels, series, small, tmp_path, labels=["rib_left_*"])
    assert [row.name for row in made.labels] == ["rib_left_1", "rib_left_2"]
    back = labels_of_seg(tmp_path / "seg.dcm", tmp_path / "b.nii.gz", labels=("rib_left_2",))
    assert [row.id for row in back.labels] == [2]
    with pytest.raises(InputError, match="spleen"):
        as_seg(labels, series, small, tmp_path, labels=["spleen"])
    with pytest.raises(InputError, match=r"rib_left_1 \(1\)"):
        labels_of_seg(tmp_path / "seg.dcm", tmp_path / "c.nii.gz", labels=("9",))


def test_what_no_segment_can_be_is_refused_and_nothing_is_left(small, series, case, tmp_path):
    shape = series.geometry.shape
    refused = [
        (blocks(shape, [-7, 2]), r"there are labels \[-7\]"),
        (blocks(shape, [70_000]), r"there are labels \[70000\]"),
        (np.zeros(shape, dtype=np.uint8), "holds nothing but 0"),
        (blocks(shape, [1])[:, :-1], "21 x 15 x 9 voxels"),
    ]
    for labels, said in refused:
        with pytest.raises(InputError, match=said):
            as_seg(labels, series, small, tmp_path)
    written(tmp_path / "labels.nii.gz", blocks(shape, [1]), series.geometry)
    for images, said in ((tmp_path / "none", "give the folder"), (tmp_path, "it holds none")):
        with pytest.raises(InputError, match=said):
            seg_of_labels(tmp_path / "labels.nii.gz", images, tmp_path / "seg.dcm")
    with pytest.raises(InputError, match="not on the grid"):
        seg_of_labels(tmp_path / "labels.nii.gz", case, tmp_path / "seg.dcm")
    assert not (tmp_path / "seg.dcm").exists()


def test_of_several_volumes_none_is_chosen(small, series, tmp_path):
    voxels = np.ones((21, 16, 9, 2), dtype=np.uint8)
    image = nib.Nifti1Image(voxels, series.geometry.affine_ras)
    image.to_filename(tmp_path / "labels.nii.gz")

    with pytest.raises(NiftiError, match="2 volumes"):
        seg_of_labels(tmp_path / "labels.nii.gz", small, tmp_path / "seg.dcm")


def test_a_missing_slice_is_said_and_several_series_are_counted(case, small, series, tmp_path):
    source = written(tmp_path / "l.nii.gz", blocks(series.geometry.shape, [1]), series.geometry)
    gap = tmp_path / "gap"
    gap.mkdir()
    for path in sorted(small.rglob("*.dcm")):
        header = pydicom.dcmread(path)
        if header.SOPInstanceUID != series.headers[4].SOPInstanceUID:
            (gap / path.name).write_bytes(path.read_bytes())

    with pytest.raises(DicomError, match=r"make no volume.*slices are missing"):
        seg_of_labels(source, gap, tmp_path / "seg.dcm")
    for path in case.rglob("CT/*.dcm"):
        (gap / path.name).write_bytes(path.read_bytes())
    with pytest.raises(InputError, match="1 of 8 files, 1 of 24 files"):
        seg_of_labels(source, gap, tmp_path / "seg.dcm")
