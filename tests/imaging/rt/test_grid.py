import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, RLELossless

from imaging.errors import DicomError
from imaging.phantoms import ORIENTATIONS, DoseEncoding
from imaging.rt.doses.grid_reading import dose_grid, grid_flags, voxel_mm3
from imaging.rt.flags import Flag
from tests.imaging.rt.slanted import GRID, check_slanted, made, slanted


def reversed_frames(dataset):
    """Store the same dose from its last frame to its first."""
    offsets = [float(value) for value in dataset.GridFrameOffsetVector]
    normal = np.cross(*np.reshape(dataset.ImageOrientationPatient, (2, 3)).astype(float))
    first_mm = np.array(dataset.ImagePositionPatient, dtype=float) + normal * offsets[-1]
    pixels = dataset.pixel_array[::-1]
    dataset.ImagePositionPatient = list(first_mm)
    dataset.GridFrameOffsetVector = [value - offsets[-1] for value in reversed(offsets)]
    dataset.PixelData = pixels.tobytes()
    return dataset


@pytest.mark.parametrize("is_absolute", [False, True])
@pytest.mark.parametrize(("bits", "abs_gy"), [(32, 1e-6), (16, 1e-3)])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_dose_at_a_point_is_the_same_however_it_is_stored(
    tiny, orientation, bits, abs_gy, is_absolute
):
    encoding = DoseEncoding(orientation, bits, is_absolute)

    check_slanted(dose_grid(made(tiny, encoding)), abs_gy)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_frames_from_the_far_end_are_put_in_order(tiny, orientation):
    dataset = reversed_frames(made(tiny, DoseEncoding(orientation)))

    grid = dose_grid(dataset)

    check_slanted(grid)
    assert np.array_equal(
        grid.values_gy, dose_grid(made(tiny, DoseEncoding(orientation))).values_gy
    )


def test_a_dose_is_level_beyond_the_outermost_centres_and_ends_at_its_border(tiny):
    grid = dose_grid(tiny.rtdose())
    (low_mm, _), (between_rows, _) = grid.border_mm, grid.spacing_mm
    offsets_mm = [-low_mm * grid.normal, -2 * low_mm * grid.normal, -between_rows * grid.along_rows]

    gy, room_mm = grid.sampled(grid.origin_mm + np.array(offsets_mm))

    assert room_mm == pytest.approx([0, -low_mm, -between_rows / 2])
    assert np.all(gy == grid.values_gy[0, 0, 0])


def test_frames_may_be_unevenly_spaced(tiny):
    dataset = made(tiny)
    kept = [0, 1, 3, 5]
    dataset.PixelData = dataset.pixel_array[kept].tobytes()
    dataset.NumberOfFrames = len(kept)
    dataset.GridFrameOffsetVector = [4 * index for index in kept]

    grid = dose_grid(dataset)

    check_slanted(grid)
    assert list(grid.frames_mm) == [0, 4, 12, 20]
    assert voxel_mm3(dataset) == pytest.approx(2 * 2.5 * 20 / 3)
    assert grid.border_mm == (2.0, 4.0)


def test_sagittal_planes_may_state_their_place_along_the_normal(tiny):
    dataset = made(tiny)
    expected = dose_grid(made(tiny))
    pixels = dataset.pixel_array.transpose(2, 0, 1)  # frames along x, rows along z, columns along y
    dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, 1]
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = pixels.shape
    dataset.PixelSpacing = [4.0, 2.5]
    dataset.GridFrameOffsetVector = list(GRID.axis_mm(0))
    dataset.PixelData = pixels.tobytes()

    grid = dose_grid(dataset)

    check_slanted(grid)
    assert grid.max_gy == expected.max_gy
    assert grid.normal == pytest.approx([1, 0, 0])


def test_oblique_planes_are_placed_along_their_normal(tiny):
    dataset = made(tiny)
    dataset.ImageOrientationPatient = [0.8, 0.6, 0, -0.6, 0.8, 0]

    grid = dose_grid(dataset)

    first, along = np.array(GRID.first_mm), np.array([0.8, 0.6, 0])
    column, row, place_mm = grid.to_index((first + 6 * along + [0, 0, 8])[None])
    assert (column[0], row[0], place_mm[0]) == pytest.approx((3, 0, 8))


def test_rounded_direction_cosines_become_orthonormal(tiny):
    dataset = made(tiny)
    dataset.ImageOrientationPatient = [0.99999, 0.00005, 0, 0, 1.00002, 0]

    grid = dose_grid(dataset)

    assert np.linalg.norm(grid.along_columns) == pytest.approx(1, abs=1e-14)
    assert np.linalg.norm(grid.along_rows) == pytest.approx(1, abs=1e-14)
    assert grid.along_columns @ grid.along_rows == pytest.approx(0, abs=1e-14)


def test_a_single_frame_is_constant_through_its_thickness(tiny):
    dataset = made(tiny)
    dataset.PixelData = dataset.pixel_array[2].tobytes()
    dataset.NumberOfFrames = 1
    del dataset.GridFrameOffsetVector
    dataset.SliceThickness = 3

    grid = dose_grid(dataset)

    assert grid.values_gy.shape == (2, 8, 9)
    assert np.array_equal(grid.values_gy[0], grid.values_gy[1])
    assert list(grid.frames_mm) == [0, 3]
    assert grid.origin_mm[2] == pytest.approx(GRID.first_mm[2] - 1.5)
    assert list(grid.border_mm) == [0, 0]
    assert grid_flags(dataset) == (Flag.SINGLE_FRAME,)
    assert voxel_mm3(dataset) == pytest.approx(2 * 2.5 * 3)


def test_big_endian_pixels_are_read(tiny):
    dataset = made(tiny)
    dataset.PixelData = dataset.pixel_array.astype(">u4").tobytes()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian

    check_slanted(dose_grid(dataset))


def test_how_a_file_was_read_goes_before_what_its_meta_says(tiny, tmp_path):
    dataset = made(tiny)
    dataset.PixelData = dataset.pixel_array.astype(">u4").tobytes()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dataset.save_as(tmp_path / "dose.dcm", enforce_file_format=True)

    dataset = dcmread(tmp_path / "dose.dcm")
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    check_slanted(dose_grid(dataset))


def test_compressed_pixels_are_decoded(tiny):
    dataset = made(tiny, DoseEncoding(bits=16))
    dataset.compress(RLELossless)

    check_slanted(dose_grid(dataset), abs_gy=1e-3)


def test_pixels_that_nothing_here_decodes_are_refused_by_their_transfer_syntax(tiny):
    dataset = made(tiny, DoseEncoding(bits=16))
    dataset.compress(RLELossless)
    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.70")

    with pytest.raises(
        DicomError, match=r"PixelData \(7FE0,0010\) is .* 1\.2\.840\.10008\.1\.2\.4\.70"
    ):
        dose_grid(dataset)


@pytest.mark.parametrize("whole", [1, 100])
def test_a_relative_dose_is_a_fraction_or_a_percentage_of_the_prescription(tiny, whole):
    def relative(x, y, z):
        return whole * slanted(x, y, z) / 50

    dataset = made(tiny, DoseEncoding(units="RELATIVE"), relative)

    check_slanted(dose_grid(dataset, prescription_gy=50))
    assert grid_flags(dataset) == (Flag.RELATIVE_DOSE,)


def test_a_relative_dose_without_a_prescription_is_refused(tiny):
    with pytest.raises(DicomError, match=r"DoseUnits \(3004,0002\) is RELATIVE"):
        dose_grid(made(tiny, DoseEncoding(units="RELATIVE")))


def test_a_prescription_does_not_scale_a_dose_in_gy(tiny):
    check_slanted(dose_grid(made(tiny), prescription_gy=2))


def test_the_dataset_is_not_changed(tiny):
    dataset = reversed_frames(made(tiny, DoseEncoding("FFS", absolute_offsets=False)))
    before = dataset.to_json()

    dose_grid(dataset)

    assert dataset.to_json() == before
