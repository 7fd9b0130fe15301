"""An RTSTRUCT that draws solids on the slices of a CT series."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID, CTImageStorage, RTStructureSetStorage

from imaging.phantoms.ct import CtSeries
from imaging.phantoms.headers import approve, new_object, reference, set_decimals
from imaging.phantoms.solids import Contours, Solid

_STUDY_COMPONENT = UID("1.2.840.10008.3.1.2.3.1")  # retired, yet what planning systems still write


@dataclass(frozen=True, slots=True)
class Roi:
    """A ROI to draw.

    Attributes:
        number: ROINumber.
        name: ROIName, after TG-263.
        solid: What is drawn.
        interpreted_type: RTROIInterpretedType.
        colour: ROIDisplayColor, red, green and blue.
        others: Solids whose contours belong to the ROI, too: an island, or, inside ``solid``, a
            hole.
        every: A contour lies on every slice, every second one, and so on.
    """

    number: int
    name: str
    solid: Solid
    interpreted_type: str = "ORGAN"
    colour: tuple[int, int, int] = (255, 0, 0)
    others: tuple[Solid, ...] = ()
    every: int = 1


def rtstruct(
    ct: CtSeries, rois: Sequence[Roi], *, step_share: float = 1 / 120, role: str = "RTSTRUCT"
) -> Dataset:
    """Draw ``rois`` on ``ct``, one contour on each slice that a solid meets (PS3.3 A.19).

    Args:
        ct: The series referred to; the solids' ends must lie on its slices.
        rois: What to draw.
        step_share: Longest distance between points, as a share of the solid's circumference.
        role: What tells it from another structure set of the study.
    """
    dataset = new_object(ct.study, RTStructureSetStorage, "RTSTRUCT", role)
    dataset.SeriesDescription = "Structures"
    dataset.StructureSetLabel = "Planning"
    dataset.StructureSetName = role
    dataset.InstanceNumber = 1
    dataset.StructureSetDate = ct.study.study_date
    dataset.StructureSetTime = dataset.StudyTime
    dataset.ReferencedFrameOfReferenceSequence = [_referenced_frame(ct)]
    dataset.StructureSetROISequence = [_structure(roi, ct) for roi in rois]
    dataset.ROIContourSequence = [_roi_contour(roi, ct, step_share) for roi in rois]
    dataset.RTROIObservationsSequence = [_observation(roi) for roi in rois]
    approve(dataset, ct.study)
    return dataset


def contours_of(solid: Solid, spacing_mm: float, step_share: float) -> Contours:
    """Return the contours that ``rtstruct`` draws of ``solid``."""
    return solid.contours(spacing_mm, 2 * np.pi * solid.radius_mm * step_share)


def _referenced_frame(ct: CtSeries) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID = ct.series_instance_uid
    series.ContourImageSequence = [
        reference(CTImageStorage, ct.image_uid(index)) for index in range(ct.grid.shape[0])
    ]
    study = reference(_STUDY_COMPONENT, ct.study.study_instance_uid)
    study.RTReferencedSeriesSequence = [series]
    frame = Dataset()
    frame.FrameOfReferenceUID = ct.study.frame_of_reference_uid
    frame.RTReferencedStudySequence = [study]
    return frame


def _structure(roi: Roi, ct: CtSeries) -> Dataset:
    item = Dataset()
    item.ROINumber = roi.number
    item.ReferencedFrameOfReferenceUID = ct.study.frame_of_reference_uid
    item.ROIName = roi.name
    item.ROIGenerationAlgorithm = "MANUAL"
    return item


def _roi_contour(roi: Roi, ct: CtSeries, step_share: float) -> Dataset:
    item = Dataset()
    item.ROIDisplayColor = list(roi.colour)
    item.ReferencedROINumber = roi.number
    spacing_mm = roi.every * ct.grid.slice_spacing_mm
    item.ContourSequence = [
        _contour(z_mm, points, ct)
        for solid in (roi.solid, *roi.others)
        for z_mm, points in contours_of(solid, spacing_mm, step_share)
    ]
    return item


def _contour(z_mm: float, points: NDArray[np.float64], ct: CtSeries) -> Dataset:
    item = Dataset()
    item.ContourImageSequence = [reference(CTImageStorage, ct.image_uid_at(z_mm))]
    item.ContourGeometricType = "CLOSED_PLANAR"
    item.NumberOfContourPoints = len(points)
    xyz = np.column_stack([points, np.full(len(points), z_mm)])
    set_decimals(item, "ContourData", xyz.ravel().tolist())
    return item


def _observation(roi: Roi) -> Dataset:
    item = Dataset()
    item.ObservationNumber = roi.number
    item.ReferencedROINumber = roi.number
    item.ROIObservationLabel = roi.name[:16]  # VR SH
    item.RTROIInterpretedType = roi.interpreted_type
    item.ROIInterpreter = ""
    return item
