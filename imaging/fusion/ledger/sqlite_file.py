"""The file of a ledger in SQLite: made whole, private, and never over another."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.pool import NullPool

from imaging.errors import SettingError
from imaging.fusion.ledger.faults import SETTING


def make_file(path: Path, make_tables: Callable[[Connection], None]) -> None:
    """Make the file where there is none; of several that start together, one wins.

    It appears whole or not at all, so that an empty or damaged file is never mistaken for a new
    ledger, which would forget what was paid for.

    Args:
        path: Of the file; its folder is made for its owner only.
        make_tables: Makes the tables in a transaction.

    Raises:
        SettingError: The folder cannot be written.
        SQLAlchemyError: SQLite's own.
    """
    try:
        if path.exists():
            return
        for folder in reversed([each for each in path.parents if not each.exists()]):
            folder.mkdir(mode=0o700, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=".ledger-") as place:
            fresh = Path(place) / path.name
            _fill(fresh, make_tables)
            _place(fresh, path)
    except OSError as error:
        name = type(error).__name__
        raise SettingError(SETTING, f"the ledger of fusions cannot be made ({name})") from None


def _fill(fresh: Path, make_tables: Callable[[Connection], None]) -> None:
    fresh.touch(mode=0o600)  # SQLite's files beside it take its mode over
    engine = create_engine(URL.create("sqlite", database=str(fresh)), poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")  # kept in the file
        make_tables(connection)
        connection.commit()


def _place(fresh: Path, path: Path) -> None:
    """Give the file its name, unless another worker was first, and have the name on the disk."""
    try:
        os.link(fresh, path)  # atomic, and refuses where there is one
    except FileExistsError:
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
