"""One series of a release: fetched, de-identified, audited, and its originals removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pydicom

from imaging.dicom import InstanceRow, SeriesRow
from imaging.dicom.arrival import file_name, names_a_file
from imaging.dicom.audit import Finding, Kind, audit
from imaging.dicom.deidentify import FileOutcome
from imaging.dicom.reading import UNREADABLE
from imaging.errors import DicomError
from imaging.release.fetching import GONE, Fetched, fetch, is_of_original, reason_of
from imaging.release.place import remove_tree
from imaging.release.record import InstanceRecord, SeriesRecord
from imaging.release.reviews import instance_key, release_looked_at
from imaging.release.run import Release
from imaging.release.source import Source

_ASTRAY = "a UID of its study or series that cannot name a folder"
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
    known: SeriesRecord | None

    @property
    def study(self) -> str:
        return _folder_name(self.run, self.series.study_instance_uid)

    @property
    def uid(self) -> str:
        return _folder_name(self.run, self.series.series_instance_uid)

    @property
    def is_astray(self) -> bool:
        """Whether a UID that is retained would lead elsewhere as a folder's name."""
        uids = (self.series.study_instance_uid, self.series.series_instance_uid)
        new = (self.run.deidentifier.uid(uid) for uid in uids)
        return not all(names_a_file(uid) for uid in new if uid)

    def place(self, patient: str) -> str:
        return f"{patient}/{self.study}/{_modality(self.series)}-{self.uid}"

    def mark(self, row: InstanceRow) -> str:
        return self.run.mark(row)

    def is_reviewed(self, row: InstanceRow) -> bool:
        """Whether a person has looked at it, with the content that it has now."""
        uid = self.run.deidentifier.uid(row.sop_instance_uid)
        return instance_key(uid, self.mark(row)) in self.run.reviewed


@dataclass(slots=True)
class _Attempt:
    """What one attempt at a series came to, so far."""

    fetched: Fetched = field(default_factory=Fetched)
    made: dict[str, InstanceRecord] = field(default_factory=dict)
    written: set[tuple[Path, Path]] = field(default_factory=set)  # folders: to which, and whence


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
        OSError: The disk is full, or the like; what is wrong with an original is no such error.
    """
    task = _Task(series, patient, run, known)
    kept, missing = _sorted_out(task)
    attempt = _Attempt()
    staging = run.place.staging / (patient or "unnamed") / task.uid
    try:
        if missing and not task.is_astray:
            staging.mkdir(mode=0o700, parents=True, exist_ok=True)
            attempt.fetched = fetch(source, series, missing, staging)
        _make(task, missing, attempt)
        findings = _findings(task, kept, attempt)
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
    if entry.refused or entry.mark != task.mark(row):
        return False
    if entry.held_back and entry.file and task.is_reviewed(row):
        return False  # held back then, to be released now
    place = task.run.place
    folder = place.data if entry.is_released else place.held_back
    return not entry.file or (folder / entry.file).exists()


def _make(task: _Task, rows: Sequence[InstanceRow], attempt: _Attempt) -> None:
    """Make each object; one that cannot be made is refused, and counted even without a UID."""
    for number, row in enumerate(rows, start=1):
        uid = task.run.deidentifier.uid(row.sop_instance_uid) or f"without-uid-{number}"
        try:
            attempt.made[uid] = _made(task, row, attempt)
        except DicomError as error:
            attempt.made[uid] = _refused(task, row, reason_of(error))
        except OSError as error:
            if not is_of_original(error, attempt.fetched.arrived[row.sop_instance_uid]):
                raise
            attempt.made[uid] = _refused(task, row, reason_of(error))


def _refused(task: _Task, row: InstanceRow, reason: str) -> InstanceRecord:
    return InstanceRecord(row.size, task.mark(row), refused=reason)


def _made(task: _Task, row: InstanceRow, attempt: _Attempt) -> InstanceRecord:
    """De-identify one file, or tell why not; what is held back is made for looking at."""
    path = attempt.fetched.arrived.get(row.sop_instance_uid)
    if path is None:
        other = _ASTRAY if task.is_astray else GONE
        return _refused(task, row, attempt.fetched.refused.get(row.sop_instance_uid, other))
    run, mark = task.run, task.mark(row)
    patient = task.patient or _own_pseudonym(path, run)
    name = file_name(run.deidentifier.uid(row.sop_instance_uid))
    file = f"{task.place(patient)}/{name}"
    target, to_look_at = run.place.data / file, run.place.held_back / file
    outcome = run.deidentifier.file(path, target)
    if not outcome.is_written:
        copy = run.unsuspecting.file(path, to_look_at)
        if not (copy.is_written and task.is_reviewed(row)):
            reasons = tuple(suspicion.name for suspicion in outcome.held_back)
            return InstanceRecord(row.size, mark, file * copy.is_written, reasons)
        release_looked_at(to_look_at, target)
        to_look_at.unlink()
        outcome = copy
    attempt.written.add((target.parent, path.parent))
    return InstanceRecord(row.size, mark, file, done=_counts(outcome))


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


def _findings(
    task: _Task, kept: Mapping[str, InstanceRecord], attempt: _Attempt
) -> tuple[tuple[str, str, str], ...]:
    """Search what was written for what is in its originals; what was found in kept files stays.

    Of a file, each kind is told once; the audit's own command tells every place.
    """
    known = task.known or SeriesRecord("", "", "")
    other = {Path(one.file).name for uid, one in known.instances.items() if uid not in kept}
    is_kept = any(one.is_released for one in kept.values())
    found = [one for one in known.findings if is_kept and Path(one[0]).name not in other]
    for folder, source in sorted(attempt.written):
        report = audit(folder, source, kept_roi_names=task.run.options.kept_roi_names)
        counted = (one for one in report.findings if _counts_here(one, task.run))
        found += [(one.file, one.place, one.kind.name) for one in counted]
    first: dict[tuple[str, str], tuple[str, str, str]] = {}
    for file, place, kind in found:
        first.setdefault((file, kind), (file, place, kind))
    return tuple(first.values())


def _counts_here(finding: Finding, run: Release) -> bool:
    """Whether a finding is one; who switches holding back off takes burned-in annotation along."""
    return finding.kind is not Kind.BURNED_IN or run.options.hold_back_pixels


def _folder_name(run: Release, uid: str) -> str:
    """Return what a UID becomes, as a folder's name; one that would lead elsewhere is replaced."""
    new = run.deidentifier.uid(uid)
    safe = new if not new or names_a_file(new) else run.deidentifier.keyed.uid(uid)
    return safe or "without-uid"


def _modality(series: SeriesRow) -> str:
    return series.modality if series.modality in _MODALITIES else "OT"
