"""Tables of labels in XML, as in the header extensions of Connectome Workbench and others.

TotalSegmentator writes the names of its classes into its images so, as ``CaretExtension`` >
``VolumeInformation`` > ``LabelTable`` > ``Label`` (its ``nifti_ext_header.py``). A label has the
attributes ``Key``, and ``Red``, ``Green``, ``Blue`` from 0 to 1; its text is the name.
"""

import math
from html import escape
from typing import NoReturn
from xml.parsers import expat

from imaging.errors import InputError
from imaging.labels.dictionaries.dictionary import LabelDictionary
from imaging.labels.dictionaries.label import Color, Label, described
from imaging.labels.dictionaries.lines import integer, read_rows

TABLE = b"<LabelTable"

_LABEL = "Label"
_COLORS = ("Red", "Green", "Blue")
_NAME = ""  # where a label's text is kept among its attributes: none of these has an empty name
_BEFORE = """\
<?xml version="1.0" encoding="UTF-8"?>
<CaretExtension><VolumeInformation Index="0"><LabelTable>
"""
_AFTER = """\
</LabelTable><VolumeType>Label</VolumeType></VolumeInformation></CaretExtension>
"""


def parse_caret(content: bytes) -> LabelDictionary:
    """Read the table of labels in an XML document; the background (0) is left out.

    Raises:
        InputError: It is no XML, or a label in it is wrong; its line is named.
    """
    reader = _Reader()
    try:
        reader.read(content)
    except expat.ExpatError as error:
        msg = f"line {error.lineno}: not XML: {expat.ErrorString(error.code)}"
        raise InputError(msg) from error
    return read_rows(reader.rows, _label)


def caret_text(dictionary: LabelDictionary) -> str:
    """Write an XML document with ids, names and colours; the same labels give the same text."""
    return _BEFORE + "".join(_row(label) for label in dictionary) + _AFTER


class _Reader:
    """Gathers the elements ``Label``.

    Attributes:
        rows: The attributes and the text of each, with its line.
    """

    def __init__(self) -> None:
        self.rows: list[tuple[int, dict[str, str]]] = []
        self._open: dict[str, str] | None = None
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = _refuse_document_type
        self._parser.StartElementHandler = self._start
        self._parser.CharacterDataHandler = self._text
        self._parser.EndElementHandler = self._end

    def read(self, content: bytes) -> None:
        self._parser.Parse(content, True)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == _LABEL:
            self._open = {**attributes, _NAME: ""}
            self.rows.append((self._parser.CurrentLineNumber, self._open))

    def _text(self, text: str) -> None:
        if self._open is not None:
            self._open[_NAME] += text

    def _end(self, tag: str) -> None:
        if tag == _LABEL:
            self._open = None


def _refuse_document_type(*_: object) -> NoReturn:
    """Refuse what may define entities: a few lines of these can stand for gigabytes."""
    msg = "line 1: a table of labels has no document type"
    raise InputError(msg)


def _label(row: dict[str, str]) -> Label | None:
    if "Key" not in row:
        msg = "a label has no Key"
        raise InputError(msg)
    label_id = integer(row["Key"].strip())
    return None if label_id == 0 else described(label_id, row[_NAME].strip(), color=_color(row))


def _color(row: dict[str, str]) -> Color | None:
    if not all(part in row for part in _COLORS):
        return None
    red, green, blue = (_part(row[part]) for part in _COLORS)
    return red, green, blue


def _part(text: str) -> int:
    """Turn a share of 1 into one of 255."""
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        msg = f"{text[:80]!r} is no part of a colour, from 0 to 1"
        raise InputError(msg)
    return round(255 * share)


def _row(label: Label) -> str:
    colors = " ".join(
        f'{name}="{part / 255:.6g}"' for name, part in zip(_COLORS, label.color, strict=True)
    )
    name = escape(label.name, quote=False)
    return f'<Label Key="{label.id}" {colors} Alpha="1">{name}</Label>\n'
