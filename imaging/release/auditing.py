"""The audit of a whole release, of every run: each patient by the options of their own run."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from imaging.dicom.audit import Kind, audit
from imaging.dicom.audit.listing import files_of
from imaging.dicom.deidentify import DeidentifyOptions
from imaging.errors import InputError
from imaging.release.place import ReleaseFolder
from imaging.release.record import PatientRecord, SeriesRecord
from imaging.release.run import options_of


class Stray(StrEnum):
    """What no audit of contents can tell."""

    UNLISTED = "a file that no record of the release lists"


class Found(NamedTuple):
    """One thing that was found: where, below the release's folder, and of what kind."""

    file: str
    place: str
    kind: StrEnum


@dataclass(frozen=True, slots=True)
class ReleaseAudit:
    """What is known of a release's files.

    Attributes:
        findings: Each once, though it was found again in later audits.
        files: How many files the release has.
    """

    findings: frozenset[Found]
    files: int

    def counts(self) -> Counter[StrEnum]:
        """Count the findings of each kind, in the order of the kinds."""
        counted = Counter(found.kind for found in self.findings)
        return Counter({kind: counted[kind] for kind in (*Stray, *Kind) if counted[kind]})

    def to_json(self) -> dict[str, Any]:
        """Return everything as what JSON knows."""
        rows = [(found.file, found.place, found.kind.name) for found in self.findings]
        return {
            "files": self.files,
            "counts": {kind.name: count for kind, count in self.counts().items()},
            "findings": [
                {"file": file, "place": place, "kind": kind} for file, place, kind in sorted(rows)
            ],
        }


def audit_release(place: ReleaseFolder) -> ReleaseAudit:
    """Judge every file of a release, with what its series' audits found against the originals.

    Raises:
        InputError: A folder cannot be listed.
    """
    files = _files(place)
    records = [record for record in map(PatientRecord.read_or_none, place.all_records()) if record]
    options = options_of(place)
    by_file = {
        file: options.get(record.basis, DeidentifyOptions())
        for record in records
        for file in record.files()[0]
    }
    listed = [file for file in files if file in by_file]
    strays = [file for file in files if file not in by_file]
    found = {Found(label, "", Stray.UNLISTED) for label in _nameless(strays, listed)}
    unjudged = set(map(_printable, strays))
    for folder, own in sorted(_by_folder({file: by_file[file] for file in listed}).items()):
        contents = _contents(place.data / folder, folder, own)
        found |= {one for one in contents if one.file not in unjudged}
    return ReleaseAudit(frozenset(found | set(_against_originals(records))), len(files))


def _files(place: ReleaseFolder) -> list[str]:
    try:
        return files_of(place.data) if place.data.is_dir() else []
    except InputError:  # what it came of may hold the name of a folder that is not ours
        msg = f"a folder in the release {place.name} cannot be listed"
        raise InputError(msg) from None


def _contents(path: Path, folder: str, options: set[DeidentifyOptions]) -> Iterator[Found]:
    """Judge a patient's folder."""
    kept = sorted({name for one in options for name in one.kept_roi_names})
    report = audit(path, kept_roi_names=kept)
    is_seen = all(one.hold_back_pixels for one in options)
    for finding in report.findings:
        # Who lets burned-in annotation out unseen has said so.
        if is_seen or finding.kind is not Kind.BURNED_IN:
            yield Found(f"{folder}/{finding.file}", finding.place, finding.kind)


def _by_folder(files: Mapping[str, DeidentifyOptions]) -> dict[str, set[DeidentifyOptions]]:
    """Return the patients' folders, with the options by which their files were made."""
    folders: dict[str, set[DeidentifyOptions]] = {}
    for file, options in files.items():
        folders.setdefault(file.partition("/")[0], set()).add(options)
    return folders


def _nameless(strays: Iterable[str], listed: Iterable[str]) -> Iterator[str]:
    """Say where files are without names that are not ours: those may be somebody's."""
    own = {str(parent) for file in listed for parent in Path(file).parents} | {"."}
    counted: Counter[str] = Counter()
    for stray in strays:
        folder = next(str(parent) for parent in Path(stray).parents if str(parent) in own)
        counted[folder] += 1
        yield str(Path(folder, f"unlisted file {counted[folder]}"))


def _against_originals(records: Iterable[PatientRecord]) -> Iterator[Found]:
    """Give what the audits of single series found, of whatever run."""
    for series in (one for record in records for one in record.series.values()):
        for file, place, kind in series.findings:
            yield Found(_below_release(file, series), place, Kind[kind])


def _below_release(file: str, series: SeriesRecord) -> str:
    """Return a series' file as the release lists it, where the audit gave its name."""
    paths = (one.file for one in series.instances.values() if one.is_released)
    return next((path for path in paths if path.endswith(f"/{file}")), f"{series.key}/{file}")


def _printable(path: str) -> str:
    """Return a path as the audit writes it."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
