"""DICOM as rows: what an archive holds, and what RT objects refer to."""

from imaging.dicom.rows import (
    Archive,
    DateRange,
    InstanceRow,
    PatientRow,
    RtReferences,
    SeriesRow,
    StudyRow,
)

__all__ = [
    "Archive",
    "DateRange",
    "InstanceRow",
    "PatientRow",
    "RtReferences",
    "SeriesRow",
    "StudyRow",
]
