"""Reading RT objects: one file in, a checked dataset or the facts in it out."""

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from pydicom import Dataset

from imaging.errors import DicomError
from imaging.rt.doses.grid import DoseGrid
from imaging.rt.files.prescriptions import prescription_of
from imaging.rt.files.reading import read_identity, read_object
from imaging.rt.files.rois import Roi, colours_of, rois_of
from imaging.rt.flags import Flag


def read_rtstruct(path: Path) -> Dataset:
    """Read an RT Structure Set, without a preamble or file meta too.

    Raises:
        DicomError: The file is no readable DICOM, is cut short, or is another kind of object.
    """
    return read_object(path, "RTSTRUCT")


def read_rtdose(path: Path) -> Dataset:
    """Read an RT Dose; raises as ``read_rtstruct`` does."""
    return read_object(path, "RTDOSE")


def read_rtplan(path: Path) -> Dataset:
    """Read an RT Plan or RT Ion Plan; raises as ``read_rtstruct`` does."""
    return read_object(path, "RTPLAN")


def prescription_gy(rtplan: Path) -> float | None:
    """Read the highest prescribed target dose of a plan, in Gy; None when it states none.

    From Target Prescription Dose (300A,0026) alone; ``prescription_of`` looks further, and says
    where it found the dose.

    Raises:
        DicomError: The file is no readable RT Plan.
    """
    return next(iter(prescription_of(rtplan).levels), None)


def roi_colours(rtstruct: Path) -> dict[int, str]:
    """Read ROI Display Color (3006,002A) by ROI number as ``#rrggbb``; ROIs without are left out.

    Raises:
        DicomError: The file is no readable RT Structure Set.
    """
    return colours_of(rois_of(read_rtstruct(rtstruct)))


def sop_instance_uid(path: Path) -> str:
    """Read the SOP Instance UID of a DICOM file, to name its results by.

    Raises:
        DicomError: The file is missing or no readable DICOM, or has no UID.
    """
    return read_identity(path)


def frame_flag(roi: Roi, grid: DoseGrid) -> Flag | None:
    """Say whether an ROI is in the dose's frame of reference (DICOM PS3.3, C.7.4.1).

    Returns:
        OTHER_FRAME when both state one and they differ: the ROI cannot be computed.
        FRAME_UNKNOWN when one of them states none: taken to be the same. None when they agree.
    """
    if not (roi.frame_of_reference_uid and grid.frame_of_reference_uid):
        return Flag.FRAME_UNKNOWN
    is_same = roi.frame_of_reference_uid == grid.frame_of_reference_uid
    return None if is_same else Flag.OTHER_FRAME


def check_frame_of_reference(rtdose: Dataset, rois: Sequence[Roi]) -> None:
    """Refuse ROIs whose coordinates are not those of the dose (DICOM PS3.3, C.7.4.1).

    Raises:
        DicomError: An ROI and the dose have different frames of reference; names both.
    """
    of_dose = str(rtdose.get("FrameOfReferenceUID", ""))
    for roi in rois:
        if roi.frame_of_reference_uid != of_dose:
            refuse_frame(roi, str(rtdose.SOPInstanceUID), of_dose)


def refuse_frame(roi: Roi, dose_uid: str, frame_uid: str) -> NoReturn:
    """Refuse an ROI that is in another frame of reference than a dose; names both.

    Raises:
        DicomError: Always.
    """
    own = roi.frame_of_reference_uid or "(none)"
    msg = (
        f"ROI {roi.number} is drawn in frame of reference {own}, and the dose {dose_uid} is in "
        f"{frame_uid or '(none)'}"
    )
    raise DicomError(roi.rtstruct_uid, msg)
