"""The label maps that are measured hold what they say, and the other ways do the same work."""

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from benchmarks.labels_sources import ids_of, write_organs, write_repeated
from benchmarks.labels_ways import (
    cc3d_listing,
    itk_filter,
    itk_listing,
    remap_filter,
    repacked,
    seed_filter,
    seed_listing,
    table_filter,
)
from imaging.labels import filter_labels, measure_labels

SHAPE = (96, 80, 60)


@pytest.fixture(params=["uint8", "int16"])
def organs(request, tmp_path) -> tuple[Path, str]:
    return write_organs(tmp_path / "organs.nii.gz", request.param, SHAPE), request.param


def voxels_of(path: Path) -> np.ndarray:
    image: Any = nib.load(path)
    return np.asarray(image.get_fdata())


def test_other_ways_keep_the_same_voxels_but_the_seeds_way(organs, tmp_path):
    source, dtype = organs
    keep = ids_of(dtype)[:10].tolist()
    filter_labels(source, tmp_path / "ours.nii.gz", keep)
    ours = voxels_of(tmp_path / "ours.nii.gz")

    for way in (table_filter, remap_filter, itk_filter, seed_filter):
        way(source, tmp_path / "other.nii.gz", keep)
        assert np.array_equal(voxels_of(tmp_path / "other.nii.gz"), ours) == (way != seed_filter)


def test_other_listings_find_the_same(organs):
    source, _ = organs
    ours = measure_labels(source)

    assert seed_listing(source) == [row.id for row in ours]
    for listing in (itk_listing, cc3d_listing):
        assert {label: voxels for label, (voxels, _) in listing(source).items()} == {
            row.id: row.voxels for row in ours
        }


def test_cc3d_finds_the_same_centroids(organs):
    source, _ = organs
    theirs = cc3d_listing(source)

    for row in measure_labels(source):
        assert row.centroid_voxels == pytest.approx(theirs[row.id][1], abs=1e-3)


def test_what_is_packed_again_is_the_same(organs, tmp_path):
    source, _ = organs
    repacked(source, tmp_path / "again.nii.gz")

    assert np.array_equal(voxels_of(tmp_path / "again.nii.gz"), voxels_of(source))


def test_a_repeated_map_is_the_map_again_and_again(organs, tmp_path):
    source, _ = organs
    write_repeated(source, tmp_path / "large.nii.gz", 3)

    voxels = voxels_of(source)
    assert np.array_equal(
        voxels_of(tmp_path / "large.nii.gz"), np.concatenate([voxels] * 3, axis=2)
    )
