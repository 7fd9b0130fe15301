"""The ROIs of a structure set, and choosing some of them by name."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom import Dataset

from imaging.dicom import name_matches
from imaging.errors import DicomError, InputError


@dataclass(frozen=True, slots=True, eq=False)
class Roi:
    """One ROI of an RTSTRUCT with its contours, which are not parsed yet.

    Attributes:
        rtstruct_uid: SOP Instance UID of its RTSTRUCT.
        number: ROI Number (3006,0022), unique in its RTSTRUCT.
        name: ROI Name (3006,0026), as written there.
        frame_of_reference_uid: Of its coordinates; empty when the RTSTRUCT does not say.
        colour: ROI Display Color as ``#rrggbb``, None when there is none.
        contours: Items of the Contour Sequence (3006,0040), of every geometric type.
    """

    rtstruct_uid: str
    number: int
    name: str
    frame_of_reference_uid: str
    colour: str | None
    contours: tuple[Dataset, ...]


def rois_of(rtstruct: Dataset) -> list[Roi]:
    """List the ROIs of an RTSTRUCT in its own order (DICOM PS3.3, C.8.8.5 and C.8.8.6).

    Raises:
        DicomError: An ROI has no number, or two have the same.
    """
    drawn = {
        int(item.get("ReferencedROINumber", -1)): item
        for item in rtstruct.get("ROIContourSequence") or []
    }
    rois: list[Roi] = []
    for item in rtstruct.get("StructureSetROISequence") or []:
        number = item.get("ROINumber")
        if number is None or any(roi.number == number for roi in rois):
            msg = f"ROI number {number} is missing or used twice"
            raise DicomError(str(rtstruct.SOPInstanceUID), msg)
        rois.append(_roi(item, drawn.get(int(number), Dataset()), rtstruct))
    return rois


def choose_rois(rois: Sequence[Roi], patterns: Sequence[str] | None) -> list[Roi]:
    """Choose ROIs by names or shell patterns (``Lung_*``), in the order of the structure set.

    Args:
        rois: What there is.
        patterns: Names or patterns, compared as ``name_matches`` does; None chooses all.

    Raises:
        InputError: A name or pattern matches no ROI; the message lists the names there are.
    """
    if patterns is None:
        return list(rois)
    for pattern in patterns:
        if not any(name_matches(roi.name, pattern) for roi in rois):
            names = ", ".join(sorted(roi.name for roi in rois)) or "(none)"
            msg = f"no ROI is named like {pattern!r}. There are: {names}"
            raise InputError(msg)
    return [roi for roi in rois if any(name_matches(roi.name, pattern) for pattern in patterns)]


def _roi(item: Dataset, drawn: Dataset, rtstruct: Dataset) -> Roi:
    """Put together what the sequences of an RTSTRUCT say about one ROI."""
    colour = [int(value) for value in drawn.get("ROIDisplayColor") or ()]
    frames = rtstruct.get("ReferencedFrameOfReferenceSequence") or []
    # The ROI's own frame is mandatory (type 1); some writers leave it to the structure set's only.
    only = frames[0].get("FrameOfReferenceUID", "") if len(frames) == 1 else ""
    return Roi(
        rtstruct_uid=str(rtstruct.SOPInstanceUID),
        number=int(item.ROINumber),
        name=str(item.get("ROIName") or ""),
        frame_of_reference_uid=str(item.get("ReferencedFrameOfReferenceUID") or only),
        colour="#{:02x}{:02x}{:02x}".format(*colour) if len(colour) == 3 else None,
        contours=tuple(drawn.get("ContourSequence") or ()),
    )
