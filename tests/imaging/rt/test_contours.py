from dataclasses import replace

import pytest
from pydicom import Dataset

from imaging.rt.dicompyler import calculate
from imaging.rt.files.contours import contours_of as usable_contours
from imaging.rt.files.rois import choose_rois, rois_of
from imaging.rt.flags import Flag
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


def test_an_roi_whose_contour_data_are_no_triples_is_empty(tiny):
    dataset, contours = contours_of(tiny, "Heart")
    contours[2].ContourData = [0, 0, 0, 9]

    dvh = calculate(choose_rois(rois_of(dataset), ["Heart"]), tiny.rtdose())[0]

    assert dvh.flags == ("EMPTY", "BROKEN_CONTOURS")


def square(kind="CLOSED_PLANAR", corners=((0, 0), (4, 0), (4, 3), (0, 3))):
    item = Dataset()
    item.ContourGeometricType = kind
    item.ContourData = [value for x, y in corners for value in (x, y, 5)]
    return item


def read(tiny, *items):
    return usable_contours(replace(rois_named(tiny, "Heart")[0], contours=items))


@pytest.mark.parametrize("kind", ["CLOSED_PLANAR", "CLOSEDPLANAR_XOR", ""])
def test_a_contour_is_closed_when_its_type_says_so_or_nothing(tiny, kind):
    found = read(tiny, square(kind))

    assert (len(found.items), found.flags) == (1, ())


def test_a_last_point_that_repeats_the_first_is_left_out(tiny):
    found = read(tiny, square(corners=((0, 0), (4, 0), (4, 3), (0, 0))))

    assert found.points_mm[0].tolist() == [[0, 0, 5], [4, 0, 5], [4, 3, 5]]
    assert read(tiny, square(corners=((0, 0), (4, 0), (0, 0)))).flags == (Flag.NOT_CLOSED,)


@pytest.mark.parametrize("start", range(4))
@pytest.mark.parametrize("step", [1, -1])
def test_a_contour_that_is_stored_again_counts_once(tiny, start, step):
    corners = [(0, 0), (4, 0), (4, 3), (1, 2)]
    again = square(corners=(corners[start:] + corners[:start])[::step])
    other = square(corners=[(0, 0), (4, 0), (1, 3), (4, 2)])

    found = read(tiny, square(corners=corners), again, other)
    assert (len(found.items), found.flags) == (2, (Flag.REPEATED_CONTOURS,))


def test_a_point_that_is_not_finite_breaks_its_roi(tiny):
    broken = square(corners=((0, 0), (4, float("nan")), (4, 3)))

    found = read(tiny, square(), broken)
    assert (found.items, found.flags) == ((), (Flag.BROKEN_CONTOURS,))
