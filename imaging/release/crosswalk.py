"""Who became whom in a release; the rows stay in memory until they are encrypted."""

import errno
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pydicom
from pydicom import Dataset

from imaging.dicom import InstanceRow, StudyRow
from imaging.dicom.crosswalk import KEY_VARIABLE, Crosswalk, read
from imaging.dicom.deidentify.subject import accession_pseudonym
from imaging.dicom.reading import UNREADABLE
from imaging.errors import (
    DicomError,
    InputError,
    InstanceGoneError,
    RemoteRejectedError,
    RemoteUnavailableError,
    SettingError,
)
from imaging.orthanc.answers import ServerFaultError
from imaging.release.place import ReleaseFolder, make_private, remove_tree
from imaging.release.record import PatientRecord
from imaging.release.run import Release
from imaging.release.source import ReleasePatient, Source

Row = tuple[str, str, str]
_LEAST_PASSPHRASE = 16
_OF_ONE_OBJECT = (
    *UNREADABLE,
    DicomError,
    IndexError,
    InstanceGoneError,
    RemoteRejectedError,
    ServerFaultError,
)
_OUR_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


def check_crosswalk(place: ReleaseFolder, passphrase: str) -> None:
    """Make sure that the crosswalk can be written, before anything is fetched.

    Raises:
        SettingError: The passphrase is missing or too short, or another one wrote the crosswalk.
    """
    if len(passphrase) < _LEAST_PASSPHRASE:
        msg = f"a crosswalk needs a passphrase of at least {_LEAST_PASSPHRASE} characters"
        raise SettingError(KEY_VARIABLE, msg)
    try:
        if place.crosswalk.exists():
            read(place.crosswalk, passphrase)
    except InputError as error:
        raise SettingError(KEY_VARIABLE, str(error)) from error


def crosswalk_rows(source: Source, group: Sequence[ReleasePatient], run: Release) -> list[Row]:
    """Return the rows of some patients: themselves, studies, series, accession numbers.

    Whoever, and whatever, has no object in the release is left out. An accession number is read out
    of one object of each study, as archives do not list it.

    Raises:
        RemoteUnavailableError: The archive was lost.
        SettingError: The address or the credentials are wrong.
        OSError: The disk is full, or the like.
        InputError: Anything else, by its kind.
    """
    staging = run.place.staging / "crosswalk" / group[0].pseudonym
    try:
        try:
            rows = [row for one in group for row in _of_patient(source, one, staging, run)]
        finally:
            remove_tree(staging)
    except Exception as error:  # noqa: BLE001 - the crosswalk's boundary: see what it raises
        raise _telling_nothing(error) from None
    return [row for row in rows if row[1].strip()]


def write_crosswalk(rows: Sequence[Sequence[Row]], place: ReleaseFolder, passphrase: str) -> Path:
    """Add rows to the crosswalk of a release, and return its file."""
    make_private(place.crosswalk.parent)
    crosswalk = Crosswalk(row for group in rows for row in group)
    crosswalk.write(place.crosswalk, passphrase, beside=place.data)
    return place.crosswalk


def _of_patient(
    source: Source, patient: ReleasePatient, staging: Path, run: Release
) -> Iterator[Row]:
    record = PatientRecord.read_or_none(run.place.record(patient.pseudonym))
    own = record.series.values() if record else ()
    released = [
        series for series in own if any(one.is_released for one in series.instances.values())
    ]
    studies, series = {one.study for one in released}, {one.series for one in released}
    for listed in source.patients(patient.patient_ids) if released else ():
        yield "patient", listed.patient_id, patient.pseudonym
        for study in listed.studies:
            if run.deidentifier.uid(study.study_instance_uid) in studies:
                yield from _of_study(source, study, series, staging, run)


def _of_study(
    source: Source, study: StudyRow, released: set[str], staging: Path, run: Release
) -> Iterator[Row]:
    uid = run.deidentifier.uid
    yield "study", study.study_instance_uid, uid(study.study_instance_uid)
    for series in study.series:
        if (new := uid(series.series_instance_uid)) in released:
            yield "series", series.series_instance_uid, new
    accession = _accession(source, study, staging)
    yield "accession", accession, accession_pseudonym(accession, run.deidentifier.keyed)


def _accession(source: Source, study: StudyRow, staging: Path) -> str:
    """Read the accession number out of the smallest object that can be read; "" without one.

    Raises:
        OSError: The disk is full, or the like; what is wrong with one original is passed over.
    """
    rows = [(row, series) for series in study.series for row in series.instances]
    found: list[Path] = []

    def take(_row: InstanceRow, path: Path) -> None:
        found.append(path)

    for row, series in sorted(rows, key=lambda pair: pair[0].size):
        with suppress(*_OF_ONE_OBJECT):
            try:
                source.fetch(series, staging, [row], take)
                return str(_header(found[-1]).get("AccessionNumber", "")).strip()
            except OSError as error:
                if error.errno in _OUR_DISK:
                    raise
    return ""


def _telling_nothing(error: Exception) -> Exception:
    """Return what to raise in an error's place, as texts and paths may name an original."""
    if isinstance(error, SettingError):
        return error
    if isinstance(error, RemoteUnavailableError):
        return RemoteUnavailableError("the archive was lost while the crosswalk was made")
    if isinstance(error, OSError):
        return OSError(error.errno, error.strerror)
    return InputError(f"the crosswalk could not be made: {type(error).__name__}")


def _header(path: Path) -> Dataset:
    return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["AccessionNumber"])
