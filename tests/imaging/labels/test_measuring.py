from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK

from imaging.errors import NiftiError
from imaging.labels import LabelStatistics, measure_labels
from imaging.labels.geometry import affine_mm, voxel_ml
from imaging.labels.header import parse_header
from tests.imaging.labels.phantoms import AFFINE, Nifti, organs, write

LABELS = organs()
GOOD = Nifti()


def test_a_box_of_voxels_has_the_size_place_and_extent_that_it_was_given(tmp_path):
    affine = np.array([[2.0, 0, 0, 10], [0, 2, 0, 20], [0, 0, 5, 30]])
    nifti = GOOD.but(stored=np.where(LABELS == 7, LABELS, 0).astype("<u1"), affine=affine)

    (row,) = measure_labels(write(tmp_path / "in.nii.gz", nifti.content()))

    assert row.ml == pytest.approx(125 * 0.020)
    assert row == LabelStatistics(
        id=7,
        name="inferior vena cava",  # 7 of VISTA-3D, as nothing else says so
        voxels=125,
        ml=row.ml,
        box=((10, 3, 2), (14, 7, 6)),
        centroid_voxels=(12.0, 5.0, 4.0),
        centroid_mm=(34.0, 30.0, 50.0),
        volume=0,
    )


def test_simpleitk_finds_the_same(tmp_path):
    affine = np.diag([0.8, 0.8, 1.5, 1])[:3]
    source = write(tmp_path / "in.nii.gz", GOOD.but(affine=affine).content())
    sitk: Any = SimpleITK  # which has no types
    shapes = sitk.LabelShapeStatisticsImageFilter()
    image = sitk.ReadImage(str(source))
    shapes.Execute(image)

    rows = measure_labels(source)

    assert [row.id for row in rows] == list(shapes.GetLabels())
    for row in rows:
        box = shapes.GetBoundingBox(row.id)
        assert (row.box[0], row.box[1]) == (
            box[:3],
            tuple(first + size - 1 for first, size in zip(box[:3], box[3:], strict=True)),
        )
        x, y, z = shapes.GetCentroid(row.id)
        assert row.centroid_mm == pytest.approx(
            (-x, -y, z)
        )  # SimpleITK's y and x point the other way
        assert row.ml == pytest.approx(shapes.GetPhysicalSize(row.id) / 1000)


def test_volumes_of_a_series_are_measured_apart(tmp_path):
    volumes = np.stack([LABELS, np.zeros_like(LABELS), np.where(LABELS == 5, 9, 0)], axis=-1)
    source = write(tmp_path / "in.nii.gz", Nifti(volumes.astype("<i2")).content())

    rows = measure_labels(source)

    assert [(row.volume, row.id, row.voxels) for row in rows] == [
        (0, 1, 1),
        (0, 5, 210),
        (0, 7, 125),
        (0, 11, 216),
        (2, 9, 210),
    ]
    assert rows[-1].box == ((3, 4, 5), (8, 8, 11))


def test_the_labels_of_all_volumes_together_have_a_bound(tmp_path):
    volumes = np.broadcast_to(np.arange(256, dtype="<u1")[:, None, None, None], (256, 1, 1, 300))
    source = write(tmp_path / "in.nii.gz", Nifti(volumes).content())

    with pytest.raises(NiftiError, match="more than 65536 labels, over all its volumes"):
        measure_labels(source)


def test_an_empty_map_has_no_labels(tmp_path):
    nifti = GOOD.but(stored=np.zeros((5, 6, 7), dtype="<u1"))

    assert measure_labels(write(tmp_path / "in.nii", nifti.content())) == []


@pytest.mark.parametrize("dtype", ["<u1", "<i4"])
def test_a_row_longer_than_any_piece_is_one_row(dtype, tmp_path):
    stored = np.zeros((2_000_003, 1, 1), dtype)
    stored[5:1_999_999] = 3
    source = write(tmp_path / "in.nii.gz", Nifti(stored, version=2).content())

    (row,) = measure_labels(source)

    assert row.voxels == 1_999_994
    assert row.box == ((5, 0, 0), (1_999_998, 0, 0))
    assert row.centroid_voxels == pytest.approx((1_000_001.5, 0, 0))


@pytest.mark.parametrize("width", [1, 2, 7, 8])
def test_rows_full_of_one_label_are_told_apart(width, tmp_path):
    source = write(tmp_path / "in.nii", Nifti(np.ones((width, 5, 4), "<u1")).content())

    (row,) = measure_labels(source)

    assert row.box == ((0, 0, 0), (width - 1, 4, 3))
    assert row.centroid_voxels == ((width - 1) / 2, 2.0, 1.5)


def test_a_map_without_label_0_in_its_scaling_is_measured(tmp_path):
    nifti = GOOD.but(inter=300.0)

    rows = measure_labels(write(tmp_path / "in.nii", nifti.content()))

    assert [row.id for row in rows] == [300, 301, 305, 307, 311]
    assert sum(row.voxels for row in rows) == LABELS.size


@pytest.mark.parametrize(
    "nifti",
    [
        GOOD.but(affine=np.zeros((3, 4))),
        GOOD.but(affine=np.where(np.eye(3, 4), np.nan, 0)),
        GOOD.but(affine=1e200 * AFFINE, version=2),
        GOOD.but(affine=1e-200 * AFFINE, version=2),
        GOOD.but(codes=(1, 0), quatern=(0, 0, 0, np.inf, 0, 0)),
        GOOD.but(codes=(0, 0), pixdim=(1, np.nan, 1, 1, 0, 0, 0, 0)),
    ],
)
def test_voxels_without_size_or_place_are_not_measured(nifti, tmp_path):
    with pytest.raises(NiftiError, match="no size and place"):
        measure_labels(write(tmp_path / "in.nii", nifti.content()))


def affine_of(nifti: Nifti) -> np.ndarray:
    return affine_mm(parse_header(nifti.header()[:540].ljust(540, b"\0")))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("version", [1, 2])
def test_a_quaternion_places_voxels_as_nibabel_does(version, seed, tmp_path):
    rng = np.random.default_rng(seed)
    quatern = rng.normal(size=4)
    quatern[0] = abs(quatern[0]) * (seed % 3 > 0)  # every third is a half turn
    quatern /= np.linalg.norm(quatern)
    nifti = GOOD.but(
        codes=(1, 0),
        quatern=(*quatern[1:], *rng.normal(0, 90, 3)),
        pixdim=(rng.choice([-1.0, 0.0, 1.0]), 0.8, 0.7, 2.5, 0, 0, 0, 0),
        version=version,
    )
    image: Any = nib.load(write(tmp_path / "in.nii", nifti.content()))

    assert affine_of(nifti) == pytest.approx(image.affine[:3], abs=1e-4)


def test_the_sform_comes_before_the_qform_and_the_spacings_come_last():
    both = GOOD.but(codes=(1, 1))

    assert affine_of(both) == pytest.approx(AFFINE, rel=1e-6)
    assert affine_of(both.but(codes=(0, 0))) == pytest.approx(np.diag([0.8, 0.8, 1.5, 1])[:3])


@pytest.mark.parametrize(
    ("units", "size"), [(0, 1.0), (1, 1e3), (2, 1.0), (3, 1e-3), (10, 1.0), (9, 1e3)]
)
def test_places_are_in_millimetres_whatever_the_files_units(units, size):
    affine = affine_of(GOOD.but(units=units))

    assert affine == pytest.approx(AFFINE * size, rel=1e-6)
    assert voxel_ml(affine) == pytest.approx(voxel_ml(AFFINE) * size**3, rel=1e-5)


def test_a_spacing_of_0_is_taken_for_1():
    flat = GOOD.but(codes=(0, 0), pixdim=(1, 2, 2, 0, 0, 0, 0, 0))

    assert voxel_ml(affine_of(flat)) == pytest.approx(0.004)
