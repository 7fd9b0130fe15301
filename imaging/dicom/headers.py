"""One DICOM file on disk, summarised as an archive summarises an instance."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pydicom

from imaging.dicom.reading import UNREADABLE, reason
from imaging.dicom.references import RT_MODALITIES, read_references, uid_of
from imaging.dicom.rows import RtReferences, Vector
from imaging.dicom.tags import (
    IMAGE_TAGS,
    is_image,
    joined,
    matrix_of,
    series_tags,
    tag_text,
    vector,
)
from imaging.dicom.whole import read_meta, structural_fault
from imaging.errors import DicomError

_DICOMDIR = "1.2.840.10008.1.3.10"
_KEYWORDS = [
    *IMAGE_TAGS,
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "PatientBirthDate",
    "PatientID",
    "PatientName",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "StudyDate",
    "StudyDescription",
    "StudyInstanceUID",
    "StudyTime",
]


@dataclass(frozen=True, slots=True)
class Header:
    """What the rows of an archive need of one instance.

    Attributes:
        references: Of a readable RT object.
        fault: Why the file cannot be used, "" where it can.
    """

    patient_id: str
    patient_name: str
    study_instance_uid: str
    study_date: str
    study_description: str
    series_instance_uid: str
    modality: str
    sop_instance_uid: str
    position_mm: Vector
    orientation: Vector
    patient_birth_date: str = ""
    study_time: str = ""
    matrix: tuple[int, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    references: RtReferences | None = None
    fault: str = ""


def read_header(path: Path) -> Header | None:
    """Summarise a file, None when it is not a DICOM instance.

    Raises:
        DicomError: It is DICOM, but so broken that its series cannot be told.
        OSError: It cannot be read at all.
    """
    with path.open("rb") as file:
        meta = read_meta(file.read(2048))
        if meta is None or meta.sop_class_uid == _DICOMDIR:
            return None
        fault = structural_fault(file)
        try:
            return _header(file, fault)
        except UNREADABLE as error:
            raise DicomError(
                uid_of(file), fault or f"unreadable ({type(error).__name__})"
            ) from error


def _header(file: BinaryIO, fault: str) -> Header:
    """Read what is needed; of a file that is cut short, what comes before the cut."""
    file.seek(0)
    dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(_KEYWORDS))
    texts = {keyword: tag_text(dataset, keyword) for keyword in _KEYWORDS[len(IMAGE_TAGS) :]}
    if not all(texts[f"{level}InstanceUID"] for level in ("Study", "Series", "SOP")):
        msg = "without the UIDs of its study, series and instance"
        raise DicomError(uid_of(file), fault or msg)
    modality = tag_text(dataset, "Modality")
    references, fault = _references(file, modality, fault)
    return Header(
        patient_id=joined(dataset.get("PatientID")),  # spaces before it are part of it
        patient_name=texts["PatientName"],
        study_instance_uid=texts["StudyInstanceUID"],
        study_date=texts["StudyDate"],
        study_description=texts["StudyDescription"],
        series_instance_uid=texts["SeriesInstanceUID"],
        modality=modality,
        sop_instance_uid=texts["SOPInstanceUID"],
        position_mm=vector(texts["ImagePositionPatient"]),
        orientation=vector(texts["ImageOrientationPatient"]),
        patient_birth_date=texts["PatientBirthDate"],
        study_time=texts["StudyTime"],
        matrix=matrix_of(dataset) if is_image(modality) else (),
        tags=series_tags(dataset, modality),
        references=references,
        fault=fault,
    )


def _references(file: BinaryIO, modality: str, fault: str) -> tuple[RtReferences | None, str]:
    """Read what a whole RT object refers to; return that and what is wrong with the file by now."""
    if modality not in RT_MODALITIES or fault:
        return None, fault
    try:
        return read_references(file), ""
    except DicomError as error:
        return None, reason(error)
