"""Masks have the volume of what was drawn, wherever and on whatever planes it was drawn."""

import json

import numpy as np
import pytest

from imaging.phantoms import Cone, Cylinder, PhantomPatient, Sphere, at_height
from imaging.phantoms.outlined import PLAIN_STUDY, rtstruct_of
from imaging.phantoms.patient import write_datasets
from imaging.phantoms.structures import Roi, rtstruct
from imaging.rt import exact
from imaging.rt.doses.grid import DoseGrid
from imaging.rt.files.rois import rois_of
from imaging.rt.method import Method
from tests.imaging.volumes.series import (
    MASKS_ONLY,
    loaded,
    made,
    series,
    structures,
    volumes_cc,
    written,
)

SHAPE, SPACING_MM, ORIGIN_MM = (24, 120, 100), (3.0, 0.8, 1.0), (-50.0, -48.0, -36.0)
HEIGHTS_MM = -36 + 3.0 * np.arange(24)


def circle(radius_mm, centre=(0.0, 0.0), count=180):
    angle = 2 * np.pi / count * np.arange(count)
    return radius_mm * np.column_stack([np.cos(angle), np.sin(angle)]) + centre


def blank(tmp_path, **options):
    options = {"origin_mm": ORIGIN_MM, "spacing_mm": SPACING_MM, **options}
    return written(series(np.zeros(SHAPE, np.int16), **options), tmp_path / "ct")


def masked(tmp_path, rois, **options):
    """Draw ROIs on a CT of rectangular pixels."""
    rtstruct_path = structures(tmp_path, rois)
    return made(tmp_path, blank(tmp_path), rtstruct_path, wanted=MASKS_ONLY, **options)


def mask_of(tmp_path, name):
    return loaded(tmp_path / f"nifti/masks/{name}.nii.gz")[0]


def listed(tmp_path):
    return json.loads((tmp_path / "nifti/masks/rois.json").read_text(encoding="utf-8"))


def stacked(outlines, heights_mm=HEIGHTS_MM[6:18]):
    return [at_height(outline, z) for z in heights_mm for outline in outlines]


SOLIDS: dict[str, Cone | Cylinder | Sphere] = {
    "Sphere": Sphere((0.3, -1.2, 0.0), 30.0),
    "Cylinder": Cylinder((1.7, 2.1, 0.0), 26.0, 48.0),
    # Flat faces are half-way between rows of pixels: no mask has half a pixel.
    "CylinderAP": Cylinder((1.7, 0.4, 0.0), 24.0, 48.0, "AP"),
    "Cone": Cone((0.3, 0.4, 0.0), 33.0, 54.0),
    "ConeAP": Cone((0.3, 0.0, 0.0), 30.0, 60.0, "AP"),
}


@pytest.mark.parametrize("name", SOLIDS)
def test_a_solid_has_its_volume(name, tmp_path):
    solid = SOLIDS[name]
    drawn = [at_height(points, z) for z, points in solid.contours(3.0)]

    masked(tmp_path, {name: drawn})

    # What contours 3 mm apart stand for, which is not quite the solid.
    areas = [np.abs(area(contour[:, :2])) for contour in drawn]
    assert volumes_cc(tmp_path)[name] == pytest.approx(3.0 * sum(areas) / 1000, rel=0.005)
    truth_cc = float(solid.volume_beyond(-np.inf, "SI", 3.0)) / 1000
    assert volumes_cc(tmp_path)[name] == pytest.approx(truth_cc, rel=0.02)


def area(ring):
    x, y = ring.T
    return (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def test_holes_and_islands_are_as_drawn(tmp_path):
    ring = [circle(30), circle(20), circle(8)]

    masked(tmp_path, {"Ring": stacked(ring), "Disc": stacked(ring[:1])})

    whole_cc = np.pi * (30**2 - 20**2 + 8**2) * 36 / 1000
    assert volumes_cc(tmp_path)["Ring"] == pytest.approx(whole_cc, rel=0.005)
    mask = mask_of(tmp_path, "Ring")
    assert [int(mask[12, 60, column]) for column in (50, 64, 75)] == [1, 0, 1]


def test_a_keyhole_leaves_its_hole_open(tmp_path):
    outer, inner = circle(30), circle(15)[::-1]
    keyhole = np.concatenate([outer, outer[:1], inner, inner[:1]])

    masked(tmp_path, {"Keyhole": stacked([keyhole])})

    whole_cc = np.pi * (30**2 - 15**2) * 36 / 1000
    assert volumes_cc(tmp_path)["Keyhole"] == pytest.approx(whole_cc, rel=0.005)


def test_masks_go_by_the_number_of_their_roi_and_not_by_its_place(tmp_path):
    dataset = rtstruct_of({"Large": stacked([circle(30)]), "Small": stacked([circle(10)])})
    dataset.ROIContourSequence = list(reversed(dataset.ROIContourSequence))
    (path,) = write_datasets([dataset], tmp_path)

    made(tmp_path, blank(tmp_path), path, wanted=MASKS_ONLY)

    found = volumes_cc(tmp_path)
    assert found["Large"] == pytest.approx(9 * found["Small"], rel=0.02)


ROUNDED_MM = HEIGHTS_MM[6:18:2] + np.array([-0.02, 0, 0, 0, 0, 0.02])


@pytest.mark.parametrize(
    "heights_mm",
    [
        ROUNDED_MM,
        HEIGHTS_MM[6:18:2],
        HEIGHTS_MM[6:18:3],
        HEIGHTS_MM[6:18] + 0.8,
        HEIGHTS_MM[6:18] + 1.5,
    ],
    ids=[
        "rounded",
        "every 2nd slice",
        "every 3rd slice",
        "beside slices",
        "half-way between slices",
    ],
)
def test_contours_off_the_slices_stand_for_the_tissue_around_them(heights_mm, tmp_path):
    gap_mm = np.median(np.diff(heights_mm))

    masked(tmp_path, {"A": stacked([circle(30)], heights_mm)})

    whole_cc = np.pi * 30**2 * gap_mm * len(heights_mm) / 1000
    assert volumes_cc(tmp_path)["A"] == pytest.approx(whole_cc, rel=0.005)


def test_volumes_agree_with_those_of_the_dvh(tmp_path):
    heights_mm = [*HEIGHTS_MM[3:9], *HEIGHTS_MM[10:13], *HEIGHTS_MM[18:22]]  # one missing, a gap
    drawn = {"A": stacked([circle(25), circle(12)], heights_mm), "B": stacked([circle(9)], [0.0])}
    grid = DoseGrid(
        uid="1.2",
        frame_of_reference_uid="",
        values_gy=np.ones((20, 20, 20)),
        origin_mm=np.array([-57.0, -57.0, -57.0]),
        along_columns=np.array([1.0, 0, 0]),
        along_rows=np.array([0, 1.0, 0]),
        spacing_mm=(6.0, 6.0),
        frames_mm=6 * np.arange(20, dtype=np.float64),
        border_mm=(3.0, 3.0),
    )

    masked(tmp_path, drawn)

    dvhs = exact.calculate(rois_of(rtstruct_of(drawn)), grid, Method(), lambda: 3.0)
    for dvh in dvhs:
        assert volumes_cc(tmp_path)[dvh.roi_name] == pytest.approx(dvh.volume_cc, rel=0.01)


TURNED = np.array([[0.8, -0.6, 0.0], [0.48, 0.64, 0.6], [-0.36, -0.48, 0.8]])


@pytest.mark.parametrize(
    "axes",
    [TURNED, np.array([(0, 1, 0), (0, 0, -1), (-1, 0, 0)]), np.diag([-1, -1, 1])],
    ids=["oblique", "sagittal", "prone"],
)
def test_contours_in_the_planes_of_an_image_are_filled_whatever_its_orientation(axes, tmp_path):
    def moved(points_mm):
        return points_mm @ axes

    drawn = {"A": [moved(each) for each in stacked([circle(30, (3, 4))])]}
    images = blank(tmp_path, orientation=axes[:2].ravel(), origin_mm=moved(np.array(ORIGIN_MM)))

    made(tmp_path, images, structures(tmp_path, drawn), wanted=MASKS_ONLY)

    assert volumes_cc(tmp_path)["A"] == pytest.approx(np.pi * 900 * 36 / 1000, rel=0.005)
    mask, affine, _ = loaded(tmp_path / "nifti/masks/A.nii.gz")
    index = np.argwhere(mask)[:, ::-1].mean(axis=0)
    middle_mm = moved(np.array([3.0, 4.0, (HEIGHTS_MM[6] + HEIGHTS_MM[17]) / 2]))
    assert (affine @ [*index, 1])[:3] == pytest.approx(middle_mm, abs=0.1)


def test_contours_on_tilted_slices_are_right_once_these_are_straight(tmp_path):
    drawn = {"A": stacked([circle(30)])}
    images = blank(tmp_path, step_mm=(0.0, 0.7, 3.0))
    path = structures(tmp_path, drawn)

    made(tmp_path, images, path, wanted=MASKS_ONLY, straighten_tilt=True)

    assert volumes_cc(tmp_path)["A"] == pytest.approx(np.pi * 900 * 36 / 1000, rel=0.005)
    mask, affine, _ = loaded(tmp_path / "nifti/masks/A.nii.gz")
    for index in (6, 17):  # upright as drawn, not leaning with the slices
        row, column = np.argwhere(mask[index]).mean(axis=0)
        assert (affine @ [column, row, index, 1])[:2] == pytest.approx([0, 0], abs=0.1)


def test_masks_of_interpolated_slices_are_there(tmp_path):
    images = tuple(path for path in blank(tmp_path) if not path.match(f"{uid_of_slice(10)}.dcm"))

    path = structures(tmp_path, {"A": stacked([circle(30)])})
    made(tmp_path, images, path, wanted=MASKS_ONLY, fill_missing_slices=1)

    assert mask_of(tmp_path, "A").shape == SHAPE
    assert volumes_cc(tmp_path)["A"] == pytest.approx(np.pi * 900 * 36 / 1000, rel=0.005)


def uid_of_slice(index):
    return PLAIN_STUDY.uid(f"slice {index}")


def test_every_roi_of_a_patient_has_its_volume_and_type(tmp_path):
    patient = PhantomPatient.synthetic(4)
    solid = Sphere((0.0, 0.0, 0.0), 36.0)
    rois = [Roi(7, "GTV", solid, "GTV"), Roi(3, "Heart", solid)]
    (path,) = write_datasets([rtstruct(patient.ct(), rois)], tmp_path)
    images = tuple(write_datasets(patient.ct_images(), tmp_path))

    made(tmp_path, images, path, wanted=MASKS_ONLY)

    masks = listed(tmp_path)["masks"]
    assert {file: row["interpreted_type"] for file, row in masks.items()} == {
        "GTV.nii.gz": "GTV",
        "Heart.nii.gz": "ORGAN",
    }
    truth_cc = 4 / 3 * np.pi * 36**3 / 1000
    assert volumes_cc(tmp_path)["GTV"] == pytest.approx(truth_cc, rel=0.005)
