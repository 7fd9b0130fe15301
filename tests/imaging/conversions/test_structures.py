"""Label maps as RTSTRUCT and back, and the ROIs of a patient as a label map."""

import numpy as np
import pydicom
import pytest

from imaging.conversions import labels_of_structures, structures_of_labels
from imaging.errors import DicomError, InputError
from imaging.labels.dictionaries import read_dictionary
from imaging.volumes import CaseFiles, Resampling, Wanted, write_products
from tests.imaging.conversions.maps import blocks, named, read, speckled, written


@pytest.mark.parametrize(
    ("order", "flips"), [((0, 1, 2), ()), ((0, 1, 2), (1, 2)), ((2, 0, 1), (0,))]
)
def test_a_label_map_comes_back_voxel_for_voxel(order, flips, small, series, tmp_path):
    labels = speckled(series.geometry.shape, seed=1)
    source = written(tmp_path / "labels.nii.gz", labels, series.geometry, order=order, flips=flips)

    there = structures_of_labels(source, small, tmp_path / "rtstruct.dcm")
    back = labels_of_structures(tmp_path / "rtstruct.dcm", small, tmp_path / "back.nii.gz")

    voxels, affine = read(tmp_path / "back.nii.gz")
    np.testing.assert_array_equal(voxels, labels)
    np.testing.assert_allclose(affine, series.geometry.affine_ras, atol=1e-4)
    assert voxels.dtype == labels.dtype
    counts = {label: int((labels == label).sum()) for label in range(1, 5)}
    for conversion in (there, back):
        assert {row.id: row.voxels for row in conversion.labels} == counts
        assert {row.note for row in conversion.labels} == {""}


def test_names_colours_and_numbers_travel_along(small, series, tmp_path):
    source = written(
        tmp_path / "a.nii.gz", blocks(series.geometry.shape, [7, 300]), series.geometry
    )
    named(source, {7: "Kidney, left", 300: "Ä ∅"})

    structures_of_labels(source, small, tmp_path / "rtstruct.dcm")
    labels_of_structures(tmp_path / "rtstruct.dcm", small, tmp_path / "b.nii.gz")

    table = read_dictionary(tmp_path / "b_dseg.tsv")
    assert [label.name for label in table] == ["Kidney, left", "Ä ∅"]
    before = read_dictionary(tmp_path / "a_dseg.tsv")
    assert [(label.id, label.color) for label in table] == [(one.id, one.color) for one in before]


def test_it_is_valid_and_each_contour_names_its_image(small, series, faults_of, tmp_path):
    labels = blocks(series.geometry.shape, [1, 2])
    source = written(tmp_path / "labels.nii.gz", labels, series.geometry)
    structures_of_labels(source, small, tmp_path / "rtstruct.dcm")

    assert faults_of(tmp_path / "rtstruct.dcm") == []
    made = pydicom.dcmread(tmp_path / "rtstruct.dcm")
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "StudyDate"):
        assert str(made[keyword].value) == str(series.headers[0][keyword].value)
    places = {header.SOPInstanceUID: header.ImagePositionPatient[2] for header in series.headers}
    contours = [item for roi in made.ROIContourSequence for item in roi.ContourSequence]
    for contour in contours:
        image = contour.ContourImageSequence[0].ReferencedSOPInstanceUID
        assert {float(z) for z in contour.ContourData[2::3]} == {float(places[image])}
    (frame,) = made.ReferencedFrameOfReferenceSequence
    referred = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    assert len(referred.ContourImageSequence) == series.geometry.shape[0]


def test_what_contours_cannot_say_is_counted(small, series, tmp_path):
    labels = np.zeros(series.geometry.shape, dtype=np.uint8)
    labels[1:8, 2:12, 10:20] = 1
    labels[5] = 0  # one slice between others is empty

    source = written(tmp_path / "labels.nii.gz", labels, series.geometry)
    (row,) = structures_of_labels(source, small, tmp_path / "rtstruct.dcm").labels
    labels_of_structures(tmp_path / "rtstruct.dcm", small, tmp_path / "back.nii.gz")

    assert row.note.startswith("100 voxels differ")
    assert int((read(tmp_path / "back.nii.gz")[0] != labels).sum()) == 100


def test_a_patients_rois_are_the_masks_that_the_cohort_gets(case, rtstruct, patient, tmp_path):
    made = labels_of_structures(rtstruct, case, tmp_path / "all.nii.gz")

    wanted = Wanted(image=False, masks=True, label_map=False, dose=False, pictures=False)
    images = tuple(sorted(case.rglob("CT/*.dcm")))
    write_products(CaseFiles(images, rtstruct), tmp_path / "case", wanted, Resampling())
    for row in made.labels:
        mask, _ = read(tmp_path / "case/nifti/masks" / f"{row.name}.nii.gz")
        assert row.voxels == mask.sum()
        solid = patient.truth(row.name).volume_cc
        assert row.ml == pytest.approx(solid, rel=0.25)  # voxels of 5 x 5 x 6 mm
    assert {row.name for row in made.labels} == set(patient.roi_names)
    voxels, _ = read(tmp_path / "all.nii.gz")
    heart = {row.name: row for row in made.labels}["Heart"]
    assert int((voxels == heart.id).sum()) == heart.voxels - int(heart.note.split()[0])


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["3"], ["Lung_L"]),
        (["2-3"], ["Heart", "Lung_L"]),
        (["left lung"], ["Lung_L"]),
        (["all lungs", "heart"], ["Heart", "Lung_L", "Lung_R"]),
    ],
)
def test_rois_are_chosen_as_labels_are_where_none_has_the_name(
    wanted, found, case, rtstruct, tmp_path
):
    made = labels_of_structures(rtstruct, case, tmp_path / "l.nii.gz", rois=wanted)

    assert [row.name for row in made.labels] == found


def test_rois_are_chosen_by_name_and_a_wrong_name_lists_those_there_are(case, rtstruct, tmp_path):
    made = labels_of_structures(rtstruct, case, tmp_path / "l.nii.gz", rois=["lung_*"])

    assert [row.name for row in made.labels] == ["Lung_L", "Lung_R"]
    with pytest.raises(InputError, match=r"'Lnug'.*There are: BODY, .*Lung_L"):
        labels_of_structures(rtstruct, case, tmp_path / "x.nii.gz", rois=["Lnug"])
    assert not (tmp_path / "x.nii.gz").exists()


def test_negative_ids_and_other_grids_are_refused_by_name(small, series, tmp_path):
    labels = blocks(series.geometry.shape, [-4, 2])
    source = written(tmp_path / "labels.nii.gz", labels, series.geometry)

    with pytest.raises(InputError, match=r"there are labels \[-4\]"):
        structures_of_labels(source, small, tmp_path / "rtstruct.dcm")
    structures_of_labels(source, small, tmp_path / "rtstruct.dcm", labels=[2])
    short = written(tmp_path / "short.nii.gz", labels[:-1], series.geometry)
    with pytest.raises(InputError, match="21 x 16 x 8 voxels"):
        structures_of_labels(short, small, tmp_path / "other.dcm", labels=[2])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "labels.nii.gz",
        "rtstruct.dcm",
        "short.nii.gz",
    ]


def test_a_structure_set_that_is_cut_short_is_refused_without_its_name(case, rtstruct, tmp_path):
    cut = tmp_path / "Mr_Doe.dcm"
    cut.write_bytes(rtstruct.read_bytes()[:20_000])

    with pytest.raises(DicomError, match="cut short") as caught:
        labels_of_structures(cut, case, tmp_path / "l.nii.gz")
    assert "Doe" not in str(caught.value)
