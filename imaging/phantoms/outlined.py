"""Plain RT objects without a CT: contours of any shape, and a dose of any shape around them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import RTStructureSetStorage

from imaging.files import whole_file
from imaging.phantoms.dose import DoseEncoding, DoseGrid, rtdose
from imaging.phantoms.headers import StudyHeader, approve, new_object, set_decimals
from imaging.phantoms.plan import Prescription, rtplan
from imaging.phantoms.truth import DoseField

Colour = tuple[int, int, int]
GeometricType = Literal[
    "CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "OPEN_PLANAR", "OPEN_NONPLANAR", "POINT"
]

_RED: Colour = (255, 0, 0)
_ROLE = "RTSTRUCT"


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """One contour.

    Attributes:
        points_mm: Shape (n, 3): x, y, z in the patient; written with five decimals.
        geometric_type: ContourGeometricType (PS3.3 C.8.8.6).
    """

    points_mm: NDArray[np.float64]
    geometric_type: GeometricType = "CLOSED_PLANAR"


Drawing = NDArray[np.float64] | Outline
"""A contour; points alone are those of a closed one."""

PLAIN_STUDY = StudyHeader(
    seed=0,
    patient_id="OUTLINED",
    patient_name="Quillfeather^Outlined",
    patient_birth_date="19600101",
    study_date="20230109",
)
"""The study of objects for which it does not matter whose they are."""


def rtstruct_of(
    rois: Mapping[str, Sequence[Drawing]],
    *,
    study: StudyHeader = PLAIN_STUDY,
    colours: Mapping[str, Colour] | None = None,
) -> Dataset:
    """Make an RTSTRUCT (PS3.3 A.19) that refers to no image.

    Args:
        rois: Contours by ROIName; the ROINumbers are 1, 2 and so on.
        study: The study it belongs to; its frame of reference is that of the contours.
        colours: ROIDisplayColor by name; red for the others.
    """
    dataset = new_object(study, RTStructureSetStorage, "RTSTRUCT", _ROLE)
    dataset.SeriesDescription, dataset.InstanceNumber = "Structures", 1
    dataset.StructureSetLabel = dataset.StructureSetName = _ROLE
    dataset.StructureSetDate, dataset.StructureSetTime = study.study_date, dataset.StudyTime
    frame = Dataset()
    frame.FrameOfReferenceUID = study.frame_of_reference_uid
    dataset.ReferencedFrameOfReferenceSequence = [frame]
    named = list(enumerate(rois, start=1))
    colours = colours or {}
    dataset.StructureSetROISequence = [_structure(number, name, study) for number, name in named]
    dataset.ROIContourSequence = [
        _roi_contour(number, rois[name], colours.get(name, _RED)) for number, name in named
    ]
    dataset.RTROIObservationsSequence = [_observation(number) for number, _ in named]
    approve(dataset, study)
    return dataset


def rtdose_of(
    dose: DoseField,
    grid: DoseGrid,
    *,
    study: StudyHeader = PLAIN_STUDY,
    encoding: DoseEncoding | None = None,
) -> Dataset:
    """Make an RTDOSE of ``dose`` on ``grid``, as ``rtdose`` does, in the frame of ``rtstruct_of``.

    Args:
        dose: Gives Gy at x, y, z in mm; negative values are stored as 0.
        grid: Where it is sampled.
        study: The study it belongs to.
        encoding: How it is written.
    """
    return rtdose(study, dose, grid, _plan_to_refer_to(study), encoding)


def rtplan_of(study: StudyHeader = PLAIN_STUDY, dose_gy: float = 50.0) -> Dataset:
    """Make the RTPLAN that ``rtdose_of`` refers to; it prescribes ``dose_gy`` in 25 fractions."""
    return rtplan(study, study.uid(_ROLE), Prescription(dose_gy, 25, None), (0.0, 0.0, 0.0))


def write_object(dataset: Dataset, target: Path) -> Path:
    """Write one object to ``target``, whole, and return the path."""
    with whole_file(target) as part:
        dataset.save_as(part, enforce_file_format=True)
    return target


def at_height(outline: NDArray[np.float64], z_mm: float) -> NDArray[np.float64]:
    """Put points of shape (n, 2) into the axial plane at ``z_mm``; shape (n, 3)."""
    return np.column_stack([outline, np.full(len(outline), z_mm)])


@cache  # hundreds of doses refer to it, and none changes it
def _plan_to_refer_to(study: StudyHeader) -> Dataset:
    return rtplan_of(study)


def _structure(number: int, name: str, study: StudyHeader) -> Dataset:
    item = Dataset()
    item.ROINumber = number
    item.ReferencedFrameOfReferenceUID = study.frame_of_reference_uid
    item.ROIName = name
    item.ROIGenerationAlgorithm = "MANUAL"
    return item


def _roi_contour(number: int, drawings: Sequence[Drawing], colour: Colour) -> Dataset:
    item = Dataset()
    item.ROIDisplayColor = list(colour)
    item.ReferencedROINumber = number
    item.ContourSequence = [_contour(drawing) for drawing in drawings]
    return item


def _contour(drawing: Drawing) -> Dataset:
    outline = drawing if isinstance(drawing, Outline) else Outline(drawing)
    item = Dataset()
    item.ContourGeometricType = outline.geometric_type
    item.NumberOfContourPoints = len(outline.points_mm)
    set_decimals(item, "ContourData", outline.points_mm.ravel().tolist())
    return item


def _observation(number: int) -> Dataset:
    item = Dataset()
    item.ObservationNumber = item.ReferencedROINumber = number
    item.RTROIInterpretedType = "ORGAN"
    item.ROIInterpreter = ""
    return item
