"""Images of several frames in one file."""

import numpy as np
import pytest
from pydicom import Dataset

from imaging.phantoms import write_object
from imaging.volumes import FindingKind
from tests.imaging.volumes.series import AXIAL, kinds, loaded, made, numbered, series

VALUES = numbered(8, 6, 7)


def test_frames_of_one_file_are_slices(tmp_path):
    images = series(VALUES)

    made(tmp_path, (write_object(multi_frame(images), tmp_path / "in/all.dcm"),))

    read, affine, _ = loaded(tmp_path / "nifti/CT.nii.gz")
    assert np.array_equal(read, VALUES - 1024)
    assert affine[:3, 3] == pytest.approx([-10, -20, 5])


def multi_frame(images: list[Dataset]) -> Dataset:
    """Put slices into one object, from the head down, with functional groups (C.7.6.16)."""
    whole = images[0]
    whole.NumberOfFrames = len(images)
    whole.PixelData = b"".join(image.PixelData for image in reversed(images))
    measures, plane, rescale, shared = (Dataset() for _ in range(4))
    measures.PixelSpacing, measures.SliceThickness = whole.PixelSpacing, 3
    plane.ImageOrientationPatient = list(AXIAL)
    rescale.RescaleSlope, rescale.RescaleIntercept = 1, -1024
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [plane]
    shared.PixelValueTransformationSequence = [rescale]
    whole.SharedFunctionalGroupsSequence = [shared]
    groups = []
    for image in reversed(images):
        place, group = Dataset(), Dataset()
        place.ImagePositionPatient = image.ImagePositionPatient
        group.PlanePositionSequence = [place]
        groups.append(group)
    whole.PerFrameFunctionalGroupsSequence = groups
    for keyword in ("PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient"):
        delattr(whole, keyword)
    del whole.RescaleSlope, whole.RescaleIntercept
    return whole


@pytest.mark.parametrize("place", [None, [-10, -20, 5]])
def test_frames_without_places_of_their_own_make_no_volume(place, tmp_path):
    whole = multi_frame(series(VALUES))
    del whole.PerFrameFunctionalGroupsSequence
    if place:
        whole.ImagePositionPatient = place

    products = made(tmp_path, (write_object(whole, tmp_path / "in/all.dcm"),))

    assert kinds(products) == [FindingKind.SLICES_UNEVEN]
