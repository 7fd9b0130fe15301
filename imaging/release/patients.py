"""Patients of a release, one after the other: a failure is recorded, and the next one goes on."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace

from imaging.dicom import SeriesRow
from imaging.errors import ImagingError, RemoteUnavailableError, SettingError
from imaging.release.place import keep_only
from imaging.release.record import PatientRecord, SeriesRecord
from imaging.release.run import Release
from imaging.release.series import release_series, series_key
from imaging.release.source import ReleasePatient, Source, UndecidedError, merged

log = logging.getLogger(__name__)

_ABSENT, _LOST = "not in the archive", "the archive was lost"


def release_group(source: Source, group: Sequence[ReleasePatient], run: Release) -> int:
    """Release several patients; return of how many nothing is missing.

    Raises:
        RemoteUnavailableError: The archive was lost over one of them; the others were tried. What
            is finished is not touched when the group is tried again.
        SettingError: The address or the credentials are wrong; no patient is to blame.
    """
    lost = False
    complete = 0
    for patient in group:
        try:
            complete += not release_patient(source, patient, run).failure
        except RemoteUnavailableError:
            lost = True
    if lost:
        raise RemoteUnavailableError(_LOST)
    return complete


def release_patient(source: Source, patient: ReleasePatient, run: Release) -> PatientRecord:
    """Release one patient, and record what came of it.

    Raises:
        RemoteUnavailableError: The archive was lost; the record says so, another try continues.
        SettingError: The address or the credentials are wrong.
    """
    path = run.place.record(patient.pseudonym)
    before = PatientRecord.read_or_none(path)
    if before is not None and before.run_id == run.run_id and not before.failure:
        return before  # done by an earlier try of this run
    record = _begun(patient.pseudonym, before, run)
    record.write(path)
    passed_on: ImagingError | None = None
    try:
        return _released(source, patient, record, run)
    except (RemoteUnavailableError, SettingError) as error:
        failure, passed_on = _LOST, _bare(error)
    except Exception as error:  # noqa: BLE001 - the patient's boundary: recorded, others go on
        # The error's text stays out of record and log: an unforeseen one may quote a value.
        log.warning("%s could not be released: %s", patient.pseudonym, type(error).__name__)
        failure = _in_words(error)
    # Only here: what is raised inside a handler is shown with the error that it handles.
    record = _failed(patient, failure, run)
    if passed_on is not None:
        raise passed_on
    return record


def withdraw_absent(groups: Sequence[Sequence[ReleasePatient]], run: Release) -> int:
    """Remove from the release whom the archive no longer has; return how many they are.

    Args:
        groups: Everyone whom the archive has, not a choice among them. Nobody at all removes
            nothing: that is an archive of what was released from it.
        run: The release.
    """
    present = {patient.pseudonym for group in groups for patient in group}
    withdrawn = 0
    for path in run.place.all_records() if present else ():
        record = PatientRecord.read_or_none(path)
        if path.stem not in present and record is not None and record.series:
            emptied = PatientRecord(record.basis, run.run_id, {}, "")
            _tidy(path.stem, record.files(), emptied, run)
            emptied.write(path)
            withdrawn += 1
    return withdrawn


def _bare(error: ImagingError) -> ImagingError:
    """Return the error anew, without what may name an original: its text, and what it came of."""
    if isinstance(error, SettingError):
        return SettingError(error.setting, error.args[1])
    return RemoteUnavailableError(_LOST)


def _begun(pseudonym: str, before: PatientRecord | None, run: Release) -> PatientRecord:
    """Take over what holds still; what rests on other options goes at once."""
    if before is None or before.basis == run.basis:
        return PatientRecord(run.basis, run.run_id, before.series if before else {})
    record = PatientRecord(run.basis, run.run_id)
    _tidy(pseudonym, before.files(), record, run)
    return record


def _failed(patient: ReleasePatient, failure: str, run: Release) -> PatientRecord:
    """Record a failure, and remove what the record does not list: nobody compared it."""
    path = run.place.record(patient.pseudonym)
    record = replace(PatientRecord.read(path), failure=failure)
    try:
        _tidy(patient.pseudonym, record.files(), record, run)
    except OSError as error:
        log.warning("%s could not be tidied: %s", patient.pseudonym, type(error).__name__)
    record.write(path)
    return record


def _released(
    source: Source, patient: ReleasePatient, record: PatientRecord, run: Release
) -> PatientRecord:
    """Release series after series; the record follows, for a kill or a lost archive."""
    path = run.place.record(patient.pseudonym)
    rows = list(source.patients(patient.patient_ids))
    listed = merged(series for row in rows for series in row.series)
    before = record.files()
    # First of all: what was withdrawn must not stay because something else fails.
    record = _without_withdrawn(record, listed, run)
    _tidy(patient.pseudonym, before, record, run)
    record.write(path)
    if not rows:
        return _failed(patient, _ABSENT, run)
    pseudonym = patient.pseudonym if any(id_.strip(" \0") for id_ in patient.patient_ids) else ""
    own = {}
    for series in listed:
        key = series_key(series, run)
        own[key] = release_series(series, pseudonym, run, source, record.series.get(key))
        record = record.with_series(own[key])
        record.write(path)
    refused = sum(bool(one.refused) for series in own.values() for one in series.instances.values())
    record = replace(record, series=own, failure=f"{refused} refused" if refused else "")
    _tidy(patient.pseudonym, before, record, run)
    record.write(path)
    return record


def _without_withdrawn(
    record: PatientRecord, listed: Sequence[SeriesRow], run: Release
) -> PatientRecord:
    """Return the record without the series and files that the archive no longer lists."""
    uids = {
        series_key(series, run): {
            run.deidentifier.uid(row.sop_instance_uid) for row in series.instances
        }
        for series in listed
    }
    left = {
        key: _left_of(series, uids[key]) for key, series in record.series.items() if key in uids
    }
    return replace(record, series=left)


def _left_of(series: SeriesRecord, uids: Collection[str]) -> SeriesRecord:
    """Return a series without the files of other instances, and what was found in them."""
    left = {uid: one for uid, one in series.instances.items() if uid in uids or not one.file}
    gone = {one.file for uid, one in series.instances.items() if uid not in left}
    names = {file.rpartition("/")[2] for file in gone}
    findings = tuple(one for one in series.findings if one[0] not in names)
    return replace(series, instances=left, findings=findings)


def _tidy(
    pseudonym: str, before: tuple[set[str], set[str]], record: PatientRecord, run: Release
) -> None:
    """Remove what of the patient is no longer made, and what a killed run may have left."""
    folders = (run.place.data, run.place.held_back)
    for folder, earlier, now in zip(folders, before, record.files(), strict=True):
        wanted = {folder / name for name in now}
        patients = {name.partition("/")[0] for name in earlier | now} | {pseudonym}
        for name in patients:
            keep_only(folder / name, wanted)


def _in_words(error: Exception) -> str:
    if isinstance(error, UndecidedError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"disk: {error.strerror}"
    return type(error).__name__ if isinstance(error, ImagingError) else "an unforeseen error"
