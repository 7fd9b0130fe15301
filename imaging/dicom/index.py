"""The index of a folder of DICOM files, in SQLite: each file is read once, until it changes."""

import hashlib
import json
import os
import sqlite3
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from imaging.dicom.database import open_database
from imaging.dicom.headers import Header, read_header
from imaging.dicom.rows import Holding, RtReferences
from imaging.dicom.walk import UNKNOWN, Stamp, files_below
from imaging.errors import SettingError

FOLDER_SETTING = "IMAGING_DICOM_FOLDER"
_COMMIT_EVERY = 500


class Entry(NamedTuple):
    """One instance: its path below the root, its stamp, and what it says."""

    path: str
    stamp: Stamp
    header: Header


class Index:
    """Knows the files below a root as they were at the last refresh; safe to use from threads.

    It holds names and ids of patients, so only its owner may read it.
    """

    def __init__(self, root: Path, place: Path | None) -> None:
        """Open the index, or make an empty one.

        Args:
            root: The folder.
            place: Where the index is kept. By default in the root or, where that is not writable,
                in a nameless temporary file that is gone with this object.

        Raises:
            SettingError: The place cannot hold an index.
        """
        self._root = root
        self._lock = Lock()
        if place is None and os.access(root, os.W_OK):
            place = root / ".index.sqlite"
        try:
            self._database = open_database(place)
        except (sqlite3.DatabaseError, OSError) as error:
            msg = f"The index of the folder, {place}, cannot be used ({error})"
            raise SettingError(FOLDER_SETTING, msg) from error

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    def refresh(self) -> None:
        """Read what is new or changed since the last time, and forget what is gone."""
        rows = self._all("SELECT path, size, mtime_ns FROM files")
        known = {path: Stamp(size, mtime_ns) for path, size, mtime_ns in rows}
        with self._lock, self._database:
            for count, (path, stamp) in enumerate(files_below(self._root), 1):
                if known.pop(path, None) != stamp:
                    self._read(path, stamp)
                if count % _COMMIT_EVERY == 0:
                    self._database.commit()
            gone = [(path,) for path in known]
            self._database.executemany("DELETE FROM files WHERE path = ?", gone)

    def patient_ids(self) -> dict[str, list[str]]:
        """Return the StudyDates of each PatientID."""
        dates: dict[str, list[str]] = {}
        rows = self._all(
            "SELECT DISTINCT patient_id, study_date FROM files WHERE kind = 'instance'"
        )
        for patient_id, study_date in rows:
            dates.setdefault(patient_id, []).append(study_date)
        return dates

    def spellings(self, patient_id: str) -> list[str]:
        """Return the PatientIDs that are that one but for blanks around them."""
        rows = self._all(
            "SELECT DISTINCT patient_id FROM files "
            "WHERE kind = 'instance' AND trim(patient_id) = trim(?)",
            patient_id,
        )
        return [spelling for (spelling,) in rows]

    def holding(self, patient_id: str) -> Holding:
        """Tell of a patient what the files' names and stamps tell: any change of them shows."""
        rows = self._all(
            "SELECT path, size, mtime_ns FROM files "
            "WHERE kind = 'instance' AND patient_id = ? ORDER BY path",
            patient_id,
        )
        digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
        return Holding(patient_id, digest, is_touched=False)

    def entries(self, patient_id: str) -> list[Entry]:
        """Return the instances of a patient, by path."""
        rows = self._all(
            "SELECT path, size, mtime_ns, header FROM files "
            "WHERE kind = 'instance' AND patient_id = ? ORDER BY path",
            patient_id,
        )
        return [
            Entry(path, Stamp(size, mtime_ns), _header(json.loads(text)))
            for path, size, mtime_ns, text in rows
        ]

    def paths(self, kind: str) -> list[str]:
        """Return the files that are `unreadable`, or of an `other` kind than DICOM."""
        rows = self._all("SELECT path FROM files WHERE kind = ? ORDER BY path", kind)
        return [path for (path,) in rows]

    def _read(self, path: str, stamp: Stamp) -> None:
        """Summarise a file anew; one that is broken is remembered as such until it changes."""
        try:
            header = read_header(self._root / path)
            kind = "instance" if header else "other"
        except OSError:  # permissions, say, which change without the file's changing
            header, kind, stamp = None, "unreadable", UNKNOWN
        except Exception:  # noqa: BLE001 - whatever pydicom raises, one file must not cost the rest
            header, kind = None, "unreadable"
        self._database.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                path,
                *stamp,
                kind,
                header and header.patient_id,
                header and header.study_date,
                header and json.dumps(asdict(header)),
            ),
        )

    def _all(self, question: str, *values: str) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._database.execute(question, values).fetchall()


def _header(values: dict[str, Any]) -> Header:
    """Return a header out of what JSON made of it: tuples had become lists."""
    if values["references"] is not None:
        fields = {name: _tuples(value) for name, value in values["references"].items()}
        values["references"] = RtReferences(**fields)
    for name in ("position_mm", "orientation", "matrix"):
        values[name] = tuple(values[name])
    return Header(**values)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
