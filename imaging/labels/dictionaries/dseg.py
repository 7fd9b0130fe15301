"""Tables ``dseg.tsv`` of BIDS: every column of a dictionary.

The columns are those of the BIDS specification (1.9, Derivatives, Imaging data types, "Common
image-derived labels"): index, name, abbreviation, color and mapping. BIDS allows more columns, of
which ``groups`` is read and written here, its groups separated by commas.
"""

import re

from imaging.errors import InputError
from imaging.labels.dictionaries.dictionary import LabelDictionary
from imaging.labels.dictionaries.label import MISSING, Color, Label, described
from imaging.labels.dictionaries.lines import integer, lines_of, read_rows

_GROUPS = "groups"  # an empty cell says that there are none; without the column, names tell them
_COLUMNS = ("index", "name", "abbreviation", "color", "mapping", _GROUPS)
_REQUIRED = ("index", "name")
_FORMER = {"abbr": "abbreviation"}  # in BIDS before 1.2, and in files that lasted
_HEX = re.compile(r"#?([0-9A-Fa-f]{6})")


def is_dseg(text: str) -> bool:
    """Say whether a text begins as such a table does."""
    _, first = next(lines_of(text), (0, ""))
    return set(_REQUIRED) <= {_cell(cell) for cell in first.split("\t")}


def parse_dseg(text: str) -> LabelDictionary:
    """Read a table; its background (0) is left out, a missing colour or group is made up.

    Raises:
        InputError: A line is wrong, and which.
    """
    lines = lines_of(text)
    number, header = next(lines, (1, ""))
    columns = [_FORMER.get(name, name) for name in map(_cell, header.split("\t"))]
    if not set(_REQUIRED) <= set(columns) or len(set(columns)) < len(columns):
        msg = f"line {number}: a dseg.tsv begins with the names of its columns, index and name too"
        raise InputError(msg)
    return read_rows(lines, lambda line: _label(columns, line))


def dseg_text(dictionary: LabelDictionary) -> str:
    """Write a table; the same dictionary gives the same text."""
    rows = [_COLUMNS, *(_row(label) for label in dictionary)]
    return "".join("\t".join(row) + "\n" for row in rows)


def _label(columns: list[str], line: str) -> Label | None:
    cells = [_cell(cell) for cell in line.split("\t")]
    if len(cells) != len(columns):
        msg = f"{len(cells)} cells, but the table has {len(columns)} columns"
        raise InputError(msg)
    pairs = zip(columns, cells, strict=True)
    row = {column: cell for column, cell in pairs if cell not in {"", MISSING} or column == _GROUPS}
    if missing := [column for column in _REQUIRED if column not in row]:
        msg = f"the cell {missing[0]} is empty"
        raise InputError(msg)
    label_id = integer(row["index"])
    return None if label_id == 0 else _described(label_id, row)


def _described(label_id: int, row: dict[str, str]) -> Label:
    return described(
        label_id,
        row["name"],
        abbreviation=row.get("abbreviation", ""),
        color=_color(row["color"]) if "color" in row else None,
        mapping=integer(row["mapping"]) if "mapping" in row else None,
        groups=_groups(row[_GROUPS]) if _GROUPS in row else None,
    )


def _groups(cell: str) -> list[str]:
    return [] if cell in {"", MISSING} else [group.strip() for group in cell.split(",")]


def _row(label: Label) -> tuple[str, ...]:
    red, green, blue = label.color
    return (
        str(label.id),
        _quoted(label.name),
        _quoted(label.abbreviation or MISSING),
        f"#{red:02x}{green:02x}{blue:02x}",
        MISSING if label.mapping is None else str(label.mapping),
        _quoted(",".join(label.groups) or MISSING),
    )


def _color(text: str) -> Color:
    match = _HEX.fullmatch(text)
    if match is None:
        msg = f"{text[:80]!r} is no colour: #rrggbb is needed"
        raise InputError(msg)
    red, green, blue = bytes.fromhex(match[1])
    return red, green, blue


def _cell(text: str) -> str:
    """Take the quotation marks off that spreadsheets put around cells."""
    text = text.strip()
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return text[1:-1].replace('""', '"').strip()
    return text


def _quoted(text: str) -> str:
    """Quote what a reader would otherwise unquote."""
    return '"' + text.replace('"', '""') + '"' if text.startswith('"') else text
