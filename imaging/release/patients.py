"""Patients of a release, one after the other: a failure is recorded, and the next one goes on."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from imaging.errors import ImagingError, RemoteUnavailableError, SettingError
from imaging.release.place import keep_only
from imaging.release.record import PatientRecord
from imaging.release.run import Release
from imaging.release.series import release_series, series_key
from imaging.release.source import ReleasePatient, Source, merged

log = logging.getLogger(__name__)

_ABSENT = "not in the archive"


def release_group(source: Source, group: Sequence[ReleasePatient], run: Release) -> int:
    """Release several patients; return of how many nothing is missing.

    Raises:
        RemoteUnavailableError: The archive was lost over one of them; the others were tried. What
            is finished is not touched when the group is tried again.
        SettingError: The address or the credentials are wrong; no patient is to blame.
    """
    lost: RemoteUnavailableError | None = None
    complete = 0
    for patient in group:
        try:
            complete += not release_patient(source, patient, run).failure
        except RemoteUnavailableError as error:
            lost = error
    if lost is not None:
        raise lost
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
    record = _begun(before, run)
    record.write(path)
    try:
        record = _released(source, patient, record, run)
    except (RemoteUnavailableError, SettingError):
        _failed(patient, "the archive was lost", run)
        raise
    except Exception as error:  # noqa: BLE001 - the patient's boundary: recorded, others go on
        # The error's text stays out of record and log: an unforeseen one may quote a value.
        log.warning("%s could not be released: %s", patient.pseudonym, type(error).__name__)
        return _failed(patient, _in_words(error), run)
    return record


def _begun(before: PatientRecord | None, run: Release) -> PatientRecord:
    """Take over what holds still; what rests on other options goes at once."""
    if before is None or before.basis == run.basis:
        return PatientRecord(run.basis, run.run_id, before.series if before else {})
    for folder, names in zip((run.place.data, run.place.held_back), before.files(), strict=True):
        for name in names:
            (folder / name).unlink(missing_ok=True)
    return PatientRecord(run.basis, run.run_id)


def _failed(patient: ReleasePatient, failure: str, run: Release) -> PatientRecord:
    path = run.place.record(patient.pseudonym)
    record = replace(PatientRecord.read(path), failure=failure)
    record.write(path)
    return record


def _released(
    source: Source, patient: ReleasePatient, record: PatientRecord, run: Release
) -> PatientRecord:
    """Release series after series; the record follows, for a kill or a lost archive."""
    path = run.place.record(patient.pseudonym)
    rows = list(source.patients(patient.patient_ids))
    if not rows:
        return _failed(patient, _ABSENT, run)
    pseudonym = patient.pseudonym if any(id_.strip(" \0") for id_ in patient.patient_ids) else ""
    before, own = record.files(), {}
    for series in merged(series for row in rows for series in row.series):
        key = series_key(series, run)
        own[key] = release_series(series, pseudonym, run, source, record.series.get(key))
        record = record.with_series(own[key])
        record.write(path)
    refused = sum(bool(one.refused) for series in own.values() for one in series.instances.values())
    record = replace(record, series=own, failure=f"{refused} refused" if refused else "")
    _tidy(patient, before, record, run)
    record.write(path)
    return record


def _tidy(
    patient: ReleasePatient, before: tuple[set[str], set[str]], record: PatientRecord, run: Release
) -> None:
    """Remove what of the patient is no longer made, and what a killed run may have left."""
    folders = (run.place.data, run.place.held_back)
    for folder, earlier, now in zip(folders, before, record.files(), strict=True):
        wanted = {folder / name for name in now}
        patients = {name.partition("/")[0] for name in earlier | now} | {patient.pseudonym}
        for name in patients:
            keep_only(folder / name, wanted)


def _in_words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"disk: {error.strerror}"
    return type(error).__name__ if isinstance(error, ImagingError) else "an unforeseen error"
