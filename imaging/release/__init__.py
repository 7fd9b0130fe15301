"""Releases: de-identified copies that may leave, and apart from them what must not."""

from imaging.release.crosswalk import check_crosswalk, crosswalk_rows, write_crosswalk
from imaging.release.patients import release_group, release_patient
from imaging.release.place import ReleaseBusyError, ReleaseFolder
from imaging.release.record import InstanceRecord, PatientRecord, SeriesRecord
from imaging.release.report import as_markdown, as_table
from imaging.release.run import Release, open_release
from imaging.release.sending import send_patients
from imaging.release.source import CohortSource, ReleasePatient, Source
from imaging.release.summary import ReleaseFailedError, ReleaseSummary, summarise

__all__ = [
    "CohortSource",
    "InstanceRecord",
    "PatientRecord",
    "Release",
    "ReleaseBusyError",
    "ReleaseFailedError",
    "ReleaseFolder",
    "ReleasePatient",
    "ReleaseSummary",
    "SeriesRecord",
    "Source",
    "as_markdown",
    "as_table",
    "check_crosswalk",
    "crosswalk_rows",
    "open_release",
    "release_group",
    "release_patient",
    "send_patients",
    "summarise",
    "write_crosswalk",
]
