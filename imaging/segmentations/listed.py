"""Tables in which people list their label maps."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from imaging.errors import InputError

_FILE = ("labels", "file", "path")  # the first that a table has
_CASE, _PATIENT = "case_id", ("patient", "patient_id")


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One row of a table.

    Attributes:
        case_id: A name that may be shown; empty where the table has none.
        patient: A name that may not.
    """

    file: Path
    case_id: str
    patient: str


def lists_files(table: Path) -> bool:
    """Say whether a table has a column of files; one that cannot be read has none."""
    try:
        return _column(_rows(table)) is not None
    except InputError:
        return False


def listed_files(table: Path) -> Iterator[ListedFile]:
    """Give the rows of a table that name a file; case does not count in names of columns.

    Args:
        table: ``.csv``, ``.tsv`` or ``.parquet``.

    Raises:
        InputError: It cannot be read, or has no column of files.
    """
    rows = _rows(table)
    if (column := _column(rows)) is None:
        msg = f"a table of label maps needs a column {' or '.join(_FILE)}"
        raise InputError(msg)
    patient = next((name for name in _PATIENT if name in rows), "")
    for row in rows.to_dict("records"):
        if file := str(row[column]).strip():
            case, who = str(row.get(_CASE, "")).strip(), str(row.get(patient, "")).strip()
            yield ListedFile(Path(file), case, who)


def _column(rows: pd.DataFrame) -> str | None:
    return next((name for name in _FILE if name in rows), None)


def _rows(table: Path) -> pd.DataFrame:
    return _read(table).rename(columns=lambda name: str(name).strip().lower())


def _read(table: Path) -> pd.DataFrame:
    """Read a table; identifiers stay text, leading zeros and all."""
    try:
        if table.suffix.lower() == ".parquet":
            return pd.read_parquet(table).fillna("").astype(str)
        separator = "\t" if table.suffix.lower() == ".tsv" else ","
        return pd.read_csv(table, sep=separator, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
        msg = f"the table of label maps cannot be read: {type(error).__name__}"
        raise InputError(msg) from error
