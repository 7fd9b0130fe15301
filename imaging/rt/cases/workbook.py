"""Tables as one Excel workbook: numbers as numbers, text never as a formula or a link."""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from imaging.errors import InputError
from imaging.files import whole_file

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384  # of a sheet, fixed by the file format
_LONGEST_TEXT = 32_767
_LONGEST_NAME = 31
_CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # fixed: same tables, same bytes
_WIDTHS = (8, 48)  # characters: the narrowest and the widest column
_SAMPLE = 500  # rows that decide a column's width
_OPTIONS = {
    "constant_memory": True,  # a row at a time: a sheet of a million rows needs no memory
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write_workbook(target: Path, sheets: Mapping[str, pd.DataFrame], *, title: str = "") -> Path:
    r"""Write tables as sheets, wholly or not at all; the same tables give the same bytes.

    Each sheet has a frozen header with filters. Text stays text even when it begins with ``=``,
    missing values and infinities are empty cells, and a table longer than a sheet goes on in
    sheets of its own, ``curves (2)`` and so on.

    Args:
        target: Where the workbook goes.
        sheets: Tables by the name of their sheet; their index is not written.
        title: In the properties of the file.

    Returns:
        ``target``.

    Raises:
        InputError: There is no sheet; a name is longer than 31 characters, holds one of
            ``[]:*?/\`` or comes twice (letter case does not count); or a table is too wide.
    """
    pages = [page for name, table in sheets.items() for page in _pages(name, table)]
    _check([name for name, _ in pages])
    with whole_file(target) as part, xlsxwriter.Workbook(str(part), _OPTIONS) as book:
        book.set_properties({"title": title, "created": _CREATED})
        header = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
        dates = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for name, table in pages:
            _write_sheet(book.add_worksheet(name), table, header, dates)
    return target


def _pages(name: str, table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Cut a table into pieces that fit a sheet with its header."""
    if table.shape[1] > MAX_COLUMNS:
        msg = f"the table {name!r} has {table.shape[1]} columns; a sheet has {MAX_COLUMNS}"
        raise InputError(msg)
    fits = MAX_ROWS - 1
    for number, start in enumerate(range(0, max(len(table), 1), fits), 1):
        yield (name if number == 1 else f"{name} ({number})"), table.iloc[start : start + fits]


def _check(names: list[str]) -> None:
    """Refuse names that Excel would call a damaged file."""
    if not names:
        msg = "a workbook without a sheet cannot be opened"
        raise InputError(msg)
    for name in names:
        wrong = re.search(r"[\[\]:*?/\\]", name) or name.startswith("'") or name.endswith("'")
        if wrong or not 0 < len(name) <= _LONGEST_NAME:
            msg = f"{name!r} cannot be the name of a sheet"
            raise InputError(msg)
    if len({name.casefold() for name in names}) < len(names):
        msg = f"two sheets have the same name: {', '.join(names)}"
        raise InputError(msg)


def _write_sheet(sheet: Any, table: pd.DataFrame, header: Any, dates: Any) -> None:
    """Write one table, a row at a time."""
    names = [str(name) for name in table.columns]
    sheet.freeze_panes(1, 0)
    if names:
        sheet.autofilter(0, 0, len(table), len(names) - 1)
    for column, name in enumerate(names):
        sheet.set_column(column, column, _width(name, table.iloc[:_SAMPLE, column]))
        sheet.write_string(0, column, name, header)
    for number, values in enumerate(table.itertuples(index=False, name=None), 1):
        for column, value in enumerate(values):
            _write_cell(sheet, number, column, value, dates)


def _write_cell(sheet: Any, row: int, column: int, value: Any, dates: Any) -> None:
    """Write one value by its type; what is missing leaves the cell empty."""
    if isinstance(value, bool | np.bool_):
        sheet.write_boolean(row, column, bool(value))
    elif isinstance(value, Real):
        if math.isfinite(value):
            sheet.write_number(row, column, float(value))
    elif value is None or value is pd.NA or value is pd.NaT:
        return
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value.replace(tzinfo=None), dates)
    elif text := str(value)[:_LONGEST_TEXT]:
        sheet.write_string(row, column, text)


def _width(name: str, values: pd.Series) -> float:
    """Choose a column's width in characters; the header needs room for the filter's button."""
    narrow, wide = _WIDTHS
    if pd.api.types.is_float_dtype(values):
        longest = 10
    else:
        longest = max((len(str(value)) for value in values.dropna()), default=0)
    return float(min(wide, max(narrow, len(name) + 3, longest + 1)))
