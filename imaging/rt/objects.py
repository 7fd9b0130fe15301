"""Reading RT objects: one file in, a checked dataset or the facts in it out."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError
from pydicom.uid import RTDoseStorage, RTPlanStorage, RTStructureSetStorage

from imaging.errors import DicomError
from imaging.rt.rois import Roi, rois_of


def read_rtstruct(path: Path) -> Dataset:
    """Read an RT Structure Set.

    Raises:
        DicomError: The file is no readable DICOM, or another kind of object.
    """
    return _read(path, RTStructureSetStorage)


def read_rtdose(path: Path) -> Dataset:
    """Read an RT Dose; raises as ``read_rtstruct`` does."""
    return _read(path, RTDoseStorage)


def read_rtplan(path: Path) -> Dataset:
    """Read an RT Plan; raises as ``read_rtstruct`` does."""
    return _read(path, RTPlanStorage)


def prescription_gy(rtplan: Path) -> float | None:
    """Read the highest prescribed target dose of a plan, in Gy; None when it states none.

    From Target Prescription Dose (300A,0026) of the targets in the Dose Reference Sequence
    (DICOM PS3.3, C.8.8.10). A plan with several dose levels states several: 100 % is the highest.

    Raises:
        DicomError: The file is no readable RT Plan.
    """
    references = read_rtplan(rtplan).get("DoseReferenceSequence") or []
    targets = [item for item in references if item.get("DoseReferenceType", "TARGET") == "TARGET"]
    doses = [float(item.get("TargetPrescriptionDose") or 0) for item in targets]
    return max((dose for dose in doses if dose > 0), default=None)


def roi_colours(rtstruct: Path) -> dict[int, str]:
    """Read ROI Display Color (3006,002A) by ROI number as ``#rrggbb``; ROIs without are left out.

    Raises:
        DicomError: The file is no readable RT Structure Set.
    """
    rois = rois_of(read_rtstruct(rtstruct))
    return {roi.number: roi.colour for roi in rois if roi.colour is not None}


def sop_instance_uid(path: Path) -> str:
    """Read the SOP Instance UID of a DICOM file, to name its results by.

    Raises:
        DicomError: The file is missing or no readable DICOM, or has no UID.
    """
    try:
        uid = str(dcmread(path, specific_tags=["SOPInstanceUID"]).get("SOPInstanceUID", ""))
    except (OSError, InvalidDicomError) as error:
        msg = "no readable DICOM file"
        raise DicomError(path.name, msg) from error
    if not uid:
        msg = "it states no SOP Instance UID"
        raise DicomError(path.name, msg)
    return uid


def check_frame_of_reference(rtstruct: Dataset, rtdose: Dataset, rois: Sequence[Roi]) -> None:
    """Refuse ROIs whose coordinates are not those of the dose (DICOM PS3.3, C.7.4.1).

    Raises:
        DicomError: An ROI and the dose have different frames of reference; names both.
    """
    of_dose = str(rtdose.get("FrameOfReferenceUID", ""))
    for roi in rois:
        if roi.frame_of_reference_uid != of_dose:
            msg = (
                f"ROI {roi.number} is drawn in frame of reference "
                f"{roi.frame_of_reference_uid or '(none)'}, and the dose "
                f"{rtdose.SOPInstanceUID} is in {of_dose or '(none)'}"
            )
            raise DicomError(str(rtstruct.SOPInstanceUID), msg)


def check_plan_of_dose(rtplan: Dataset, rtdose: Dataset) -> None:
    """Refuse a plan that the dose says it was not computed for.

    Raises:
        DicomError: The dose refers to other plans only; names them.
    """
    references = rtdose.get("ReferencedRTPlanSequence") or []
    plans = [str(item.get("ReferencedSOPInstanceUID", "")) for item in references]
    if plans and str(rtplan.SOPInstanceUID) not in plans:
        msg = f"the dose belongs to plan {', '.join(plans)}, not to {rtplan.SOPInstanceUID}"
        raise DicomError(str(rtdose.SOPInstanceUID), msg)


def _read(path: Path, sop_class: str) -> Dataset:
    """Read one file and check what kind of object it is."""
    try:
        with warnings.catch_warnings():
            # pydicom warns of values that break their VR, and quotes them: they may hold a name.
            warnings.simplefilter("ignore", UserWarning)
            dataset = dcmread(path)
    except (InvalidDicomError, OSError, EOFError) as error:
        msg = f"cannot be read as DICOM ({type(error).__name__})"
        raise DicomError(path.name, msg) from error
    found = dataset.get("SOPClassUID")
    if found != sop_class or "SOPInstanceUID" not in dataset:
        msg = f"is of class {found or '(none)'}, not {sop_class}"
        raise DicomError(path.name, msg)
    return dataset
