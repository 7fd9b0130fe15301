"""The database that the ledger lies in: found by its address, and changed by one at a time."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from imaging.errors import SettingError
from imaging.fusion.ledger.faults import SETTING, translated
from imaging.fusion.ledger.sqlite_file import make_file
from imaging.fusion.ledger.tables import LEDGER, METADATA, VERSION
from imaging.settings import PROJECT_ROOT

_PATIENCE_S = 30
_DEAD_S = 60  # a machine that is silent for so long amid a change has died
_LOCK = 0x66757369  # of this ledger among PostgreSQL's advisory locks: "fusi"
_LOGGERS = "ledger"  # SQLAlchemy logs rows where the root logger is at DEBUG: rows hold paths


class Database:
    """Where the ledger lies. Nothing is opened before its first use, nor held open after one.

    So it may be used in several threads, and in processes that were forked (see `hold_open`).

    Args:
        url: `sqlite:///path`, `postgresql://…` or `postgresql+psycopg://…`; may hold a password,
            and so is never shown. A path is a file of SQLite.

    Raises:
        SettingError: The address is none of these, or PostgreSQL's driver is missing.
    """

    def __init__(self, url: str | Path) -> None:
        found = _found(url)
        self._path = found if isinstance(found, Path) else None
        self._reader = _engine(found)
        self._writer = self._reader.execution_options(changes=True)
        self._ready = False
        self._held: Connection | None = None
        self._holding = Lock()

    def hold_open(self) -> None:
        """Keep one idle connection to a file until `close`, in a process that does not fork.

        Without one, every change is SQLite's last close, which folds its log back into the file:
        that costs more than the change.

        Raises:
            RemoteUnavailableError: The database is busy or cannot be reached.
            SettingError: It is damaged, another program's, or refuses us.
        """
        with _translation(), self._holding:
            self._make_ready()
            if self._path is not None and self._held is None:
                held = self._reader.connect()
                held.scalar(select(LEDGER.c.version))  # the log is only opened by reading
                held.rollback()
                self._held = held

    def close(self) -> None:
        """Let go of what `hold_open` keeps."""
        with self._holding:
            if self._held is not None:
                self._held.close()
            self._held = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a transaction that sees one moment of the ledger.

        Raises:
            RemoteUnavailableError: The database is busy or cannot be reached.
            SettingError: It is damaged, another program's, or refuses us.
        """
        with _translation():
            self._make_ready()
            with self._reader.begin() as connection:
                yield connection

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """Give a transaction that nobody else's change runs beside; durable when it ends.

        Raises:
            RemoteUnavailableError: The database is busy, full, or cannot be reached. Nothing was
                changed, or (where a connection broke in the last instant) it was.
            SettingError: It is damaged, another program's, or refuses us.
        """
        with _translation():
            self._make_ready()
            with self._writer.begin() as connection:
                yield connection

    def _make_ready(self) -> None:
        """Make the tables where there are none, and refuse those of another version."""
        if self._ready:
            return
        if self._path is not None:
            make_file(self._path, _make_tables)
            _check_file(self._reader)
        else:
            with self._writer.begin() as connection:
                _make_tables(connection)
        with self._reader.begin() as connection:
            versions = connection.scalars(select(LEDGER.c.version)).all()
        if versions != [VERSION]:
            raise SettingError(SETTING, "the ledger of fusions is of another version of this code")
        self._ready = True


@contextmanager
def _translation() -> Iterator[None]:
    """Turn a database's error into ours; its own text holds statements, values and addresses."""
    try:
        yield
    except SQLAlchemyError as error:
        raise translated(error) from None


def _found(url: str | Path) -> URL | Path:
    """Return the file of SQLite, or the address of PostgreSQL."""
    if isinstance(url, Path):
        return PROJECT_ROOT / url
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # an unparsable port is a ValueError
        parsed = URL.create("none")
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"}:
        return _path_of(parsed)
    if parsed.drivername in {"postgresql", "postgresql+psycopg"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise SettingError(SETTING, "it is neither sqlite:///PATH nor postgresql://…")


def _path_of(url: URL) -> Path:
    """Return the file; a ledger in memory would forget what was paid for."""
    name = url.database or ""
    if url.query or url.host or not name or name.startswith((":", "file:")):
        raise SettingError(SETTING, "a ledger in SQLite is sqlite:/// and the path of a file")
    return PROJECT_ROOT / Path(name).expanduser()


def _engine(found: URL | Path) -> Engine:
    options: dict[str, Any] = {
        "poolclass": NullPool,
        "hide_parameters": True,
        "logging_name": _LOGGERS,
        "pool_logging_name": _LOGGERS,
    }
    for name in ("engine.Engine", "pool.impl.NullPool"):
        logging.getLogger(f"sqlalchemy.{name}.{_LOGGERS}").setLevel(logging.WARNING)
    if isinstance(found, Path):
        engine = create_engine("sqlite://", creator=lambda: _open_sqlite(found), **options)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    options |= {"isolation_level": "READ COMMITTED", "connect_args": {"connect_timeout": 10}}
    try:
        engine = create_engine(found, **options)
    except ImportError:
        msg = "a ledger in PostgreSQL needs the extra postgresql of this project, which is missing"
        raise SettingError(SETTING, msg) from None
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _open_sqlite(path: Path) -> sqlite3.Connection:
    """Open the file, which must be there; a commit is on the disk before it returns."""
    uri = f"{path.as_uri()}?mode=rw"
    connection = sqlite3.connect(
        uri, uri=True, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def _begin_sqlite(connection: Connection) -> None:
    """Take the one writer's place at once: two that first read would both think that they won."""
    changes = connection.get_execution_options().get("changes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if changes else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    """Take the one writer's place, as on SQLite; budgets span rows, so a row's lock is too little.

    What others committed before is seen, as each statement of READ COMMITTED looks anew. Whatever
    the server's defaults are, a commit is on its disk before it returns, and a machine that died
    amid a change does not hold up the others for ever.
    """
    if not connection.get_execution_options().get("changes", False):
        return
    connection.exec_driver_sql(f"SET LOCAL lock_timeout TO '{_PATIENCE_S}s'")
    connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout TO '{_DEAD_S}s'")
    connection.exec_driver_sql("SET LOCAL synchronous_commit TO on")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _make_tables(connection: Connection) -> None:
    METADATA.create_all(connection)
    if connection.scalar(select(LEDGER.c.version).limit(1)) is None:
        connection.execute(LEDGER.insert().values(version=VERSION))


def _check_file(engine: Engine) -> None:
    with engine.connect() as connection:
        found = connection.scalar(text("PRAGMA quick_check(1)"))
    if found != "ok":
        raise SettingError(SETTING, "the ledger of fusions is damaged; it is left as it is")
