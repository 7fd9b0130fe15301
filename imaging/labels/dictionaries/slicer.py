"""Colour tables of 3D Slicer (``.ctbl``, ``.txt``): id, name, red, green, blue, opacity.

https://slicer.readthedocs.io/en/5.6/developer_guide/modules/colors.html. A name has no blanks there
but underscores. Read back it keeps these, for nobody can know which of them were blanks.
FreeSurfer's tables of colours have the same columns.
"""

from imaging.errors import InputError
from imaging.labels.dictionaries.dictionary import LabelDictionary
from imaging.labels.dictionaries.label import Label, described
from imaging.labels.dictionaries.lines import color_of_parts, integer, lines_of, read_rows

_HEADER = """\
# Color table file
# {count} values
0 Background 0 0 0 0
"""
_CONTINUOUS = "# Color procedural file"
_COMMENT = "#"
_UNNAMED = "(none)"
_FIELDS = 6


def parse_slicer(text: str) -> LabelDictionary:
    """Read a colour table; the background (0) and colours without a name are left out.

    Raises:
        InputError: A line is wrong, and which.
    """
    if text.lstrip().startswith(_CONTINUOUS):
        msg = "line 1: a continuous scale of colours has no labels"
        raise InputError(msg)
    return read_rows(lines_of(text, _COMMENT), _label)


def slicer_text(dictionary: LabelDictionary) -> str:
    """Write a colour table: ids, colours, and names with underscores for blanks.

    Raises:
        InputError: An id or a name cannot be written so.
    """
    rows = "".join(_row(label) for label in dictionary)
    return _HEADER.format(count=len(dictionary) + 1) + rows


def _label(line: str) -> Label | None:
    fields = line.split()
    if len(fields) not in {_FIELDS - 1, _FIELDS}:
        msg = f"{len(fields)} fields, not id, name without blanks, red, green, blue, opacity"
        raise InputError(msg)
    label_id, name = integer(fields[0]), fields[1]
    color = color_of_parts(*fields[2:5])
    return None if label_id == 0 or name == _UNNAMED else described(label_id, name, color=color)


def _row(label: Label) -> str:
    name = "_".join(label.name.split())
    if label.id < 0 or name == _UNNAMED:
        msg = f"3D Slicer has no label {label.id} called {name[:80]!r}"
        raise InputError(msg)
    red, green, blue = label.color
    return f"{label.id} {name} {red} {green} {blue} 255\n"
