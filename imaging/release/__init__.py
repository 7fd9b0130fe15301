"""Releases: de-identified copies that may leave, and apart from them what must not."""

from imaging.release.crosswalk import check_crosswalk, crosswalk_rows, write_crosswalk
from imaging.release.patients import release_group, release_patient, withdraw_absent
from imaging.release.place import ReleaseBusyError, ReleaseFolder
from imaging.release.record import InstanceRecord, PatientRecord, SeriesRecord
from imaging.release.report import as_markdown, as_table
from imaging.release.run import Release, open_release
from imaging.release.sending import Sent, groups_to_send, send_patients, sent_in_words
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
    "Sent",
    "SeriesRecord",
    "Source",
    "as_markdown",
    "as_table",
    "check_crosswalk",
    "crosswalk_rows",
    "groups_to_send",
    "open_release",
    "release_group",
    "release_patient",
    "send_patients",
    "sent_in_words",
    "summarise",
    "withdraw_absent",
    "write_crosswalk",
]
