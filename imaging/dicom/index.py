"""The index of a folder of DICOM files, in SQLite: each file is read once, until it changes."""

import json
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from imaging.dicom.headers import Header, read_header
from imaging.dicom.rows import RtReferences
from imaging.errors import SettingError
from imaging.files import PART_SUFFIX

FOLDER_SETTING = "IMAGING_DICOM_FOLDER"
_VERSION = 1  # of what a row holds; an index of another version is made anew
_COMMIT_EVERY = 500
_PATIENCE_S = 60.0
_PAUSE_S = 0.01

_TABLE = """
CREATE TABLE files (
    path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, kind TEXT,
    patient_id TEXT, study_date TEXT, header TEXT
)
"""


class Stamp(NamedTuple):
    """What tells whether a file has changed: its size in bytes, and when it was modified."""

    size: int
    mtime_ns: int


_UNKNOWN = Stamp(-1, 0)  # of what cannot be looked at now; no file has it, so that is read later


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
            self._database = _open(place)
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
            for count, (path, stamp) in enumerate(_files(self._root), 1):
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
            header, kind, stamp = None, "unreadable", _UNKNOWN
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


def _open(place: Path | None) -> sqlite3.Connection:
    """Open the database at ``place``, a temporary one where that is None."""
    if place is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch(mode=0o600)
    database = sqlite3.connect(place or "", timeout=_PATIENCE_S, check_same_thread=False)
    try:
        _let_readers_go_on(database)
        with database:
            _make_table(database)
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


def _let_readers_go_on(database: sqlite3.Connection) -> None:
    """Switch to a journal that lets others read while one refreshes.

    SQLite itself does not wait for another that is just switching, however long its timeout.
    """
    deadline_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline_s:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def _make_table(database: sqlite3.Connection) -> None:
    """Make the table unless it is there; of several that open a new index, the first makes it."""
    if _version(database) == _VERSION:
        return
    database.execute("BEGIN IMMEDIATE")  # Python begins none by itself before a DROP or CREATE
    if _version(database) != _VERSION:
        database.execute("DROP TABLE IF EXISTS files")
        database.execute(_TABLE)
        database.execute("CREATE INDEX of_patient ON files (patient_id)")
        database.execute(f"PRAGMA user_version = {_VERSION}")


def _version(database: sqlite3.Connection) -> int:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return int(version)


def _files(folder: Path) -> Iterator[tuple[str, Stamp]]:
    """Yield every file below ``folder``: its path below it, with slashes, and its stamp.

    Hidden names and unfinished copies are passed over, and links to folders are not followed. A
    subfolder that cannot be listed comes as a file that cannot be read.
    """
    closed: list[OSError] = []
    for parent, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(parent, name)
            if name.startswith(".") or name.endswith(PART_SUFFIX):
                continue
            if (stamp := _stamp(path)) is not None:
                yield _below(folder, path), stamp
    yield from ((_below(folder, Path(error.filename)), _UNKNOWN) for error in closed)


def _stamp(path: Path) -> Stamp | None:
    """Return the stamp of a file, None where there is none (any more) or it is no plain file."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    except OSError:
        return _UNKNOWN
    return Stamp(facts.st_size, facts.st_mtime_ns) if stat.S_ISREG(facts.st_mode) else None


def _below(folder: Path, path: Path) -> str:
    """Return the path below the folder, with slashes.

    Bytes that are not UTF-8 are spelled out in hexadecimal, since no database or manifest can hold
    them; nothing goes by that name, so the file counts as unreadable.
    """
    name = path.relative_to(folder).as_posix()
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _header(values: dict[str, Any]) -> Header:
    """Return a header out of what JSON made of it: tuples had become lists."""
    if values["references"] is not None:
        fields = {name: _tuples(value) for name, value in values["references"].items()}
        values["references"] = RtReferences(**fields)
    for name in ("position_mm", "orientation"):
        values[name] = tuple(values[name])
    return Header(**values)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
