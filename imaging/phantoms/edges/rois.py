"""Patients whose ROIs are drawn or named awkwardly."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from imaging.phantoms.edges.case import Answer, EdgeCase
from imaging.phantoms.edges.changes import structures_changed
from imaging.phantoms.edges.patient import BODY, LUNG, PTV, EdgePatient, Objects, only, someone
from imaging.phantoms.edges.turning import SAGITTAL, contours_in, points_of, set_points
from imaging.phantoms.outlined import Outline, rtstruct_of
from imaging.phantoms.solids import Cylinder
from imaging.phantoms.structures import Roi

_PATIENT = EdgePatient(someone())
_PLACE_MM = (-15.0, -18.0, 9.0)
_RING = Roi(2, "PTV", Cylinder(_PLACE_MM, 32.0, 48.0), others=(Cylinder(_PLACE_MM, 18.0, 48.0),))
_ISLANDS = replace(LUNG, others=(Cylinder((-38.9, 41.3, 9.0), 16.0, 40.0),))


def _contours_of(structures: Dataset, roi: Roi) -> Dataset:
    """Return the item of ROIContourSequence that belongs to an ROI."""
    drawn: list[Dataset] = structures.ROIContourSequence
    return next(item for item in drawn if item.ReferencedROINumber == roi.number)


def _as_keyholes(structures: Dataset) -> None:
    """Draw the ring of each plane in one line: out along a channel of no width, and back."""
    item = _contours_of(structures, _RING)
    half = len(item.ContourSequence) // 2
    outer, inner = item.ContourSequence[:half], item.ContourSequence[half:]
    for contour, hole in zip(outer, inner, strict=True):
        around, back = (_from_the_back(points_of(circle)) for circle in (contour, hole))
        back = np.roll(back[::-1], 1, axis=0)  # the same start, in the other direction
        set_points(contour, np.concatenate([around, around[:1], back, back[:1]]))
    item.ContourSequence = outer


def _from_the_back(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Let a circle start where it is lowest, so that a channel from there crosses rows."""
    return np.roll(points, -len(points) // 4, axis=0)


def _as_xor(structures: Dataset) -> None:
    for contour in _contours_of(structures, _RING).ContourSequence:
        contour.ContourGeometricType = "CLOSEDPLANAR_XOR"


def _again(structures: Dataset) -> None:
    """Store each contour a second time, from another point and in the other direction."""
    item = _contours_of(structures, PTV)
    copies = [deepcopy(contour) for contour in item.ContourSequence]
    for copy in copies:
        set_points(copy, np.roll(points_of(copy)[::-1], 7, axis=0))
    item.ContourSequence = [*item.ContourSequence, *copies]


def _close(structures: Dataset) -> None:
    """Repeat the first point of each contour as its last."""
    for contour in contours_in(structures):
        points = points_of(contour)
        set_points(contour, np.concatenate([points, points[:1]]))


def _leave_one_out(structures: Dataset) -> None:
    del _contours_of(structures, LUNG).ContourSequence[9]


def _write_exponents(structures: Dataset) -> None:
    """Write numbers with signs, exponents and blanks, all of which a DS may have (PS3.5 6.2)."""
    for contour in contours_in(structures):
        texts = [f" {value:+.7E}" for value in points_of(contour).ravel()]
        text = "\\".join(texts).encode()
        text += b" " * (len(text) % 2)
        _set_text(contour, text)


def _set_text(contour: Dataset, text: bytes) -> None:
    """Write ContourData as bytes, which nobody looks at before they are in the file."""
    tag = Tag("ContourData")
    contour[tag] = RawDataElement(
        tag, "DS", len(text), text, value_tell=0, is_implicit_VR=True, is_little_endian=True
    )


def _break_a_number(structures: Dataset) -> None:
    """Write a decimal comma, which is no part of a DS."""
    contour = _contours_of(structures, PTV).ContourSequence[9]
    _set_text(contour, contour.get_item("ContourData").value.replace(b".", b",", 1))


def _draw_sagittally(structures: Dataset) -> None:
    """Draw a sphere in sagittal planes, which is a sphere still."""
    middle_mm = np.array(PTV.solid.centre_mm)
    for contour in _contours_of(structures, PTV).ContourSequence:
        set_points(contour, (points_of(contour) - middle_mm) @ np.array(SAGITTAL).T + middle_mm)
        del contour.ContourImageSequence


def _draw_nothing(structures: Dataset) -> None:
    for item in structures.ROIContourSequence:
        del item.ContourSequence


def _name_images_that_exist(patient: EdgePatient) -> Objects:
    """Let contours beyond the slices name no image."""
    items = patient.objects()
    images = {image.SOPInstanceUID for image in only(items, "CT")}
    for contour in contours_in(only(items, "RTSTRUCT")[0]):
        if contour.ContourImageSequence[0].ReferencedSOPInstanceUID not in images:
            del contour.ContourImageSequence
    return items


def _with_points_and_lines(patient: EdgePatient) -> Objects:
    """Add a point, a line, an ROI that is declared only, and one with no contours in it."""
    line = np.array([[0.0, 0.0, 1.0], [10.0, 5.0, 1.0], [20.0, 0.0, 1.0]])
    more = rtstruct_of(
        {
            "ISO": [Outline(np.array([PTV.solid.centre_mm]), "POINT")],
            "Wire": [Outline(line, "OPEN_PLANAR")],
            "Declared": [],
            "Empty": [],
        },
        study=patient.study,
    )
    del more.ROIContourSequence[2], more.ROIContourSequence[2].ContourSequence
    for structure in more.StructureSetROISequence:
        structure.ROINumber += 100
    for item in (*more.ROIContourSequence, *more.RTROIObservationsSequence):
        item.ReferencedROINumber += 100
    items = patient.objects()
    for structures in only(items, "RTSTRUCT"):
        for keyword in ("StructureSetROISequence", "ROIContourSequence"):
            structures[keyword].value.extend(more[keyword].value)
        observations = structures.RTROIObservationsSequence
        for number, item in enumerate(more.RTROIObservationsSequence, 101):
            item.ObservationNumber = number
            observations.append(item)
    return items


def _with(*rois: Roi) -> EdgePatient:
    return replace(_PATIENT, rois=(BODY, *rois))


def _cylinder(roi: Roi, centre_mm: tuple[float, float, float], radius_mm: float = 22.0) -> Roi:
    return replace(roi, solid=Cylinder(centre_mm, radius_mm, 48.0))


_NO_LUNG = Answer(outcome="REVIEW", codes=("XIV_REV_001",), without_mask=("Lung_R",))
_POINTLESS = Answer(codes=("XIV_SUCC_002",))

ROI_CASES = (
    EdgeCase("E08-ring", "The PTV is a ring: contours inside contours.", patient=_with(_RING)),
    EdgeCase(
        "N80-keyholes",
        "The ring is drawn in one line, in along a channel and back.",
        structures_changed(_as_keyholes),
        patient=_with(_RING),
    ),
    EdgeCase(
        "N81-xor",
        "The ring is of contours of type CLOSEDPLANAR_XOR.",
        structures_changed(_as_xor),
        patient=_with(_RING),
    ),
    EdgeCase("N82-islands", "An ROI is of two parts.", patient=_with(PTV, _ISLANDS)),
    EdgeCase(
        "N83-points-and-lines",
        "Beside the ROIs there are a point, an open line, and two ROIs without contours.",
        _with_points_and_lines,
        _POINTLESS,
    ),
    EdgeCase(
        "N97-nothing-is-drawn",
        "Not one ROI has a contour.",
        structures_changed(_draw_nothing),
        Answer(outcome="REVIEW", codes=("XIV_REV_005",), not_codes=("XIV_SUCC_001",)),
    ),
    EdgeCase(
        "N86-beyond-the-side",
        "An ROI reaches past the last column of the images.",
        answer=_NO_LUNG,
        patient=_with(PTV, _cylinder(LUNG, (85.0, 21.3, -7.0))),
    ),
    EdgeCase(
        "N87-beyond-the-top",
        "An ROI reaches past the last slice.",
        _name_images_that_exist,
        _NO_LUNG,
        _with(PTV, _cylinder(LUNG, (30.6, 21.3, 31.0))),
    ),
    EdgeCase(
        "N88-contours-on-some-slices",
        "One ROI has a contour on every second slice, one on every third.",
        patient=_with(
            replace(_cylinder(PTV, PTV.solid.centre_mm, 27.0), every=3), replace(LUNG, every=2)
        ),
    ),
    EdgeCase(
        "N89-contours-stored-twice",
        "Each contour of an ROI is there again, from another point, in the other direction.",
        structures_changed(_again),
    ),
    EdgeCase(
        "N92-contours-closed-twice",
        "The last point of every contour is the first one again.",
        structures_changed(_close),
    ),
    EdgeCase(
        "N93-one-contour-missing",
        "On one slice amid an ROI there is no contour.",
        structures_changed(_leave_one_out),
    ),
    EdgeCase(
        "N94-exponents",
        "Coordinates are written with signs, exponents and blanks.",
        structures_changed(_write_exponents),
    ),
    EdgeCase(
        "N96-between-the-slices",
        "The contours of an ROI lie 0.7 mm above the slices.",
        patient=_with(PTV, _cylinder(LUNG, (30.6, 21.3, -6.3))),
    ),
    EdgeCase(
        "N90-broken-number",
        "A contour of the wanted ROI has a decimal comma in a coordinate.",
        structures_changed(_break_a_number),
        Answer(outcome="REVIEW", codes=("XIV_REV_003", "XIV_REV_004"), without_mask=("PTV",)),
        wanted_rois=("PTV",),
    ),
    EdgeCase(
        "N91-drawn-sagittally",
        "An ROI is drawn in sagittal planes, on transverse images.",
        structures_changed(_draw_sagittally),
        Answer(outcome="REVIEW", codes=("XIV_REV_002",), without_mask=("PTV",)),
    ),
)
