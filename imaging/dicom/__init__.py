"""DICOM as rows: what an archive holds, and what RT objects refer to."""

from imaging.dicom.archive import Archive
from imaging.dicom.changes import Changes
from imaging.dicom.folder import FolderArchive
from imaging.dicom.identity import HeldIds
from imaging.dicom.names import name_key, name_matches
from imaging.dicom.references import read_references
from imaging.dicom.rows import (
    DateRange,
    Holding,
    InstanceRow,
    PatientRow,
    RtReferences,
    SeriesRow,
    StudyRow,
)

__all__ = [
    "Archive",
    "Changes",
    "DateRange",
    "FolderArchive",
    "HeldIds",
    "Holding",
    "InstanceRow",
    "PatientRow",
    "RtReferences",
    "SeriesRow",
    "StudyRow",
    "name_key",
    "name_matches",
    "read_references",
]
