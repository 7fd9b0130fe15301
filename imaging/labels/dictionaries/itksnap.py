"""Label descriptions of ITK-SNAP: index, colour, transparency, two switches, name in quotes.

The columns are those that ITK-SNAP's own header names: ``IDX -R- -G- -B- -A-- VIS MSH LABEL``.
"""

import re

from imaging.errors import InputError
from imaging.labels.dictionaries.dictionary import LabelDictionary
from imaging.labels.dictionaries.label import Label, described
from imaging.labels.dictionaries.lines import color_of_parts, integer, lines_of, read_rows

_ROW = re.compile(
    r'\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+[0-9.eE+-]+\s+[0-9]+\s+[0-9]+\s+"(.*)"\s*', re.ASCII
)
_MOST = 65535  # ITK-SNAP's labels have 16 bits
_COMMENT = "#"
_HEADER = """\
################################################
# ITK-SnAP Label Description File
# File format:
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
################################################
    0     0    0    0        0  0  0    "Clear Label"
"""


def is_itksnap(text: str) -> bool:
    """Say whether the first row of a text ends as ITK-SNAP's do."""
    _, first = next(lines_of(text, _COMMENT), (0, ""))
    return first.rstrip().endswith('"')


def parse_itksnap(text: str) -> LabelDictionary:
    """Read label descriptions; ``Clear Label`` (0) is left out.

    Raises:
        InputError: A line is wrong, and which.
    """
    return read_rows(lines_of(text, _COMMENT), _label)


def itksnap_text(dictionary: LabelDictionary) -> str:
    """Write label descriptions: ids, names and colours.

    Raises:
        InputError: An id or a name cannot be written so.
    """
    return _HEADER + "".join(_row(label) for label in dictionary)


def _label(line: str) -> Label | None:
    match = _ROW.fullmatch(line)
    if match is None:
        msg = 'not a row of ITK-SNAP\'s: IDX R G B A VIS MSH "LABEL" is needed'
        raise InputError(msg)
    label_id = integer(match[1])
    if label_id == 0:
        return None
    return described(label_id, match[5], color=color_of_parts(match[2], match[3], match[4]))


def _row(label: Label) -> str:
    if not 0 < label.id <= _MOST:
        msg = f"ITK-SNAP has ids from 1 to {_MOST}, not {label.id}"
        raise InputError(msg)
    if '"' in label.name:
        msg = f"label {label.id}: ITK-SNAP has no name with a quotation mark"
        raise InputError(msg)
    red, green, blue = label.color
    return f'{label.id:5d} {red:5d}{green:5d}{blue:5d}        1  1  1    "{label.name}"\n'
