"""Slices that make no volume, and those that do once they are resampled as asked."""

import numpy as np
import pytest

from imaging.volumes import FindingKind, Wanted
from tests.imaging.volumes.series import (
    evidence,
    kinds,
    loaded,
    made,
    numbered,
    series,
    written,
)

VALUES = numbered(8, 6, 7)


def result(tmp_path, images, **options):
    return made(tmp_path, written(images, tmp_path / "in"), **options)


def voxels(tmp_path):
    return loaded(tmp_path / "nifti/CT.nii.gz")[0]


def shaped(keyword, value):
    def change(image, index):
        if index == 3:
            setattr(image, keyword, value)

    return change


def smaller(image, index):
    if index == 3:
        image.Rows, image.PixelData = 5, image.PixelData[: 5 * 7 * 2]


def without(keyword):
    def change(image, index):
        if index == 3:
            delattr(image, keyword)

    return change


@pytest.mark.parametrize(
    "change",
    [
        smaller,
        shaped("PixelSpacing", [2.0, 1.6]),
        shaped("PhotometricInterpretation", "MONOCHROME1"),
        shaped("RescaleType", "US"),
        shaped("FrameOfReferenceUID", "1.2.3"),
        shaped("SeriesInstanceUID", "1.2.3"),
        without("RescaleSlope"),
        without("PixelSpacing"),
    ],
)
def test_slices_that_differ_make_no_volume(change, tmp_path):
    products = result(tmp_path, series(VALUES, change=change))

    assert kinds(products) == [FindingKind.SLICES_DIFFER]
    assert not list(tmp_path.glob("nifti/*"))


@pytest.mark.parametrize(
    "change",
    [
        shaped("ImageOrientationPatient", [0, 1, 0, 0, 0, -1]),
        shaped("ImagePositionPatient", [-10, -20, 5 + 6]),  # that of slice 2
        shaped("ImagePositionPatient", [-10, -20, 5 + 9 + 0.7]),
        shaped("ImagePositionPatient", [-9, -20, 5 + 9]),
        without("ImagePositionPatient"),
        without("ImageOrientationPatient"),
    ],
)
def test_slices_that_do_not_stack_evenly_make_no_volume(change, tmp_path):
    products = result(tmp_path, series(VALUES, change=change))

    assert kinds(products) == [FindingKind.SLICES_UNEVEN]
    assert not list(tmp_path.glob("nifti/*"))


def test_positions_rounded_to_a_tenth_are_even(tmp_path):
    def rounded(image, index):
        image.ImagePositionPatient = [-10, -20, round(5 + index * 10 / 3, 1)]

    assert kinds(result(tmp_path, series(VALUES, change=rounded))) == [FindingKind.IMAGE_WRITTEN]
    assert loaded(tmp_path / "nifti/CT.nii.gz")[1][2, 2] == pytest.approx(10 / 3, abs=0.01)


def test_a_spacing_that_grows_bit_by_bit_is_not_even(tmp_path):
    def growing(image, index):
        image.ImagePositionPatient = [-10, -20, 5 + 3 * index + 0.04 * index**2]

    assert kinds(result(tmp_path, series(VALUES, change=growing))) == [FindingKind.SLICES_UNEVEN]


def test_missing_slices_are_a_gap_unless_they_may_be_interpolated(tmp_path):
    images = series(VALUES)
    del images[4], images[2]

    products = result(tmp_path, images)

    assert kinds(products) == [FindingKind.SLICES_UNEVEN]
    assert evidence(products, FindingKind.SLICES_UNEVEN)["slices"] == ["3", "5"]


def test_missing_slices_are_interpolated_as_asked_and_said(tmp_path):
    images = series(VALUES)
    del images[3], images[2]

    products = result(tmp_path, images, fill_missing_slices=2)

    assert kinds(products) == [FindingKind.SLICES_INTERPOLATED, FindingKind.IMAGE_WRITTEN]
    assert evidence(products, FindingKind.SLICES_INTERPOLATED)["slices"] == ["3", "4"]
    assert np.array_equal(voxels(tmp_path), VALUES)  # which rise evenly from slice to slice


def test_more_slices_missing_in_a_row_than_allowed_are_not_interpolated(tmp_path):
    images = series(VALUES)
    del images[3], images[2]

    products = result(tmp_path, images, fill_missing_slices=1)

    assert kinds(products) == [FindingKind.SLICES_UNEVEN]
    assert evidence(products, FindingKind.SLICES_UNEVEN)["most_in_a_row"] == 2


def tilted(field, shape=(12, 40, 30), shear_mm=0.75):
    """Slices whose rows move back by a quarter of their distance, as a tilted gantry's do."""
    z, y, x = np.meshgrid(*map(np.arange, shape), indexing="ij")
    values = field(1.5 * x - 10, 2.0 * y - 20 + shear_mm * z, 3.0 * z + 5)
    step_mm = (0.0, shear_mm, 3.0)
    return series(np.rint(values).astype(np.int16), step_mm=step_mm)


def hill(x, y, z):
    return 200 + 4 * x + 6 * y - 3 * z


def test_tilted_slices_make_no_volume_by_default(tmp_path):
    products = result(tmp_path, tilted(hill))

    assert kinds(products) == [FindingKind.SLICES_UNEVEN]
    found = evidence(products, FindingKind.SLICES_UNEVEN)
    assert found["tilt_degrees"] == pytest.approx(14.04, abs=0.01)


def test_a_slight_tilt_that_adds_up_over_the_stack_is_one(tmp_path):
    products = result(tmp_path, tilted(hill, shear_mm=0.05))

    assert kinds(products) == [FindingKind.SLICES_UNEVEN]


def test_straightened_slices_have_the_values_of_their_places(tmp_path):
    products = result(tmp_path, tilted(hill), straighten_tilt=True)

    assert kinds(products) == [FindingKind.TILT_STRAIGHTENED, FindingKind.IMAGE_WRITTEN]
    read, affine, _ = loaded(tmp_path / "nifti/CT.nii.gz")
    z, y, x = np.meshgrid(*map(np.arange, read.shape), indexing="ij")
    places_mm = affine @ np.stack([x, y, z, np.ones_like(x)]).reshape(4, -1)
    expected = hill(*places_mm[:3]).reshape(read.shape)
    first_mm = -20 + 0.75 * z  # where each slice begins along y
    y_mm = places_mm[1].reshape(read.shape)
    is_measured = (y_mm >= first_mm) & (y_mm <= first_mm + 2 * 39)
    assert np.abs(read - expected)[is_measured].max() <= 1.0
    assert (read[~is_measured] == -1000).all()
    assert is_measured.sum() > 0.85 * read.size


def test_what_tilts_the_other_way_or_sideways_is_straightened_too(tmp_path):
    values = numbered(5, 6, 7)

    result(tmp_path, series(values, step_mm=(-1.5, 0.0, 3.0)), straighten_tilt=True)

    read, affine, _ = loaded(tmp_path / "nifti/CT.nii.gz")
    assert read.shape == (5, 6, 11)
    assert affine[:3, 3] == pytest.approx([-16, -20, 5])
    for index in range(5):  # moved by whole pixels
        assert np.array_equal(read[index, :, 4 - index : 11 - index], values[index])


def test_a_single_slice_is_as_thick_as_it_says(tmp_path):
    result(tmp_path, series(VALUES[:1]))

    assert loaded(tmp_path / "nifti/CT.nii.gz")[1][2, 2] == pytest.approx(3.0)


def test_a_single_slice_that_does_not_say_makes_no_volume(tmp_path):
    def thin(image, _):
        del image.SliceThickness

    assert kinds(result(tmp_path, series(VALUES[:1], change=thin))) == [FindingKind.SLICES_UNEVEN]


def test_no_volume_means_no_masks_and_no_pictures(tmp_path):
    images = series(VALUES)
    del images[3]

    products = result(tmp_path, images, wanted=Wanted())

    assert (products.files, kinds(products)) == ((), [FindingKind.SLICES_UNEVEN])
