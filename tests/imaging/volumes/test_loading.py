"""Volumes of a case, read back by name."""

import json

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - as its users write it

from imaging.errors import InputError
from imaging.volumes import load_volumes


@pytest.fixture
def folder(tmp_path):
    masks = tmp_path / "nifti" / "masks"
    masks.mkdir(parents=True)
    listed = {}
    for number, (file, name) in enumerate(
        {"CTV_50": "CTV 50/25", "PTV": "PTV", "PTV_2": "PTV"}.items(), start=1
    ):
        write(masks / f"{file}.nii.gz", np.full((4, 3, 2), number, np.uint8))
        listed[f"{file}.nii.gz"] = {"roi_number": number, "roi_name": name}
    (masks / "rois.json").write_text(json.dumps({"masks": listed}))
    write(tmp_path / "nifti" / "CT.nii.gz", np.full((4, 3, 2), -1000, np.int16))
    write(tmp_path / "nifti" / "dose.nii.gz", np.full((2, 2, 2), 1.5, np.float32))
    return tmp_path


def write(path, voxels):
    nibabel.save(nibabel.nifti1.Nifti1Image(voxels, np.eye(4)), path)


def test_masks_go_by_the_names_in_the_rtstruct(folder):
    masks = load_volumes(folder).masks

    assert list(masks) == ["CTV 50/25", "PTV", "PTV (3)"]
    assert len(masks) == 3
    assert sitk.GetArrayFromImage(masks["PTV (3)"]).max() == 3
    with pytest.raises(KeyError):
        masks["Heart"]


def test_image_and_dose_are_there_and_what_was_not_written_is_none(folder):
    volumes = load_volumes(folder)
    assert volumes.image is not None
    assert volumes.dose is not None

    assert sitk.GetArrayFromImage(volumes.image).shape == (2, 3, 4)
    assert sitk.GetArrayFromImage(volumes.dose).max() == 1.5
    assert volumes.dose_on_image is volumes.labels is None


def test_a_case_without_masks_has_none(folder):
    (folder / "nifti" / "masks" / "rois.json").unlink()

    assert not load_volumes(folder).masks


def test_a_folder_without_volumes_is_refused(tmp_path):
    with pytest.raises(InputError, match="no volumes"):
        load_volumes(tmp_path)
