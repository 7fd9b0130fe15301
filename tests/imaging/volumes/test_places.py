"""DICOM, nibabel and SimpleITK agree where a voxel is."""

from typing import Any

import nibabel as nib
import numpy as np
import pytest
from SimpleITK import ReadImage

from imaging.phantoms import ORIENTATIONS
from tests.imaging.volumes.series import loaded, made, numbered, series, written

TURNED = np.array([[0.8, -0.6, 0.0], [0.48, 0.64, 0.6], [-0.36, -0.48, 0.8]])
STACKS: dict[str, tuple[float, ...]] = {
    **{name: tuple(map(float, cosines)) for name, cosines in ORIENTATIONS.items()},
    "sagittal": (0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
    "coronal": (1.0, 0.0, 0.0, 0.0, 0.0, -1.0),
    "oblique": tuple(TURNED[:2].ravel()),
    "oblique, upside down": tuple((TURNED[:2] * [[1], [-1]]).ravel()),
}


@pytest.mark.parametrize("name", STACKS)
def test_dicom_nibabel_and_simpleitk_agree_where_a_voxel_is(name, tmp_path):
    values = numbered(4, 5, 6)
    images = series(values, orientation=STACKS[name])

    made(tmp_path, written(images, tmp_path / "in"))

    read = ReadImage(str(tmp_path / "nifti/CT.nii.gz"))
    voxels, affine, _ = loaded(tmp_path / "nifti/CT.nii.gz")
    for image, plane in zip(images, values, strict=True):
        for row, column in ((0, 0), (4, 0), (0, 5), (3, 2)):
            cosines = np.array(image.ImageOrientationPatient, float)
            place_mm = np.array(image.ImagePositionPatient, float)
            place_mm = place_mm + cosines[:3] * image.PixelSpacing[1] * column
            place_mm = place_mm + cosines[3:] * image.PixelSpacing[0] * row
            x, y, z = np.rint(np.linalg.inv(affine) @ [*place_mm, 1])[:3].astype(int)
            assert (affine @ [x, y, z, 1])[:3] == pytest.approx(place_mm, abs=1e-4)
            assert voxels[z, y, x] == plane[row, column]
            by_itk = read.TransformPhysicalPointToContinuousIndex(place_mm)
            assert by_itk == pytest.approx((x, y, z), abs=1e-4)
            assert read.GetPixel(int(x), int(y), int(z)) == plane[row, column]


@pytest.mark.parametrize("name", STACKS)
def test_qform_and_sform_say_the_same_and_axes_are_right_handed(name, tmp_path):
    made(tmp_path, written(series(numbered(4, 5, 6), orientation=STACKS[name]), tmp_path / "in"))

    header: Any = nib.load(tmp_path / "nifti/CT.nii.gz").header
    assert (int(header["qform_code"]), int(header["sform_code"])) == (1, 1)
    assert header.get_qform() == pytest.approx(header.get_sform(), abs=1e-4)
    assert np.linalg.det(header.get_sform()) > 0
    assert header.get_xyzt_units()[0] == "mm"
    assert header.get_zooms() == pytest.approx((1.5, 2.0, 3.0))
    assert bytes(header["descrip"]).strip(b"\0") == b""


def test_pixel_spacing_is_between_rows_first(tmp_path):
    made(tmp_path, written(series(numbered(3, 5, 6), spacing_mm=(4, 2.5, 1)), tmp_path / "in"))

    _, affine, _ = loaded(tmp_path / "nifti/CT.nii.gz")
    assert np.diag(affine) == pytest.approx([1.0, 2.5, 4.0, 1.0])
