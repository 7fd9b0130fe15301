"""Rows of what a folder holds: its files, grouped into series, studies and patients."""

import filecmp
from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path

from imaging.dicom.identity import different_dates, different_names
from imaging.dicom.index import Entry
from imaging.dicom.rows import InstanceRow, PatientRow, SeriesRow, StudyRow

Files = dict[str, list[Entry]]  # of a series, by SOPInstanceUID, each by path


def patient_row(patient_id: str, entries: Sequence[Entry], root: Path) -> PatientRow:
    """Group a patient's files into series and studies.

    Args:
        patient_id: As the files spell it.
        entries: The files, by path: of several with the same UIDs the first one counts.
        root: What their paths are below.
    """
    studies: dict[str, dict[str, Files]] = {}
    for entry in entries:
        series = studies.setdefault(entry.header.study_instance_uid, {})
        own = series.setdefault(entry.header.series_instance_uid, {})
        own.setdefault(entry.header.sop_instance_uid, []).append(entry)
    rows = (_study_row(series, root) for series in studies.values())
    return PatientRow(patient_id, tuple(rows)).in_order()


def _study_row(series: dict[str, Files], root: Path) -> StudyRow:
    entries = [one for own in series.values() for copies in own.values() for one in copies]
    headers = [entry.header for entry in sorted(entries, key=attrgetter("path"))]
    first = headers[0]
    return StudyRow(
        study_instance_uid=first.study_instance_uid,
        study_date=first.study_date,
        description=first.study_description,
        series=tuple(_series_row(own, root) for own in series.values()),
        patient_name=first.patient_name,
        patient_birth_date=first.patient_birth_date,
        study_time=first.study_time,
        patient_names=different_names(first.patient_name, {one.patient_name for one in headers}),
        patient_birth_dates=different_dates(one.patient_birth_date for one in headers),
    )


def _series_row(files: Files, root: Path) -> SeriesRow:
    entries = [copies[0] for copies in files.values()]
    headers = [entry.header for entry in entries]
    first = min(headers, key=attrgetter("sop_instance_uid"))
    return SeriesRow(
        series_instance_uid=first.series_instance_uid,
        study_instance_uid=first.study_instance_uid,
        modality=first.modality,
        instances=tuple(map(_instance_row, entries)),
        tags=first.tags,
        references=tuple(header.references for header in headers if header.references),
        unreadable={header.sop_instance_uid: header.fault for header in headers if header.fault},
        conflicting=tuple(sorted(uid for uid, copies in files.items() if _differ(copies, root))),
    )


def _differ(copies: Sequence[Entry], root: Path) -> bool:
    """Tell whether files of one UID differ; what cannot be compared now counts as different."""
    first, *others = copies
    if any(other.stamp.size != first.stamp.size for other in others):
        return True
    try:
        return not all(
            filecmp.cmp(root / first.path, root / other.path, shallow=False) for other in others
        )
    except OSError:
        return True


def _instance_row(entry: Entry) -> InstanceRow:
    return InstanceRow(
        sop_instance_uid=entry.header.sop_instance_uid,
        size=entry.stamp.size,
        fingerprint=f"{entry.stamp.size}-{entry.stamp.mtime_ns}",
        locator=entry.path,
        position_mm=entry.header.position_mm,
        orientation=entry.header.orientation,
        matrix=entry.header.matrix,
    )
