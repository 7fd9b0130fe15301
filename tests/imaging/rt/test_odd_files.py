"""Odd things about files that take more than one ROI or one dose to show."""

import numpy as np
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from imaging.errors import DicomError
from imaging.phantoms import DoseGrid, at_height, rtdose_of, rtstruct_of, write_object
from imaging.rt import dvhs_of_files
from imaging.rt.exact.lattice import crossings
from imaging.rt.files.objects import read_rtdose
from imaging.rt.files.reading import read_object
from tests.imaging.rt.odd_cases import DOSE, GRID, HEIGHTS_MM, PLAIN, no_change, square, stack

CUBE_CC = 16 * 16 * 18 / 1000


def written(tmp_path, rois, change=no_change, dose=None):
    structures = rtstruct_of(rois)
    change(structures)
    dose = dose or rtdose_of(DOSE, GRID)
    return (
        write_object(structures, tmp_path / "rtstruct.dcm"),
        write_object(dose, tmp_path / "rtdose.dcm"),
    )


@pytest.mark.parametrize(
    ("values", "note"),
    [([0, 0, 0, 9], "are not triples of numbers"), (["0", "0", "nan"] * 3, "are not finite")],
)
def test_a_broken_roi_costs_the_others_nothing(tmp_path, values, note):
    def break_second(dataset):
        dataset.ROIContourSequence[1].ContourSequence[3].ContourData = values

    paths = written(tmp_path, {"A": PLAIN, "B": PLAIN, "C": PLAIN}, break_second)

    whole, broken, other = dvhs_of_files(*paths)

    assert broken.flags == ("EMPTY", "BROKEN_CONTOURS")
    assert broken.notes == (f"ContourData (3006,0050) of a contour {note}",)
    assert (whole.flags, other.flags) == ((), ())
    assert whole.volume_cc == other.volume_cc == pytest.approx(CUBE_CC)


def test_rois_may_have_the_same_name(tmp_path):
    def rename(dataset):
        for item in dataset.StructureSetROISequence:
            item.ROIName = "PTV"

    paths = written(tmp_path, {"A": PLAIN, "B": PLAIN[:4]}, rename)

    found = dvhs_of_files(*paths, rois=["PTV"])

    assert [dvh.roi_number for dvh in found] == [1, 2]
    assert [dvh.volume_cc for dvh in found] == pytest.approx([CUBE_CC, CUBE_CC * 4 / 9])


def test_an_roi_of_another_frame_is_left_out_and_the_others_are_not(tmp_path):
    def move(dataset):
        dataset.StructureSetROISequence[1].ReferencedFrameOfReferenceUID = "1.2.3"

    here, elsewhere = dvhs_of_files(*written(tmp_path, {"A": PLAIN, "B": PLAIN}, move))

    assert (here.flags, elsewhere.flags) == ((), ("EMPTY", "OTHER_FRAME"))


def test_a_structure_set_without_rois_has_no_dvhs(tmp_path):
    assert dvhs_of_files(*written(tmp_path, {})) == []


def test_a_colour_that_is_none_is_no_fault(tmp_path):
    def paint(dataset):
        dataset.ROIContourSequence[0].ROIDisplayColor = [300, -1, 0]

    (dvh,) = dvhs_of_files(*written(tmp_path, {"A": PLAIN}, paint))

    assert dvh.volume_cc == pytest.approx(CUBE_CC)


def test_no_dose_anywhere_is_a_dose_of_zero(tmp_path):
    dose = rtdose_of(DOSE, GRID)
    dose.PixelData = bytes(len(dose.PixelData))

    (dvh,) = dvhs_of_files(*written(tmp_path, {"A": PLAIN}, dose=dose))

    assert (dvh.min_gy, dvh.mean_gy, dvh.flags) == (0, 0, ())
    assert dvh.max_gy == pytest.approx(0, abs=1e-8)
    assert dvh.dosed_cc == pytest.approx(CUBE_CC)
    assert dvh.cc_at_dose(0.01) == 0


@pytest.mark.parametrize("options", [{}, {"dose_interpolation": "cubic"}, {"between": "cubic"}])
def test_a_uniform_dose_is_one_step(tmp_path, options):
    dose = rtdose_of(lambda x, y, z: 50.0 + 0 * (x + y + z), GRID)

    (dvh,) = dvhs_of_files(*written(tmp_path, {"A": PLAIN}, dose=dose), **options)

    assert (dvh.min_gy, dvh.mean_gy, dvh.max_gy) == pytest.approx((50, 50, 50), abs=1e-6)
    assert dvh.volume_at_dose(49.99) == pytest.approx(100)
    assert dvh.volume_at_dose(50.01) == 0


@pytest.mark.parametrize("options", [{}, {"dose_interpolation": "cubic"}])
@pytest.mark.parametrize("degrees", [2, 20, 45])
def test_tilted_contours_that_leave_the_dose_are_counted_to_its_border(tmp_path, degrees, options):
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    tilt = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    contours = [points @ tilt.T + [31, 0, 0] for points in stack(square(8), heights_mm=HEIGHTS_MM)]

    (dvh,) = dvhs_of_files(*written(tmp_path, {"A": contours}), **options)

    assert dvh.flags == ("RESAMPLED", "OUTSIDE_DOSE_GRID")
    assert dvh.volume_cc == pytest.approx(CUBE_CC, rel=1e-4)
    assert dvh.outside_cc == pytest.approx(CUBE_CC / 2, rel=0.03)  # the border cuts it in halves


def test_long_caps_of_tilted_contours_are_inside_the_dose(tmp_path):
    cos, sin = np.cos(np.radians(20)), np.sin(np.radians(20))
    tilt = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    contours = [points @ tilt.T for points in stack(square(4), heights_mm=(-1.0, 1.0))]

    (dvh,) = dvhs_of_files(*written(tmp_path, {"A": contours}), end_caps=12)

    assert dvh.flags == ("RESAMPLED",)
    assert dvh.dosed_cc == pytest.approx(8 * 8 * 26 / 1000, rel=1e-4)
    assert dvh.mean_gy == pytest.approx(30, abs=1e-3)


def test_a_long_edge_that_closes_one_of_several_contours_has_room(tmp_path):
    """Every other step from corner to corner, also from ring to ring, is short."""
    angle = np.linspace(0, np.pi, 200)
    half_disc = 90 * np.column_stack([np.cos(angle), np.sin(angle)])
    small = [square(0.2, (float(x), -5.0)) for x in range(-90, 91, 2)]
    x, y = np.concatenate([half_disc, *small]).T
    assert crossings(np.ascontiguousarray(x), np.ascontiguousarray(y)) >= 180
    grid = DoseGrid((-100.0, -100.0, -6.0), (1.0, 1.0, 2.0), (7, 201, 201))
    contours = [at_height(each, z) for z in (-2.0, 0.0, 2.0) for each in (half_disc, *small)]

    (dvh,) = dvhs_of_files(*written(tmp_path, {"A": contours}, dose=rtdose_of(DOSE, grid)))

    x, y = half_disc.T
    mm2 = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2 + len(small) * 0.16
    assert dvh.dosed_cc == pytest.approx(mm2 * 6 / 1000)


@pytest.mark.parametrize("share", [0.3, 0.7, 0.999])
def test_a_deflated_file_that_is_cut_short_is_refused(tmp_path, share):
    dose = rtdose_of(DOSE, GRID)
    dose.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    path = tmp_path / "rtdose.dcm"
    dose.save_as(path, enforce_file_format=True)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(DicomError, match=r"^rtdose\.dcm: cannot be read as DICOM"):
        read_rtdose(path)


def test_a_deflated_file_may_be_any_number_of_bytes_longer_than_its_elements(tmp_path):
    """Its elements' places are those in the inflated data set, not in the file."""
    structures = rtstruct_of({"A": PLAIN[:1]})
    kept = ("SOPClassUID", "SOPInstanceUID", "Modality")
    for element in [each for each in structures if each.keyword not in kept]:
        del structures[element.tag]
    structures.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    path = tmp_path / "rtstruct.dcm"
    for length in range(0, 700, 4):
        structures.StructureSetDescription = "a" * length
        structures.save_as(path, enforce_file_format=True)

        assert read_object(path, "RTSTRUCT").Modality == "RTSTRUCT"
