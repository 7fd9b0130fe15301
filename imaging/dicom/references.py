"""What RTSTRUCT, RTPLAN and RTDOSE objects refer to, whoever has parsed them (PS3.3, C.8.8)."""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import pydicom
from pydicom.multival import MultiValue

from imaging.dicom.reading import UNREADABLE
from imaging.dicom.rows import RtReferences
from imaging.dicom.whole import read_meta, structural_fault
from imaging.errors import DicomError

RT_MODALITIES = frozenset({"RTSTRUCT", "RTPLAN", "RTDOSE"})

REFERENCE_KEYWORDS = (
    "ApprovalStatus",
    "DoseSummationType",
    "DoseUnits",
    "FractionGroupSequence",
    "FrameOfReferenceUID",
    "InstanceCreationDate",
    "InstanceCreationTime",
    "Modality",
    "PatientBirthDate",
    "PatientName",
    "RTPlanDate",
    "RTPlanLabel",
    "RTPlanTime",
    "RTROIObservationsSequence",
    "ReferencedFrameOfReferenceSequence",
    "ReferencedRTPlanSequence",
    "ReferencedStructureSetSequence",
    "SOPInstanceUID",
    "StructureSetDate",
    "StructureSetLabel",
    "StructureSetROISequence",
    "StructureSetTime",
)
_ROI_FRAME = "ReferencedFrameOfReferenceUID"


class Tags(Protocol):
    """A pydicom Dataset, or Orthanc's simplified tags as JSON: both are asked by keyword."""

    def get(self, keyword: str, /) -> Any:
        """Return the value, None where absent."""
        ...


def read_references(file: bytes | Path | BinaryIO) -> RtReferences:
    """Read what an RTSTRUCT, RTPLAN or RTDOSE file refers to; doses and points stay unread.

    Raises:
        DicomError: It is cut short or unreadable. It is named by its SOPInstanceUID or, where that
            cannot be told, not at all: a file's name may be a patient's.
    """
    with _opened(file) as content:
        uid = uid_of(content)
        if fault := structural_fault(content):
            raise DicomError(uid, fault)
        try:
            dataset = _read(content, *REFERENCE_KEYWORDS)
            references = references_of(dataset)
            if not references.image_uids and dataset.get("Modality") == "RTSTRUCT":
                references = replace(references, image_uids=_contour_images(content))
        except UNREADABLE as error:
            raise DicomError(uid, f"unreadable ({type(error).__name__})") from error
    return references


def uid_of(content: BinaryIO) -> str:
    """Return the SOPInstanceUID in a file's meta information, or words in its place."""
    content.seek(0)
    meta = read_meta(content.read(2048))
    return meta.sop_instance_uid if meta and meta.sop_instance_uid else "a file without a UID"


def references_of(tags: Tags) -> RtReferences:
    """Gather every reference of an RT object; sequences that are absent refer to nothing.

    Raises:
        ValueError, TypeError, ...: One of UNREADABLE, where a value is not of its kind.
    """
    frames = _items([tags], "ReferencedFrameOfReferenceSequence")
    rois = _items([tags], "StructureSetROISequence")
    common = RtReferences(
        sop_instance_uid=_text(tags, "SOPInstanceUID"),
        label=_text(tags, "StructureSetLabel") or _text(tags, "RTPlanLabel"),
        date=_text(tags, "StructureSetDate") or _text(tags, "RTPlanDate"),
        time=_text(tags, "StructureSetTime") or _text(tags, "RTPlanTime"),
        approval_status=_text(tags, "ApprovalStatus"),
        frame_of_reference_uids=_once(
            [*_texts([tags, *frames], "FrameOfReferenceUID"), *_texts(rois, _ROI_FRAME)]
        ),
        structure_set_uids=_sop_uids([tags], "ReferencedStructureSetSequence"),
        patient_name=_if_readable(tags, "PatientName"),
        patient_birth_date=_if_readable(tags, "PatientBirthDate"),
    )
    parts = {"RTSTRUCT": _of_structure_set, "RTPLAN": _of_plan, "RTDOSE": _of_dose}
    part = parts.get(_text(tags, "Modality"))
    return part(common, tags) if part else common


def _of_structure_set(common: RtReferences, tags: Tags) -> RtReferences:
    frames = _items([tags], "ReferencedFrameOfReferenceSequence")
    series = _items(_items(frames, "RTReferencedStudySequence"), "RTReferencedSeriesSequence")
    rois = _items([tags], "StructureSetROISequence")
    observations = _items([tags], "RTROIObservationsSequence")
    types = _numbered(observations, "ReferencedROINumber", "RTROIInterpretedType")
    return replace(
        common,
        series_uids=_once(_texts(series, "SeriesInstanceUID")),
        image_uids=_image_uids(series),
        rois=_numbered(rois, "ROINumber", "ROIName"),
        roi_types=tuple((number, kind) for number, kind in types if kind),
    )


def _of_plan(common: RtReferences, tags: Tags) -> RtReferences:
    groups = _items([tags], "FractionGroupSequence")
    return replace(
        common,
        beam_numbers=_beams(groups),
        fractions=sum(int(n) for n in _texts(groups, "NumberOfFractionsPlanned") if n.isdecimal()),
        # Related plans (PS3.3, C.8.8.9), none of which this one is a part of.
        related_plan_uids=_sop_uids([tags], "ReferencedRTPlanSequence"),
    )


def _of_dose(common: RtReferences, tags: Tags) -> RtReferences:
    plans = _items([tags], "ReferencedRTPlanSequence")
    return replace(
        common,
        date=_text(tags, "InstanceCreationDate"),
        time=_text(tags, "InstanceCreationTime"),
        plan_uids=_once(_texts(plans, "ReferencedSOPInstanceUID")),
        dose_summation_type=_text(tags, "DoseSummationType"),
        dose_units=_text(tags, "DoseUnits"),
        beam_numbers=_beams(_items(plans, "ReferencedFractionGroupSequence")),
    )


def _contour_images(content: BinaryIO) -> tuple[str, ...]:
    """Return the images named contour by contour, where the series' own list names none."""
    rois = _items([_read(content, "ROIContourSequence")], "ROIContourSequence")
    return _image_uids(_items(rois, "ContourSequence"))


def _image_uids(holders: list[Tags]) -> tuple[str, ...]:
    return _sop_uids(holders, "ContourImageSequence")


def _sop_uids(holders: list[Tags], keyword: str) -> tuple[str, ...]:
    return _once(_texts(_items(holders, keyword), "ReferencedSOPInstanceUID"))


def _items(holders: Iterable[Tags], keyword: str) -> list[Tags]:
    """Return the items of that sequence in every holder, in order."""
    return [item for holder in holders for item in holder.get(keyword) or ()]


def _texts(holders: Iterable[Tags], keyword: str) -> list[str]:
    return [text for holder in holders if (text := _text(holder, keyword))]


def _text(tags: Tags, keyword: str) -> str:
    value = tags.get(keyword)
    if isinstance(value, MultiValue):
        value = "\\".join(map(str, value))  # as Orthanc's tags have it
    return "" if value is None else str(value).strip()


def _if_readable(tags: Tags, keyword: str) -> str:
    """Return a text that no reference depends on: it makes no object unreadable."""
    try:
        return _text(tags, keyword)
    except UNREADABLE:
        return ""


def _beams(groups: list[Tags]) -> tuple[int, ...]:
    return tuple(map(int, _texts(_items(groups, "ReferencedBeamSequence"), "ReferencedBeamNumber")))


def _numbered(items: list[Tags], number: str, keyword: str) -> tuple[tuple[int, str], ...]:
    """Return a number and a text of every item that has the number."""
    return tuple((int(n), _text(item, keyword)) for item in items if (n := _text(item, number)))


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    """Return each text once, in order of appearance."""
    return tuple(dict.fromkeys(texts))


def _read(content: BinaryIO, *keywords: str) -> pydicom.Dataset:
    content.seek(0)
    return pydicom.dcmread(content, stop_before_pixels=True, specific_tags=list(keywords))


def _opened(file: bytes | Path | BinaryIO) -> AbstractContextManager[BinaryIO]:
    if isinstance(file, Path):
        return file.open("rb")
    return nullcontext(BytesIO(file) if isinstance(file, bytes) else file)
