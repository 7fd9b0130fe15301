"""One series of a release: fetched, de-identified, audited, and its originals removed."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pydicom

from imaging.dicom import InstanceRow, SeriesRow
from imaging.dicom.arrival import file_name
from imaging.dicom.audit import audit
from imaging.dicom.deidentify import FileOutcome
from imaging.dicom.reading import UNREADABLE
from imaging.errors import DicomError, InstanceGoneError, RemoteRejectedError
from imaging.release.place import remove_tree
from imaging.release.record import InstanceRecord, SeriesRecord
from imaging.release.run import Release
from imaging.release.source import Source

log = logging.getLogger(__name__)

_FINDINGS = 200  # of a series; the audit's own command tells them all
_GONE, _REJECTED = "gone from the archive", "refused by the archive"
# Known to say what an object is; any other text could be somebody's name.
_MODALITY_WORDS = """
    AR AU BI BMD CR CT DG DX ECG EPS ES GM HC HD IO IVOCT IVUS KO LS MG MR NM OAM OCT OP OPM OPT
    OPTBSV OPTENF OPV OSS OT PLAN PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTPLAN RTRECORD RTSTRUCT
    RWV SC SEG SM SMR SR SRF TG US VA XA XC
"""
_MODALITIES = frozenset(_MODALITY_WORDS.split())


@dataclass(frozen=True, slots=True)
class _Task:
    """A series, and where it goes."""

    series: SeriesRow
    patient: str
    run: Release
    source: Source
    known: SeriesRecord | None

    @property
    def study(self) -> str:
        return _folder_name(self.run, self.series.study_instance_uid)

    @property
    def uid(self) -> str:
        return _folder_name(self.run, self.series.series_instance_uid)

    @property
    def is_reviewed(self) -> bool:
        return self.uid in self.run.reviewed

    def place(self, patient: str) -> str:
        return f"{patient}/{self.study}/{_modality(self.series)}-{self.uid}"


@dataclass(slots=True)
class _Attempt:
    """What one attempt at a series came to, so far."""

    arrived: dict[str, Path] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    made: dict[str, InstanceRecord] = field(default_factory=dict)
    written: set[Path] = field(default_factory=set)

    def take(self, row: InstanceRow, path: Path) -> None:
        self.arrived[row.sop_instance_uid] = path


def release_series(
    series: SeriesRow, patient: str, run: Release, source: Source, known: SeriesRecord | None
) -> SeriesRecord:
    """Release a series; what is there of it already is neither fetched nor written again.

    Args:
        series: As the source lists it.
        patient: The patient's pseudonym; "" where each object has to tell its own.
        run: Where to, and how.
        source: Where the originals are.
        known: The series' record of an earlier run with the same options and key.

    Raises:
        RemoteUnavailableError: The archive was lost.
        OSError: The disk is full, or the like.
    """
    task = _Task(series, patient, run, source, known)
    kept, missing = _sorted_out(task)
    attempt = _Attempt()
    findings = known.findings if known else ()
    staging = run.place.staging / (patient or "unnamed") / task.uid
    try:
        if missing:
            staging.mkdir(mode=0o700, parents=True, exist_ok=True)
            _fetch(task, missing, staging, attempt)
            _make(task, missing, attempt)
            findings = _audited(task, attempt) if attempt.written else findings
    finally:
        remove_tree(staging)
    instances = dict(sorted({**kept, **attempt.made}.items()))
    return SeriesRecord(task.study, task.uid, _modality(series), instances, findings)


def series_key(series: SeriesRow, run: Release) -> str:
    """Return how a patient's record names a series."""
    study = _folder_name(run, series.study_instance_uid)
    return f"{study}/{_folder_name(run, series.series_instance_uid)}"


def _sorted_out(task: _Task) -> tuple[dict[str, InstanceRecord], list[InstanceRow]]:
    """Tell what is there from what is missing, or was made of something else than there is now."""
    known: Mapping[str, InstanceRecord] = task.known.instances if task.known else {}
    kept, missing = {}, []
    for row in task.series.instances:
        uid = task.run.deidentifier.uid(row.sop_instance_uid)
        entry = known.get(uid)
        if entry is not None and _still_holds(entry, row, task):
            kept[uid] = entry
        else:
            missing.append(row)
    return kept, missing


def _still_holds(entry: InstanceRecord, row: InstanceRow, task: _Task) -> bool:
    if entry.refused or entry.mark != task.run.mark(row, is_reviewed=task.is_reviewed):
        return False
    place = task.run.place
    folder = place.data if entry.is_released else place.held_back
    return not entry.file or (folder / entry.file).exists()


def _fetch(task: _Task, rows: Sequence[InstanceRow], staging: Path, attempt: _Attempt) -> None:
    """Fetch all at once; where some do not come, one at a time, to learn why of each."""
    try:
        task.source.fetch(task.series, staging, rows, attempt.take)
    except (InstanceGoneError, DicomError, RemoteRejectedError) as error:
        log.info("%s: %s; asking for the rest singly", task.uid, type(error).__name__)
        for row in rows:
            if row.sop_instance_uid not in attempt.arrived:
                _fetch_one(task, row, staging, attempt)


def _fetch_one(task: _Task, row: InstanceRow, staging: Path, attempt: _Attempt) -> None:
    try:
        task.source.fetch(task.series, staging, [row], attempt.take)
    except InstanceGoneError:
        attempt.refused[row.sop_instance_uid] = _GONE
    except RemoteRejectedError:
        attempt.refused[row.sop_instance_uid] = _REJECTED
    except DicomError as error:
        attempt.refused[row.sop_instance_uid] = str(error.args[1])


def _make(task: _Task, rows: Sequence[InstanceRow], attempt: _Attempt) -> None:
    for row in rows:
        uid = task.run.deidentifier.uid(row.sop_instance_uid)
        mark = task.run.mark(row, is_reviewed=task.is_reviewed)
        try:
            attempt.made[uid] = _made(task, row, mark, attempt)
        except DicomError as error:  # its text may be that of the original's UID: only the reason
            reason = str(error.args[1])
            attempt.made[uid] = InstanceRecord(row.size, mark, refused=reason)


def _made(task: _Task, row: InstanceRow, mark: str, attempt: _Attempt) -> InstanceRecord:
    """De-identify one file, or tell why not; what is held back is made for looking at."""
    path = attempt.arrived.get(row.sop_instance_uid)
    if path is None:
        reason = attempt.refused.get(row.sop_instance_uid, _GONE)
        return InstanceRecord(row.size, mark, refused=reason)
    run = task.run
    patient = task.patient or _own_pseudonym(path, run)
    name = file_name(run.deidentifier.uid(row.sop_instance_uid))
    file = f"{task.place(patient)}/{name}"
    maker = run.unsuspecting if task.is_reviewed else run.deidentifier
    outcome = maker.file(path, run.place.data / file)
    if outcome.is_written:
        attempt.written.add((run.place.data / file).parent)
        return InstanceRecord(row.size, mark, file, done=_counts(outcome))
    copy = run.unsuspecting.file(path, run.place.held_back / file)
    reasons = tuple(suspicion.name for suspicion in outcome.held_back)
    return InstanceRecord(row.size, mark, file * copy.is_written, reasons)


def _counts(outcome: FileOutcome) -> dict[str, int]:
    return {done.name: count for done, count in outcome.counts.items() if count}


def _own_pseudonym(path: Path, run: Release) -> str:
    """Return the pseudonym of a patient without a PatientID, as their object gets it."""
    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        return run.deidentifier.patient_id(dataset)
    except UNREADABLE as error:
        msg = f"malformed: {type(error).__name__}"
        raise DicomError(path.name, msg) from None


def _audited(task: _Task, attempt: _Attempt) -> tuple[tuple[str, str, str], ...]:
    """Search what was written for what is in its originals."""
    originals = {path.parent for path in attempt.arrived.values()}
    found: list[tuple[str, str, str]] = []
    for folder, source in product(sorted(attempt.written), sorted(originals)):
        report = audit(folder, source, kept_roi_names=task.run.options.kept_roi_names)
        found += [(one.file, one.place, one.kind.name) for one in report.findings]
    return tuple(dict.fromkeys(found))[:_FINDINGS]


def _folder_name(run: Release, uid: str) -> str:
    """Return what a UID becomes, as a folder's name."""
    new = run.deidentifier.uid(uid) or "without-uid"
    file_name(new)  # refuses one that would lead elsewhere, where UIDs are retained
    return new


def _modality(series: SeriesRow) -> str:
    return series.modality if series.modality in _MODALITIES else "OT"
