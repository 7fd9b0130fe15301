"""What of a release was sent to another server, so that a later run sends only what is new."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from imaging.files import write_json
from imaging.release.record import PatientRecord
from imaging.release.run import Release

Upload = Callable[[Sequence[Path]], int]


def send_patients(pseudonyms: Sequence[str], destination: str, upload: Upload, run: Release) -> int:
    """Send what was released of some patients and has not been sent there; return how many files.

    Args:
        pseudonyms: The patients.
        destination: Names the server in the records.
        upload: Stores files there.
        run: The release.

    Raises:
        RemoteUnavailableError: The server was lost; another try goes on with the next series.
        DicomError: The server refuses a file.
    """
    return sum(_send(pseudonym, destination, upload, run) for pseudonym in pseudonyms)


def _send(pseudonym: str, destination: str, upload: Upload, run: Release) -> int:
    record = PatientRecord.read_or_none(run.place.record(pseudonym))
    path = run.place.sent(pseudonym)
    told: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.exists() else {}
    known = told.setdefault(destination, {})
    sent = 0
    for series in record.series.values() if record else ():
        marks = {
            one.file: f"{run.basis} {one.mark}"
            for one in series.instances.values()
            if one.is_released
        }
        new = [file for file, mark in marks.items() if known.get(file) != mark]
        if new:
            sent += upload([run.place.data / file for file in new])
            known |= {file: marks[file] for file in new}
            write_json(path, told)
    return sent
