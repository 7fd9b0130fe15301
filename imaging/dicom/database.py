"""The SQLite file behind the index of a folder: opened by several at once, made anew when old."""

import sqlite3
import time
from pathlib import Path

_VERSION = 3  # of what a row holds; an index of another version is made anew
_PATIENCE_S = 60.0
_PAUSE_S = 0.01

_TABLE = """
CREATE TABLE files (
    path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, kind TEXT,
    patient_id TEXT, study_date TEXT, header TEXT
)
"""


def open_database(place: Path | None) -> sqlite3.Connection:
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
        database.execute("CREATE INDEX of_bare_patient ON files (trim(patient_id))")
        database.execute(f"PRAGMA user_version = {_VERSION}")


def _version(database: sqlite3.Connection) -> int:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return int(version)
