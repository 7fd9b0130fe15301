from dataclasses import replace

import pytest
from pydicom import Dataset

from imaging.errors import DicomError
from imaging.rt.dicompyler import calculate
from imaging.rt.files.rois import choose_rois, rois_of
from tests.imaging.rt.scenes import rois_named


def contours_of(patient, name):
    """Give an RTSTRUCT and the contours of one ROI in it, to change."""
    dataset = patient.rtstruct()
    number = patient.roi_names.index(name) + 1
    drawn = next(item for item in dataset.ROIContourSequence if item.ReferencedROINumber == number)
    return dataset, drawn.ContourSequence


def test_an_roi_without_contours_is_empty_and_the_others_are_not(tiny):
    rois = rois_named(tiny, "PTV", "Heart")
    rois[0] = replace(rois[0], contours=())

    empty, heart = calculate(rois, tiny.rtdose())

    assert (empty.roi_number, empty.flags) == (1, ("EMPTY", "NO_CONTOURS"))
    assert heart.flags == ()


def test_one_plane_has_no_thickness(tiny):
    roi = rois_named(tiny, "Heart")[0]

    dvh = calculate([replace(roi, contours=roi.contours[3:4])], tiny.rtdose())[0]

    assert dvh.flags == ("EMPTY", "SINGLE_PLANE")


def test_a_missing_plane_is_flagged(tiny):
    roi = rois_named(tiny, "Lung_L")[0]

    dvh = calculate([replace(roi, contours=roi.contours[:5] + roi.contours[6:])], tiny.rtdose())[0]

    assert dvh.flags == ("UNEVEN_PLANES",)


def test_a_contour_stored_twice_counts_once(tiny):
    roi = rois_named(tiny, "Heart")[0]
    expected = calculate([roi], tiny.rtdose())[0]

    dvh = calculate([replace(roi, contours=roi.contours + roi.contours[:4])], tiny.rtdose())[0]

    assert dvh.flags == ("REPEATED_CONTOURS",)
    assert dvh.volume_cc == pytest.approx(expected.volume_cc)


def test_points_and_open_contours_are_left_out(tiny):
    expected = calculate(rois_named(tiny, "Heart"), tiny.rtdose())[0]
    dataset, contours = contours_of(tiny, "Heart")
    for kind, points in (
        ("OPEN_PLANAR", [0, 0, 0, 9, 0, 0, 9, 9, 0]),
        ("POINT", [0, 0, 0]),
        ("CLOSED_PLANAR", [0, 0, 99, 9, 0, 99]),
    ):
        item = Dataset()
        item.ContourGeometricType = kind
        item.ContourData = points
        contours.append(item)

    dvh = calculate(choose_rois(rois_of(dataset), ["Heart"]), tiny.rtdose())[0]

    assert dvh.flags == ("NOT_CLOSED",)
    assert dvh.volume_cc == pytest.approx(expected.volume_cc)


def test_a_contour_across_planes_is_not_computed(tiny):
    dataset, contours = contours_of(tiny, "Heart")
    contours[2].ContourData = [0, 0, 0, 9, 0, 0, 9, 9, 3]

    dvh = calculate(choose_rois(rois_of(dataset), ["Heart"]), tiny.rtdose())[0]

    assert dvh.flags == ("EMPTY", "NOT_AXIAL")


def test_contour_data_that_are_no_triples_are_refused(tiny):
    dataset, contours = contours_of(tiny, "Heart")
    contours[2].ContourData = [0, 0, 0, 9]

    with pytest.raises(DicomError, match="ROI 2 are not triples") as refusal:
        calculate(choose_rois(rois_of(dataset), ["Heart"]), tiny.rtdose())
    assert refusal.value.uid == dataset.SOPInstanceUID
