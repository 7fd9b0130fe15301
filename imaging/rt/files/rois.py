"""The ROIs of a structure set, and choosing some of them by name."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydicom import Dataset

from imaging.dicom import name_matches
from imaging.dicom.reading import UNREADABLE
from imaging.errors import InputError
from imaging.rt.files.attributes import refuse


@dataclass(frozen=True, slots=True, eq=False)
class Roi:
    """One ROI of an RTSTRUCT with its contours, which are not parsed yet.

    Attributes:
        rtstruct_uid: SOP Instance UID of its RTSTRUCT.
        number: ROI Number (3006,0022), unique in its RTSTRUCT.
        name: ROI Name (3006,0026), as written there.
        frame_of_reference_uid: Of its coordinates; empty when the RTSTRUCT does not say.
        interpreted_type: RT ROI Interpreted Type (3006,00A4), such as EXTERNAL; often empty.
        colour: ROI Display Color as ``#rrggbb``, None when there is none.
        contours: Items of the Contour Sequence (3006,0040), of every geometric type.
    """

    rtstruct_uid: str
    number: int
    name: str
    frame_of_reference_uid: str
    interpreted_type: str
    colour: str | None
    contours: tuple[Dataset, ...]


def rois_of(rtstruct: Dataset) -> list[Roi]:
    """List the ROIs of an RTSTRUCT in its own order (DICOM PS3.3, C.8.8.5 and C.8.8.6).

    Raises:
        DicomError: There are contours and no ROIs, an ROI has no number, or two have the same.
    """
    items = rtstruct.get("StructureSetROISequence") or []
    drawn = rtstruct.get("ROIContourSequence") or []
    if drawn and not items:
        refuse(rtstruct, "StructureSetROISequence", "is missing or empty, and there are contours")
    types = {
        _number(item, "ReferencedROINumber"): str(item.get("RTROIInterpretedType") or "")
        for item in rtstruct.get("RTROIObservationsSequence") or []
    }
    rois: list[Roi] = []
    for item in items:
        number = _number(item, "ROINumber")
        if number is None or any(roi.number == number for roi in rois):
            refuse(rtstruct, "ROINumber", f"{number} is missing or used twice")
        own = [each for each in drawn if _number(each, "ReferencedROINumber") == number]
        roi = _roi(number, item, own, rtstruct)
        rois.append(replace(roi, interpreted_type=types.get(roi.number, "")))
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


def colours_of(rois: Sequence[Roi]) -> dict[int, str]:
    """Return the colours of ROIs by number; those without are left out."""
    return {roi.number: roi.colour for roi in rois if roi.colour is not None}


def _number(item: Dataset, keyword: str) -> int | None:
    """Read a number, None when it is missing or none."""
    try:
        return int(item.get(keyword, ""))
    except UNREADABLE:
        return None


def _colour(drawn: Sequence[Dataset]) -> str | None:
    """Read ROI Display Color as ``#rrggbb``; None when it is missing or none."""
    try:
        colour = [int(value) for item in drawn[:1] for value in item.get("ROIDisplayColor") or ()]
        return "#" + bytes(colour).hex() if len(colour) == 3 else None
    except UNREADABLE:
        return None


def _roi(number: int, item: Dataset, drawn: Sequence[Dataset], rtstruct: Dataset) -> Roi:
    """Put together what the sequences of an RTSTRUCT say about one ROI."""
    frames = rtstruct.get("ReferencedFrameOfReferenceSequence") or []
    # The ROI's own frame is mandatory (type 1); some writers leave it to the structure set's only.
    only = frames[0].get("FrameOfReferenceUID", "") if len(frames) == 1 else ""
    return Roi(
        rtstruct_uid=str(rtstruct.SOPInstanceUID),
        number=number,
        name=str(item.get("ROIName") or ""),
        frame_of_reference_uid=str(item.get("ReferencedFrameOfReferenceUID") or only),
        interpreted_type="",
        colour=_colour(drawn),
        contours=tuple(each for one in drawn for each in one.get("ContourSequence") or ()),
    )
