"""What a database complained of, in words that hold no address, no statement and no value."""

import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from imaging.errors import ImagingError, RemoteUnavailableError, SettingError

SETTING = "IMAGING_FUSION_LEDGER_URL"

_PRIMARY = 0xFF  # SQLite's extended result codes keep the primary one in the low byte
_FULL = "the disk of the ledger of fusions is full; nothing was changed"
_PASSING = {
    sqlite3.SQLITE_BUSY: "the ledger of fusions is held by another process for too long",
    sqlite3.SQLITE_LOCKED: "the ledger of fusions is held by another process for too long",
    sqlite3.SQLITE_PROTOCOL: "the ledger of fusions is held by another process for too long",
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: "the disk of the ledger of fusions failed; nothing was changed",
}
_LASTING = {
    sqlite3.SQLITE_CANTOPEN: "the ledger of fusions cannot be opened",
    sqlite3.SQLITE_PERM: "the ledger of fusions cannot be opened",
    sqlite3.SQLITE_READONLY: "the ledger of fusions cannot be written",
    sqlite3.SQLITE_CORRUPT: "the ledger of fusions is damaged; it is left as it is",
    sqlite3.SQLITE_NOTADB: "the ledger of fusions is damaged; it is left as it is",
}

# SQLSTATE classes: https://www.postgresql.org/docs/15/errcodes-appendix.html
_LOST, _RESOURCES, _INTERVENTION, _SYSTEM = "08", "53", "57", "58"
_ROLLED_BACK, _BUSY, _IDLE_TOO_LONG = "40", "55", "25P03"
_PASSING_CLASSES = (_LOST, _RESOURCES, _INTERVENTION, _SYSTEM, _ROLLED_BACK, _BUSY, _IDLE_TOO_LONG)
_DISK_FULL = "53100"


def translated(error: SQLAlchemyError) -> ImagingError:
    """Say what to do about a database's error.

    Returns:
        `RemoteUnavailableError` when trying again may help (the database is busy, gone, or out of
        room), else a `SettingError`.
    """
    original = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(original, sqlite3.Error):
        return _of_sqlite(original)
    if original is not None:
        return _of_postgresql(original)
    return SettingError(SETTING, f"the ledger of fusions cannot be used ({type(error).__name__})")


def _of_sqlite(error: sqlite3.Error) -> ImagingError:
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if code in _PASSING:
        return RemoteUnavailableError(_PASSING[code])
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return SettingError(SETTING, _LASTING.get(code, f"the ledger of fusions is none ({name})"))


def _of_postgresql(error: BaseException) -> ImagingError:
    state = getattr(error, "sqlstate", None)
    if state == _DISK_FULL:
        return RemoteUnavailableError(_FULL)
    if state is None and _is_refusal(str(error)):
        return SettingError(SETTING, "the ledger's database refuses this user")
    if state is None or state.startswith(_PASSING_CLASSES):
        return RemoteUnavailableError("the ledger's database cannot be reached, or is busy")
    return SettingError(SETTING, f"the ledger's database refuses what is asked (SQLSTATE {state})")


def _is_refusal(text: str) -> bool:
    """Tell, as libpq gives no code while connecting; elsewhere than in English it is not told."""
    return any(
        words in text
        for words in ("authentication failed", "does not exist", "pg_hba.conf", "no password")
    )
