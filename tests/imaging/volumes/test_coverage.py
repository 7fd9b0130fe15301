"""A dose that is not where the patient is, or not all of them, is said to be."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from imaging.phantoms import DoseEncoding, DoseGrid, rtdose_of
from imaging.volumes import FindingKind, Wanted
from tests.imaging.volumes.series import (
    dose_source,
    evidence,
    kinds,
    made,
    series,
    structures,
    written,
)
from tests.imaging.volumes.test_masks import blank, circle, stacked

MASKS_AND_DOSE = Wanted(image=False, label_map=False, pictures=False)
DOSE_ONLY = Wanted(image=False, masks=False, label_map=False, pictures=False)
ODD = {FindingKind.DOSE_ELSEWHERE, FindingKind.WANTED_ROI_BEYOND_DOSE}
# The CT of ``blank`` spans x -50.5 to 49.5, y -48.4 to 47.6, z -37.5 to 34.5.
VOXEL_MM = (4.0, 4.0, 3.0)


def flat(x, y, z):
    return 30.0 + 0 * (x + y + z)


def dosed(tmp_path, first_mm, shape=(24, 24, 25), wanted=MASKS_AND_DOSE, **options):
    """Draw a cylinder, 9 mm in radius and 36 mm high about the middle, under a dose."""
    encoding = options.pop("encoding", None)
    dose = rtdose_of(flat, DoseGrid(first_mm, VOXEL_MM, shape), encoding=encoding)
    source = dose_source(dose, folder=tmp_path)
    images = options.pop("images", None) or blank(tmp_path)
    path = structures(tmp_path, {"PTV": stacked([circle(9)])})
    return made(tmp_path, images, path, source, wanted, **options)


@pytest.mark.parametrize("orientation", ["HFS", "FFDR"])
@pytest.mark.parametrize(
    ("first_mm", "missed"),
    [
        ((-48, -46, -36), None),
        ((-48, -46, 564), ["images", "masks"]),
        ((540, -46, -36), ["images", "masks"]),
        ((20, -46, -36), ["masks"]),  # within the images, beside the ROI
    ],
)
def test_a_dose_that_ends_before_the_patient_begins_is_elsewhere(
    first_mm, missed, orientation, tmp_path
):
    products = dosed(tmp_path, first_mm, encoding=DoseEncoding(orientation=orientation))

    assert FindingKind.DOSE_WRITTEN in kinds(products)
    assert (FindingKind.DOSE_ELSEWHERE in kinds(products)) is bool(missed)
    if missed:
        assert evidence(products, FindingKind.DOSE_ELSEWHERE) == {"missed": missed}


@pytest.mark.parametrize(("first_mm", "is_odd"), [((-48, -46, 564), True), ((20, -46, -36), False)])
def test_without_masks_only_the_images_count(first_mm, is_odd, tmp_path):
    products = dosed(tmp_path, first_mm, wanted=DOSE_ONLY)

    assert (FindingKind.DOSE_ELSEWHERE in kinds(products)) is is_odd


def test_images_that_make_no_volume_say_nothing_of_a_dose_on_its_own_grid(tmp_path):
    images = blank(tmp_path)[::3]

    assert kinds(dosed(tmp_path, (-48, -46, 564), wanted=DOSE_ONLY, images=images)) == [
        FindingKind.DOSE_WRITTEN
    ]


def test_an_oblique_image_beside_the_dose_is_not_reached_though_their_extents_overlap(tmp_path):
    axes = Rotation.from_euler("z", 45, degrees=True).as_matrix()
    orientation = axes[:, :2].T.ravel()

    def found(distance_mm):
        origin_mm = distance_mm * np.array([1, 1, 0]) / np.sqrt(2) - 40 * axes[:, 1]
        folder = tmp_path / str(distance_mm)
        values = np.zeros((8, 41, 41), np.int16)
        images = series(values, origin_mm=origin_mm, orientation=orientation)
        return kinds(dosed(folder, (-90, -90, 0), wanted=DOSE_ONLY, images=written(images, folder)))

    # The corner of the dose is at x = 8 and y = 4, which is 8.5 mm along the diagonal.
    assert FindingKind.DOSE_ELSEWHERE in found(9.0)
    assert FindingKind.DOSE_ELSEWHERE not in found(8.0)


@pytest.mark.parametrize(
    ("first_mm", "wanted_rois", "is_odd"),
    [
        ((-48, -46, -36), ["ptv"], False),
        ((0, -46, -36), ["ptv"], True),
        ((-48, -46, 0), ["P*"], True),
        ((0, -46, -36), [], False),  # nobody asked for it
        ((-7, -46, -36), ["PTV"], False),  # as far as the outermost voxels' centres
    ],
)
def test_a_wanted_roi_that_the_dose_does_not_cover_is_found(
    first_mm, wanted_rois, is_odd, tmp_path
):
    products = dosed(tmp_path, first_mm, wanted_rois=wanted_rois)

    assert (FindingKind.WANTED_ROI_BEYOND_DOSE in kinds(products)) is is_odd
    if is_odd:
        found = evidence(products, FindingKind.WANTED_ROI_BEYOND_DOSE)
        assert found == {"rois": ["1 PTV"]}
