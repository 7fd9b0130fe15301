"""Who became whom in a release; the rows stay in memory until they are encrypted."""

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
    SettingError,
)
from imaging.release.place import ReleaseFolder, make_private, remove_tree
from imaging.release.run import Release
from imaging.release.source import ReleasePatient, Source

Row = tuple[str, str, str]
_LEAST_PASSPHRASE = 16


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

    An accession number is read out of one object of each study, as archives do not list it.

    Raises:
        RemoteUnavailableError: The archive was lost.
    """
    staging = run.place.staging / "crosswalk" / group[0].pseudonym
    rows: list[Row] = []
    try:
        for patient in group:
            for listed in source.patients(patient.patient_ids):
                rows.append(("patient", listed.patient_id, patient.pseudonym))
                rows += [
                    row for study in listed.studies for row in _rows(source, study, staging, run)
                ]
    finally:
        remove_tree(staging)
    return [row for row in rows if row[1].strip()]


def write_crosswalk(rows: Sequence[Sequence[Row]], place: ReleaseFolder, passphrase: str) -> Path:
    """Add rows to the crosswalk of a release, and return its file."""
    make_private(place.crosswalk.parent)
    crosswalk = Crosswalk(row for group in rows for row in group)
    crosswalk.write(place.crosswalk, passphrase, beside=place.data)
    return place.crosswalk


def _rows(source: Source, study: StudyRow, staging: Path, run: Release) -> Iterator[Row]:
    uid = run.deidentifier.uid
    yield "study", study.study_instance_uid, uid(study.study_instance_uid)
    for series in study.series:
        yield "series", series.series_instance_uid, uid(series.series_instance_uid)
    accession = _accession(source, study, staging)
    yield "accession", accession, accession_pseudonym(accession, run.deidentifier.keyed)


def _accession(source: Source, study: StudyRow, staging: Path) -> str:
    """Read the accession number out of the smallest object that can be read; "" without one."""
    rows = [(row, series) for series in study.series for row in series.instances]
    found: list[Path] = []

    def take(_row: InstanceRow, path: Path) -> None:
        found.append(path)

    for row, series in sorted(rows, key=lambda pair: pair[0].size):
        with suppress(*UNREADABLE, DicomError, InstanceGoneError, RemoteRejectedError, IndexError):
            source.fetch(series, staging, [row], take)
            return str(_header(found[-1]).get("AccessionNumber", "")).strip()
    return ""


def _header(path: Path) -> Dataset:
    return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["AccessionNumber"])
