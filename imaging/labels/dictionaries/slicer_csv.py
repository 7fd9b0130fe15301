"""Colour tables of 3D Slicer in its newer form, ``.csv``, where names may have blanks.

https://slicer.readthedocs.io/en/latest/developer_guide/modules/colors.html. The columns are
LabelValue, Name, Color_R, Color_G, Color_B, Color_A and those of a terminology, which are passed
over here. A cell with a comma is in quotation marks, and none can hold such a mark.
"""

import csv

from imaging.errors import InputError
from imaging.labels.dictionaries.dictionary import LabelDictionary
from imaging.labels.dictionaries.label import Label, described
from imaging.labels.dictionaries.lines import color_of_parts, integer, lines_of, read_rows

_REQUIRED = ("LabelValue", "Name")
_COLORS = ("Color_R", "Color_G", "Color_B")
_COLUMNS = (*_REQUIRED, *_COLORS, "Color_A")


def is_slicer_csv(text: str) -> bool:
    """Say whether a text begins as such a table does."""
    _, first = next(lines_of(text), (0, ""))
    return set(_REQUIRED) <= set(_cells(first))


def parse_slicer_csv(text: str) -> LabelDictionary:
    """Read a colour table; the background (0) is left out.

    Raises:
        InputError: A line is wrong, and which.
    """
    lines = lines_of(text)
    number, header = next(lines, (1, ""))
    columns = _cells(header)
    if not set(_REQUIRED) <= set(columns) or len(set(columns)) < len(columns):
        msg = f"line {number}: a colour table begins with its columns, LabelValue and Name too"
        raise InputError(msg)
    return read_rows(lines, lambda line: _label(columns, line))


def slicer_csv_text(dictionary: LabelDictionary) -> str:
    """Write a colour table: ids, names and colours.

    Raises:
        InputError: An id or a name cannot be written so.
    """
    return ",".join(_COLUMNS) + "\n" + "".join(_row(label) for label in dictionary)


def _label(columns: list[str], line: str) -> Label | None:
    cells = _cells(line)
    if len(cells) != len(columns):
        msg = f"{len(cells)} cells, but the table has {len(columns)} columns"
        raise InputError(msg)
    row = dict(zip(columns, cells, strict=True))
    label_id = integer(row["LabelValue"])
    if label_id == 0:
        return None
    red, green, blue = (row.get(part, "") for part in _COLORS)
    color = color_of_parts(red, green, blue) if red or green or blue else None
    return described(label_id, row["Name"], color=color)


def _cells(line: str) -> list[str]:
    try:
        return [cell.strip() for cells in csv.reader([line]) for cell in cells]
    except csv.Error:  # a cell of more than 128 KiB
        return []


def _row(label: Label) -> str:
    if label.id < 0 or '"' in label.name:
        msg = f"3D Slicer has no label {label.id} called {label.name[:80]!r}"
        raise InputError(msg)
    name = f'"{label.name}"' if "," in label.name else label.name
    return f"{label.id},{name},{','.join(map(str, label.color))},255\n"
