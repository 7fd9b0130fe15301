"""What is said of ROIs that have no mask, or not all of it."""

import json

import numpy as np
import pytest

from imaging.phantoms import Outline
from imaging.phantoms.outlined import rtstruct_of
from imaging.phantoms.patient import write_datasets
from imaging.volumes import FindingKind
from tests.imaging.volumes.series import (
    MASKS_ONLY,
    evidence,
    kinds,
    made,
    structures,
    volumes_cc,
)
from tests.imaging.volumes.test_masks import (
    HEIGHTS_MM,
    blank,
    circle,
    mask_of,
    masked,
    stacked,
)


def listed(tmp_path):
    return json.loads((tmp_path / "nifti/masks/rois.json").read_text(encoding="utf-8"))


def box(x0, y0, x1, y1):
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], dtype=float)


def test_contours_across_the_planes_of_the_image_make_no_mask(tmp_path):
    leaning = stacked([circle(30)])
    leaning[0] = leaning[0] + np.outer(leaning[0][:, 0] / 100, [0, 0, 1])

    products = masked(tmp_path, {"A": leaning, "B": stacked([circle(9)])})

    found = evidence(products, FindingKind.CONTOURS_OUT_OF_PLANE)
    assert found == {"rois": ["1 A: contours do not lie in the planes of the image"]}
    assert list(volumes_cc(tmp_path)) == ["B"]
    assert not (tmp_path / "nifti/masks/A.nii.gz").exists()


def test_coordinates_that_cannot_be_read_make_no_mask(tmp_path):
    dataset = rtstruct_of({"A": stacked([circle(30)]), "B": stacked([circle(9)])})
    dataset.ROIContourSequence[0].ContourSequence[0].ContourData = [1, 2, 3, 4, 5, 6, 7]
    (path,) = write_datasets([dataset], tmp_path)

    products = made(tmp_path, blank(tmp_path), path, wanted=MASKS_ONLY)

    assert kinds(products) == [FindingKind.MASKS_WRITTEN, FindingKind.CONTOURS_BROKEN]
    assert list(volumes_cc(tmp_path)) == ["B"]


def test_contours_in_another_frame_of_reference_make_no_mask(tmp_path):
    dataset = rtstruct_of({"A": stacked([circle(30)])})
    dataset.StructureSetROISequence[0].ReferencedFrameOfReferenceUID = "1.2.3.4"
    (path,) = write_datasets([dataset], tmp_path)

    products = made(tmp_path, blank(tmp_path), path, wanted=MASKS_ONLY)

    assert kinds(products) == [FindingKind.NO_MASKS, FindingKind.CONTOURS_OUT_OF_PLANE]


def test_rois_without_closed_contours_are_listed(tmp_path):
    point = Outline(np.array([(1.0, 2.0, 0.0)]), "POINT")

    products = masked(tmp_path, {"ISO": [point], "Empty": [], "A": stacked([circle(9)])})

    found = evidence(products, FindingKind.ROIS_WITHOUT_CONTOURS)
    assert found == {"rois": ["1 ISO: no closed contour", "2 Empty: no closed contour"]}
    missing = listed(tmp_path)["without_mask"]
    assert [(row["roi_number"], row["roi_name"]) for row in missing] == [(1, "ISO"), (2, "Empty")]


@pytest.mark.parametrize(
    "drawn",
    [
        stacked([circle(10, (-50.0, 0.0))]),
        stacked([circle(10)], [*HEIGHTS_MM[-3:], 36.0, 39.0]),
    ],
    ids=["beside", "above"],
)
def test_a_roi_that_reaches_beyond_the_image_is_cut_off_and_said_to(drawn, tmp_path):
    products = masked(tmp_path, {"Out": drawn, "In": stacked([circle(9)])})

    assert evidence(products, FindingKind.ROI_BEYOND_IMAGE) == {"rois": ["1 Out"]}
    assert listed(tmp_path)["masks"]["Out.nii.gz"]["flags"] == ["BEYOND_IMAGE"]
    whole_cc = np.pi * 100 * 3 * len(drawn) / 1000
    assert 0 < volumes_cc(tmp_path)["Out"] < 0.7 * whole_cc


def test_a_roi_wholly_beyond_the_image_has_no_mask(tmp_path):
    products = masked(tmp_path, {"Out": stacked([circle(10, (500.0, 0.0))])})

    assert kinds(products) == [FindingKind.NO_MASKS, FindingKind.ROI_BEYOND_IMAGE]


def test_a_roi_up_to_the_edge_of_the_image_is_within(tmp_path):
    whole = box(-50.5, -48.4, 49.5, 47.6)

    products = masked(tmp_path, {"A": stacked([whole], HEIGHTS_MM)})

    assert kinds(products) == [FindingKind.MASKS_WRITTEN]
    assert mask_of(tmp_path, "A").all()


def test_a_roi_between_the_centres_of_voxels_is_said_to_be_too_small(tmp_path):
    products = masked(tmp_path, {"Dot": stacked([box(0.1, 0.1, 0.3, 0.3)])}, wanted_rois=["Dot"])

    assert evidence(products, FindingKind.NO_MASKS)["masks"] == 0
    assert len(evidence(products, FindingKind.NO_MASKS)["too_small"]) == 1
    assert FindingKind.MASKS_WRITTEN not in kinds(products)
    assert evidence(products, FindingKind.WANTED_ROI_WITHOUT_MASK) == {"rois": ["1 Dot"]}


def test_a_structure_set_without_any_mask_is_said_to_be(tmp_path):
    products = masked(tmp_path, {"A": [], "B": []})

    assert kinds(products) == [FindingKind.NO_MASKS, FindingKind.ROIS_WITHOUT_CONTOURS]
    assert evidence(products, FindingKind.NO_MASKS) == {"rois": 2, "masks": 0}


def test_a_structure_set_without_rois_has_no_mask_either(tmp_path):
    dataset = rtstruct_of({"A": stacked([circle(9)])})
    dataset.StructureSetROISequence = dataset.ROIContourSequence = []
    (path,) = write_datasets([dataset], tmp_path)

    products = made(tmp_path, blank(tmp_path), path, wanted=MASKS_ONLY)

    assert evidence(products, FindingKind.NO_MASKS) == {"rois": 0, "masks": 0}


@pytest.mark.parametrize(
    ("wanted", "lacking"),
    [
        (["ptv *"], None),
        (["Nobody", "PTV 1"], None),  # one of the names that it may have
        (["Empty"], ["2 Empty"]),
        (["PTV*", "empty"], ["2 Empty"]),
        (["Nobody"], ["no ROI: Nobody"]),
    ],
)
def test_wanted_rois_without_a_mask_are_found(wanted, lacking, tmp_path):
    drawn = {"PTV 1": stacked([circle(9)]), "Empty": []}

    products = masked(tmp_path, drawn, wanted_rois=wanted)

    is_found = FindingKind.WANTED_ROI_WITHOUT_MASK in kinds(products)
    assert is_found == (lacking is not None)
    if lacking:
        found = evidence(products, FindingKind.WANTED_ROI_WITHOUT_MASK)
        assert found == {"rois": lacking}


def test_a_file_that_is_no_rtstruct_costs_the_masks_only(tmp_path):
    images = blank(tmp_path)

    products = made(tmp_path, images, images[0], wanted=MASKS_ONLY)

    assert kinds(products) == [FindingKind.MASKS_FAILED]
    assert "is of class" in evidence(products, FindingKind.MASKS_FAILED)["reason"]


def test_pixels_that_cannot_be_read_do_not_cost_the_masks(tmp_path):
    def colours(image, _):
        image.SamplesPerPixel = 3

    images = blank(tmp_path, change=colours)
    path = structures(tmp_path, {"A": stacked([circle(9)])})

    products = made(tmp_path, images, path, wanted=MASKS_ONLY)

    assert kinds(products) == [FindingKind.MASKS_WRITTEN]
