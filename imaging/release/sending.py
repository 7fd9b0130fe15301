"""The release on another server: what it lacks is sent, and what it holds in another version."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from imaging.dicom import PatientRow
from imaging.files import write_json
from imaging.release.record import PatientRecord, SeriesRecord
from imaging.release.run import Release

_GROUP = 8

Held = dict[tuple[str, str, str], int]  # sizes by PatientID, SeriesInstanceUID, SOPInstanceUID


class Destination(Protocol):
    """What is asked of a server that is sent to."""

    def patients(self, patient_ids: Sequence[str]) -> Iterator[PatientRow]:
        """Tell what there is of the patients named; one who is not there is left out."""
        ...

    def upload(self, paths: Iterable[Path]) -> int:
        """Store files."""
        ...


class Sent(NamedTuple):
    """How many objects were sent.

    Attributes:
        new: Those that the server did not have.
        other: Those that it has in another version; many servers keep the first.
    """

    new: int = 0
    other: int = 0


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the release.

    Attributes:
        name: Where it lies, below the release's folder.
        key: What the server knows it by.
        version: What it rests on: the original's content, the options, the key.
    """

    name: str
    key: tuple[str, str, str]
    version: str


def groups_to_send(run: Release) -> list[list[str]]:
    """Share all patients of the release out into groups, whichever run made them."""
    pseudonyms = [path.stem for path in run.place.all_records()]
    return [pseudonyms[start : start + _GROUP] for start in range(0, len(pseudonyms), _GROUP)]


def send_patients(
    pseudonyms: Sequence[str], destination: str, server: Destination, run: Release
) -> Sent:
    """Send what was released of some patients and is not at the server as it is here.

    The server is asked what it has. It tells sizes and no content, so versions that were sent are
    recorded beside: content that was replaced may be as long as before.

    Args:
        pseudonyms: The patients.
        destination: Names the server in the records.
        server: It.
        run: The release.

    Raises:
        RemoteUnavailableError: The server was lost; another try goes on with what it lacks.
        DicomError: The server refuses a file.
    """
    sent = [_send(pseudonym, destination, server, run) for pseudonym in pseudonyms]
    return _total(sent)


def sent_in_words(parts: Iterable[Sent], destination: str) -> str:
    """Say what was sent, and what a server does with what it has already."""
    sent = _total(parts)
    said = f"Sent to `{destination}`: {sent.new} objects that it did not have"
    if not sent.other:
        return f"{said}."
    return (
        f"{said}, and {sent.other} that it has in another version. **An Orthanc keeps the first"
        " version** unless its setting OverwriteInstances is on: empty it of the release and run"
        " again."
    )


def _send(pseudonym: str, destination: str, server: Destination, run: Release) -> Sent:
    record = PatientRecord.read_or_none(run.place.record(pseudonym))
    series = [_released(one, record.basis, run) for one in record.series.values()] if record else []
    if not any(series):
        return Sent()
    held = _held({file.key[0] for files in series for file in files}, server)
    path = run.place.sent(pseudonym)
    told: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.exists() else {}
    known = told.setdefault(destination, {})
    sent: list[Sent] = []
    for files in series:
        new = [file for file in files if file.key not in held]
        other = [file for file in files if file.key in held and _differs(file, held, known, run)]
        if new or other:
            server.upload([run.place.data / file.name for file in (*new, *other)])
            known |= {file.name: file.version for file in (*new, *other)}
            write_json(path, told)
            sent.append(Sent(len(new), len(other)))
    return _total(sent)


def _released(series: SeriesRecord, basis: str, run: Release) -> list[_File]:
    """Return the files of a series that lie in the release."""
    return [
        _File(one.file, (one.file.partition("/")[0], series.series, uid), f"{basis} {one.mark}")
        for uid, one in series.instances.items()
        if one.is_released and (run.place.data / one.file).exists()
    ]


def _held(patients: set[str], server: Destination) -> Held:
    return {
        (patient.patient_id, series.series_instance_uid, row.sop_instance_uid): row.size
        for patient in server.patients(sorted(patients))
        for series in patient.series
        for row in series.instances
    }


def _differs(file: _File, held: Held, known: dict[str, str], run: Release) -> bool:
    if held[file.key] != (run.place.data / file.name).stat().st_size:
        return True
    return known.get(file.name, file.version) != file.version


def _total(parts: Iterable[Sent]) -> Sent:
    counted = list(parts)
    return Sent(sum(one.new for one in counted), sum(one.other for one in counted))
