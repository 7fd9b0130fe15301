"""Answers of the awkward patients, shown right by counting pixels of the files themselves."""

import hashlib
import warnings
from collections import Counter

import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom import config
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1
from scipy.interpolate import RegularGridInterpolator

from imaging.phantoms.edges import EDGE_CASES

PROCEEDING = [case for case in EDGE_CASES if case.answer.outcome == "PROCEED"]
MIDDLE_MM = {
    "N88-contours-on-some-slices": 1.05,  # a slice half-way may go with either contour
    "N96-between-the-slices": 0.75,
}
BY_NAME = {case.name: case for case in EDGE_CASES}
JPEGS = {JPEGLosslessSV1, JPEG2000Lossless}
ON_PURPOSE = {"N90-broken-number"}  # what is odd there is that the standard is broken
PRESCRIBED_GY = 50.0

every_case = pytest.mark.parametrize("case", EDGE_CASES, ids=lambda case: case.name)
every_proceeding = pytest.mark.parametrize("case", PROCEEDING, ids=lambda case: case.name)


@pytest.fixture
def corpus(edge_files):
    return edge_files


def files(corpus, case, modality):
    return [pydicom.dcmread(path) for path in sorted((corpus / case.name / modality).iterdir())]


def images_of(corpus, case):
    """The slices of the right CT, sorted along their normal."""
    uid = case.drawn().study.uid("series of CT")
    images = [image for image in files(corpus, case, "CT") if image.SeriesInstanceUID == uid]
    normal = axes_of(images[0])[2]
    return sorted(images, key=lambda image: np.dot(image.ImagePositionPatient, normal))


def axes_of(image):
    """Unit vectors along the columns' index, the rows' index and the normal."""
    along, down = np.array(image.ImageOrientationPatient, dtype=float).reshape(2, 3)
    return along, down, np.cross(along, down)


def structures_of(corpus, case):
    found = [s for s in files(corpus, case, "RTSTRUCT") if s.SOPInstanceUID == case.rtstruct_uid()]
    assert len(found) == 1
    return found[0]


def contours_of(structures, number):
    """Points of the closed contours of an ROI, in mm."""
    items = [i for i in structures.ROIContourSequence if i.ReferencedROINumber == number]
    return [
        np.array(contour.get_item("ContourData").value.split(b"\\"), dtype=float).reshape(-1, 3)
        for contour in items[0].ContourSequence
    ]


def without_copies(polygons):
    """Leave out polygons whose points are those of another one."""
    return list({tuple(sorted(set(map(tuple, p)))): p for p in polygons}.values())


def even_odd(polygon, shape):
    """Pixels whose centres lie inside, by the parity of the edges to their left.

    The polygon has columns and rows, in pixels.
    """
    x, y = polygon.T
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    rows = np.arange(shape[0])[:, None]
    crossed = (y <= rows) != (next_y <= rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x + (rows - y) * (next_x - x) / (next_y - y)
    counts = np.zeros((shape[0], shape[1] + 1), dtype=int)
    row, edge = np.nonzero(crossed)
    columns = np.clip(np.ceil(at[row, edge]), 0, shape[1]).astype(int)
    np.add.at(counts, (row, columns), 1)
    return counts.cumsum(axis=1)[:, :-1] % 2 == 1


def mask_of(images, polygons):
    """Fill each slice with the contours of the plane that it is nearest to."""
    first, (along, down, normal) = images[0], axes_of(images[0])
    between_rows, between_columns = (float(value) for value in first.PixelSpacing)
    origin = np.array(first.ImagePositionPatient, dtype=float)
    heights = np.array([np.dot(i.ImagePositionPatient, normal) - origin @ normal for i in images])
    planes: dict[float, list[np.ndarray]] = {}
    for points in polygons:
        offset = points - origin
        pixel = np.column_stack([offset @ along / between_columns, offset @ down / between_rows])
        planes.setdefault(round(float((offset @ normal).mean()), 2), []).append(pixel)
    known = np.array(sorted(planes))
    half = np.diff(known).min() / 2
    mask = np.zeros((len(images), first.Rows, first.Columns), dtype=bool)
    for index, height in enumerate(heights + 0.01):
        if known[0] - half < height < known[-1] + half:
            for polygon in planes[known[np.abs(known - height).argmin()]]:
                mask[index] ^= even_odd(polygon, mask.shape[1:])
    return mask


def masks_of(corpus, case, images):
    structures = structures_of(corpus, case)
    for truth in case.truth():
        polygons = without_copies(contours_of(structures, truth.number))
        yield truth, mask_of(images, polygons)


def centre_of(mask, images):
    """The centre of mass in the patient, in mm."""
    k, j, i = (index.mean() for index in np.nonzero(mask))
    first, (along, down, _) = images[0], axes_of(images[0])
    between_rows, between_columns = (float(value) for value in first.PixelSpacing)
    origin = np.array(first.ImagePositionPatient, dtype=float)
    last = np.array(images[-1].ImagePositionPatient, dtype=float)
    between_slices = (last - origin) / (len(images) - 1)
    return origin + i * between_columns * along + j * between_rows * down + k * between_slices


def dose_at(dose, point):
    """Interpolate a dose at a point in mm, in Gy."""
    along, down, normal = axes_of(dose)
    offsets = np.array(dose.GridFrameOffsetVector, dtype=float)
    frames = offsets - offsets[0] if offsets[0] else offsets
    pixels = dose.pixel_array * float(dose.DoseGridScaling)
    if frames[-1] < 0:
        frames, pixels = frames[::-1], pixels[::-1]
    between_rows, between_columns = (float(value) for value in dose.PixelSpacing)
    grid = (
        frames,
        np.arange(dose.Rows) * between_rows,
        np.arange(dose.Columns) * between_columns,
    )
    offset = point - np.array(dose.ImagePositionPatient, dtype=float)
    place = [offset @ normal, offset @ down, offset @ along]
    gy = float(RegularGridInterpolator(grid, pixels)(place)[0])
    return gy * (PRESCRIBED_GY if dose.DoseUnits == "RELATIVE" else 1)


def test_every_patient_that_peers_were_tried_on_is_there_and_many_more():
    of_peers = Counter(case.name[:3] for case in EDGE_CASES if case.name.startswith("E"))
    more = [case for case in EDGE_CASES if case.name.startswith("N")]

    assert sorted(of_peers) == [f"E{number:02d}" for number in range(1, 25)]
    assert of_peers["E13"] == 2
    assert len(more) >= 50


def test_no_two_cases_share_a_name_or_a_patient():
    names = [case.name for case in EDGE_CASES]
    patient_ids = [case.patient_id.strip() for case in EDGE_CASES]

    assert len(set(names)) == len(names)
    assert len(set(patient_ids)) == len(patient_ids)


@every_case
def test_a_case_is_written_under_one_patient_with_uids_of_its_own(case, corpus):
    paths = list((corpus / case.name).rglob("*.dcm"))
    read = [pydicom.dcmread(path, stop_before_pixels=True) for path in paths]

    assert {str(item.get("PatientID", "")) for item in read} == {case.patient_id}
    assert len({item.SOPInstanceUID for item in read}) == len(read)
    assert all(path.stem == item.SOPInstanceUID for path, item in zip(paths, read, strict=True))


@every_case
def test_the_standard_is_broken_nowhere_else_than_on_purpose(case, corpus, monkeypatch):
    monkeypatch.setattr(config.settings, "reading_validation_mode", config.RAISE)
    first = {path.parent: path for path in sorted((corpus / case.name).rglob("*.dcm"))}
    odd = []

    for path in first.values():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                read_all(pydicom.dcmread(path))
            except ValueError:
                odd.append(path.parent.name)

    assert odd == (["RTSTRUCT"] if case.name in ON_PURPOSE else [])


def read_all(dataset):
    """Turn every value into what it stands for; of contours, quickly."""
    for roi in dataset.get("ROIContourSequence") or ():
        for contour in roi.get("ContourSequence") or ():
            text = contour.get_item("ContourData").value
            assert (
                len(np.array(text.split(b"\\"), dtype=float)) == 3 * contour.NumberOfContourPoints
            )
            del contour.ContourData
    list(dataset.iterall())


@pytest.mark.parametrize(
    "name", ["E22-two-treatments", "N16-numbered-at-random", "N33-run-lengths", "N34-deflated"]
)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_uids(name, corpus, tmp_path):
    case = BY_NAME[name]

    again = {path.name: digest(path) for path in case.write(tmp_path / "again")}
    other = {path.name for path in case.write(tmp_path / "other", seed=2)}

    assert again == {path.name: digest(path) for path in (corpus / name).rglob("*.dcm")}
    assert other.isdisjoint(again)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@every_proceeding
def test_a_count_of_pixels_gives_volumes_centres_and_hounsfield_units_in_closed_form(case, corpus):
    images = images_of(corpus, case)
    volume = np.array([hounsfield(image) for image in images])
    spacing = [float(value) for value in images[0].PixelSpacing]
    voxel_cc = spacing[0] * spacing[1] * 2 / 1000  # slices lie 2 mm apart, however thick
    within_mm = MIDDLE_MM.get(case.name, 0.15)

    for truth, mask in masks_of(corpus, case, images):
        assert mask.sum() * voxel_cc == pytest.approx(truth.volume_cc, rel=0.003), truth
        assert centre_of(mask, images) == pytest.approx(truth.centre_mm, abs=within_mm), truth
        if truth.mean_hu is not None:
            assert volume[mask].mean() == pytest.approx(truth.mean_hu, abs=3), truth


def hounsfield(image):
    stored = stored_pixels(image)
    if image.BitsStored < image.BitsAllocated:
        stored = stored.astype(int) & (2**image.BitsStored - 1)
        if image.PixelRepresentation:
            stored -= (stored >> image.BitsStored - 1) << image.BitsStored
    return stored * float(image.RescaleSlope) + float(image.RescaleIntercept)


def stored_pixels(image):
    if image.file_meta.TransferSyntaxUID not in JPEGS:
        return image.pixel_array
    # pydicom needs another library for these, and what SimpleITK reads is rescaled already.
    hu = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(image.filename))[0]
    return (hu - float(image.RescaleIntercept)) / float(image.RescaleSlope)


@every_proceeding
def test_the_dose_is_that_in_closed_form_in_the_middle_of_each_roi(case, corpus):
    doses = [d for d in files(corpus, case, "RTDOSE") if d.SOPInstanceUID in case.rtdose_uids()]
    if "XVI_SUCC_003" not in case.answer.codes:
        doses = doses[:1]  # the others are copies

    for truth in case.truth():
        total_gy = sum(dose_at(dose, np.array(truth.centre_mm)) for dose in doses)
        assert total_gy == pytest.approx(truth.mean_dose_gy, rel=1e-3)


@every_proceeding
def test_as_many_slices_are_there_as_the_answer_says(case, corpus):
    assert len(images_of(corpus, case)) == case.answer.slices


def test_a_dose_that_is_flipped_along_any_axis_has_another_mean():
    for truth in BY_NAME["E01-plain"].truth():
        if truth.name == "BODY":
            continue
        dose = BY_NAME["E01-plain"].patient.dose
        for axis in range(3):
            flipped = np.array(truth.centre_mm)
            flipped[axis] *= -1
            assert abs(float(dose(*flipped)) / truth.mean_dose_gy - 1) > 0.03


def stack_of(corpus, name):
    """Positions along the normal, sorted, and the cosine between the normal and the stack."""
    images = images_of(corpus, BY_NAME[name])
    position = np.array([image.ImagePositionPatient for image in images], dtype=float)
    normal = axes_of(images[0])[2]
    step = position[-1] - position[0]
    return position @ normal, abs(step @ normal) / np.linalg.norm(step)


def test_a_tilted_gantry_makes_slices_lean_by_fifteen_degrees(corpus):
    along_mm, cosine = stack_of(corpus, "E09-gantry-tilt")

    assert np.degrees(np.arccos(cosine)) == pytest.approx(15)
    assert np.diff(along_mm) == pytest.approx(2 * np.cos(np.radians(15)))


@pytest.mark.parametrize("name", ["N15-oblique-slices", "N21-tilt-stated-only", "N12-feet-first"])
def test_slices_that_only_seem_to_lean_are_stacked_along_their_normal(corpus, name):
    along_mm, cosine = stack_of(corpus, name)

    assert cosine == pytest.approx(1)
    assert np.diff(along_mm) == pytest.approx(2)


@pytest.mark.parametrize(
    ("name", "gaps"),
    [
        ("E10-three-slices-missing", {2: 43, 8: 1}),
        ("E21-every-slice-twice", {0: 48, 2: 47}),
        ("E24-one-slice-refused", {2: 45, 4: 1}),
        ("N17-two-spacings", {2: 23, 4: 12}),
    ],
)
def test_slices_lie_as_the_oddity_says(corpus, name, gaps):
    along_mm, _ = stack_of(corpus, name)

    assert Counter(np.diff(along_mm).round(6).tolist()) == gaps


def test_a_series_in_one_object_has_the_frames_of_the_slices(corpus):
    (image,) = files(corpus, BY_NAME["N20-enhanced-ct"], "CT")
    structures = structures_of(corpus, BY_NAME["N20-enhanced-ct"])
    contour = structures.ROIContourSequence[1].ContourSequence[3]
    frame = contour.ContourImageSequence[0].ReferencedFrameNumber

    place = image.PerFrameFunctionalGroupsSequence[frame - 1].PlanePositionSequence[0]
    assert "ImagePositionPatient" not in image
    assert image.pixel_array.shape == (48, 96, 96)
    assert float(contour.ContourData[2]) == float(place.ImagePositionPatient[2])
