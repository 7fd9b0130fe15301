import numpy as np
import pytest
from pydicom import dcmread

from imaging.phantoms import (
    DoseEncoding,
    DoseGrid,
    Outline,
    at_height,
    rtdose_of,
    rtplan_of,
    rtstruct_of,
    write_object,
)
from imaging.phantoms.outlined import Drawing
from tests.imaging.phantoms.geometry import contour_points, voxel_centres

TILTED = np.array([(0.0, 0.0, 5.0), (10.0, 0.0, 6.0), (10.0, 8.0, 7.123456)])
FLAT = at_height(np.array([(1.5, -2.25), (3.0, 4.0), (-7.0, 0.5), (0.0, 0.0)]), -12.5)
GRID = DoseGrid((-3.0, 2.0, 10.0), (1.0, 2.0, 3.0), (4, 3, 2))


def hill(x, y, z):
    return 40 - x**2 - 0.1 * y + 0.01 * z


def test_any_contour_comes_back_from_the_file_with_five_decimals(tmp_path):
    path = write_object(rtstruct_of({"Left": [FLAT, TILTED], "Right": [FLAT]}), tmp_path / "s.dcm")

    read = dcmread(path)
    left, right = read.ROIContourSequence
    assert [contour_points(item) for item in left.ContourSequence] == [
        pytest.approx(FLAT, abs=1e-12),
        pytest.approx(np.round(TILTED, 5), abs=1e-12),
    ]
    assert right.ReferencedROINumber == 2
    assert [item.ROIName for item in read.StructureSetROISequence] == ["Left", "Right"]


def test_a_contour_is_closed_unless_it_says_what_else_it_is():
    drawn: list[Drawing] = [FLAT, Outline(FLAT[:1], "POINT"), Outline(FLAT, "OPEN_PLANAR")]

    (roi,) = rtstruct_of({"Mixed": drawn}).ROIContourSequence

    types = [item.ContourGeometricType for item in roi.ContourSequence]
    assert types == ["CLOSED_PLANAR", "POINT", "OPEN_PLANAR"]
    assert [item.NumberOfContourPoints for item in roi.ContourSequence] == [4, 1, 4]


def test_a_roi_may_have_no_contours_and_a_colour():
    dataset = rtstruct_of({"Empty": [], "Blue": [FLAT]}, colours={"Blue": (0, 0, 255)})

    empty, blue = dataset.ROIContourSequence
    assert len(empty.ContourSequence) == 0
    assert blue.ROIDisplayColor == [0, 0, 255]


def test_any_dose_is_sampled_at_the_voxels_of_the_grid():
    dataset = rtdose_of(hill, GRID, encoding=DoseEncoding(orientation="FFDL"))

    centres = voxel_centres(dataset)
    expected_gy = hill(centres[..., 0], centres[..., 1], centres[..., 2])
    assert dataset.pixel_array * float(dataset.DoseGridScaling) == pytest.approx(expected_gy)


def test_structures_plan_and_dose_refer_to_each_other_in_one_frame():
    structures, plan, dose = rtstruct_of({"A": [FLAT]}), rtplan_of(), rtdose_of(hill, GRID)

    (of_dose,), (of_plan,) = dose.ReferencedRTPlanSequence, plan.ReferencedStructureSetSequence
    assert of_dose.ReferencedSOPInstanceUID == plan.SOPInstanceUID
    assert of_plan.ReferencedSOPInstanceUID == structures.SOPInstanceUID
    frame = structures.StructureSetROISequence[0].ReferencedFrameOfReferenceUID
    assert frame == dose.FrameOfReferenceUID == structures.FrameOfReferenceUID
