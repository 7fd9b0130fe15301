"""A dose as NIfTI has, at every place, the dose that is there."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from imaging.phantoms import ORIENTATIONS, DoseEncoding, DoseGrid, LinearDose, rtdose_of
from imaging.rt.doses import grid
from imaging.volumes import FindingKind, Wanted
from imaging.volumes.geometry import Geometry
from imaging.volumes.sampling import planes_on
from tests.imaging.volumes.series import (
    AXIAL,
    dose_source,
    evidence,
    kinds,
    loaded,
    made,
    series,
    written,
)

OWN = Wanted(image=False, masks=False, label_map=False, pictures=False)
BOTH = Wanted(image=False, masks=False, label_map=False, pictures=False, dose_on_image=True)
GRID = DoseGrid((-30.0, -24.0, -12.0), (2.0, 3.0, 4.0), (8, 17, 31))
DOSE = LinearDose("AP", 0.0, 30.0, 0.4)


def slope(x, y, z):
    return 40 + 0.3 * x - 0.2 * y + 0.5 * z


def places_mm(voxels, affine):
    z, y, x = np.meshgrid(*map(np.arange, voxels.shape), indexing="ij")
    flat = affine @ np.stack([x, y, z, np.ones_like(x)]).reshape(4, -1)
    return flat[:3].reshape(3, *voxels.shape)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("absolute", [False, True])
def test_a_dose_on_its_own_grid_is_right_in_gy_and_place(orientation, absolute, tmp_path):
    encoding = DoseEncoding(orientation=orientation, absolute_offsets=absolute)
    source = dose_source(rtdose_of(slope, GRID, encoding=encoding), folder=tmp_path)

    products = made(tmp_path, dose=source, wanted=OWN)

    assert kinds(products) == [FindingKind.DOSE_WRITTEN]
    voxels, affine, _ = loaded(tmp_path / "nifti/dose.nii.gz")
    assert voxels.dtype == np.float32
    assert voxels == pytest.approx(slope(*places_mm(voxels, affine)), abs=1e-3)
    assert evidence(products, FindingKind.DOSE_WRITTEN)["max_gy"] == pytest.approx(
        voxels.max(), abs=1e-3
    )


def test_frames_unevenly_spaced_make_no_image_of_their_own(tmp_path):
    dose = rtdose_of(slope, GRID)
    dose.GridFrameOffsetVector = [0, 4, 8, 12, 16, 20, 24, 30]

    products = made(tmp_path, dose=dose_source(dose, folder=tmp_path), wanted=OWN)

    assert kinds(products) == [FindingKind.DOSE_UNEVEN]
    assert not list(tmp_path.glob("nifti/*"))


def test_frames_unevenly_spaced_are_interpolated_onto_the_image(tmp_path):
    dose = rtdose_of(slope, GRID)
    offsets = [0.0, 4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 31.0]
    dose.GridFrameOffsetVector = offsets
    source = dose_source(dose, folder=tmp_path)

    products = made(tmp_path, image(tmp_path), None, source, BOTH)

    assert kinds(products) == [FindingKind.DOSE_UNEVEN, FindingKind.DOSE_WRITTEN]
    voxels, affine, _ = loaded(tmp_path / "nifti/dose_on_ct.nii.gz")
    x, y, z = places_mm(voxels, affine)
    stored_z = np.interp(z, -12 + np.array(offsets), -12 + 4 * np.arange(8.0))
    is_inside = inside(x, y, z, last_z=19.0)
    assert voxels[is_inside] == pytest.approx(slope(x, y, stored_z)[is_inside], abs=1e-3)


def image(tmp_path, **options):
    options = {"origin_mm": (-35.0, -28.0, -20.0), "spacing_mm": (3.0, 2.5, 1.7), **options}
    return written(series(np.zeros((14, 25, 42), np.int16), **options), tmp_path / "ct")


def inside(x, y, z, last_z=16.0):
    """Between the outermost centres."""
    return (np.abs(x) <= 30) & (np.abs(y) <= 24) & (z >= -12) & (z <= last_z)


COSINES = Rotation.from_euler("xyz", [10, -15, 20], degrees=True).as_matrix()[:2].ravel()


@pytest.mark.parametrize("of_image", [AXIAL, (0, 1, 0, 0, 0, -1), (-1, 0, 0, 0, -1, 0), COSINES])
@pytest.mark.parametrize("of_dose", ["HFS", "FFDR"])
def test_a_dose_on_the_grid_of_an_image_is_right_at_every_voxel(of_image, of_dose, tmp_path):
    dose = rtdose_of(slope, GRID, encoding=DoseEncoding(orientation=of_dose))
    normal = np.cross(of_image[:3], of_image[3:])
    axes = np.stack([of_image[:3], of_image[3:], normal])
    origin_mm = -np.array([34.0, 30.0, 20.0]) @ axes

    images = image(tmp_path, orientation=of_image, origin_mm=origin_mm)
    made(tmp_path, images, None, dose_source(dose, folder=tmp_path), BOTH)

    voxels, affine, _ = loaded(tmp_path / "nifti/dose_on_ct.nii.gz")
    x, y, z = places_mm(voxels, affine)
    is_inside = inside(x, y, z)
    assert is_inside.sum() > 2000
    assert voxels[is_inside] == pytest.approx(slope(x, y, z)[is_inside], abs=1e-3)
    is_beyond = (np.abs(x) > 31.01) | (np.abs(y) > 25.51) | (z < -14.01) | (z > 18.01)
    assert (voxels[is_beyond] == 0).all()
    # In the half voxel beyond the outermost centres it is what it is at these.
    held = slope(np.clip(x, -30, 30), np.clip(y, -24, 24), np.clip(z, -12, 16))
    is_border = ~is_inside & (np.abs(x) < 30.99) & (np.abs(y) < 25.49) & (z > -13.99) & (z < 17.99)
    assert is_border.any()
    assert voxels[is_border] == pytest.approx(held[is_border], abs=1e-3)


def test_the_quick_way_for_parallel_axes_gives_what_the_general_one_gives():
    values = np.random.default_rng(1).uniform(0, 60, (6, 7, 8))
    dose = grid.DoseGrid(
        uid="1.2",
        frame_of_reference_uid="",
        values_gy=values,
        origin_mm=np.array([-8.0, -9.0, -10.0]),
        along_columns=np.array([1.0, 0.0, 0.0]),
        along_rows=np.array([0.0, 1.0, 0.0]),
        spacing_mm=(2.5, 2.0),
        frames_mm=np.array([0.0, 3.0, 5.0, 9.0, 12.0, 16.0]),
        border_mm=(1.5, 2.0),
    )

    def on(angle):
        axes = Rotation.from_euler("z", angle, degrees=True).as_matrix()
        shape, spacing_mm = (16, 15, 14), (1.3, 1.9, 1.4)
        origin_mm = np.array([-9.0, -11.0, -12.0])
        return np.stack(
            list(planes_on(dose, Geometry(shape, origin_mm, axes[:, 0], axes[:, 1], spacing_mm)))
        )

    parallel, turned = on(0), on(1e-4)  # which is as good as parallel, but for the way taken
    is_edge = (parallel == 0) != (turned == 0)
    assert np.abs(parallel - turned)[~is_edge].max() < 0.01


def test_a_single_frame_is_one_slice_as_thick_as_it_says(tmp_path):
    dose = rtdose_of(slope, GRID)
    dose.PixelData = dose.PixelData[: len(dose.PixelData) // 8]
    dose.NumberOfFrames = 1
    del dose.GridFrameOffsetVector, dose.FrameIncrementPointer

    made(tmp_path, dose=dose_source(dose, folder=tmp_path), wanted=OWN)

    voxels, affine, _ = loaded(tmp_path / "nifti/dose.nii.gz")
    assert voxels.shape == (1, 17, 31)
    assert affine[:3, 3] == pytest.approx([-30, -24, -12])
    assert affine[2, 2] == pytest.approx(4.0)
