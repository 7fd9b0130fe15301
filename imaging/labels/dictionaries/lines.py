"""Text files of labels, line by line: what is wrong is said with its line."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from imaging.errors import InputError
from imaging.labels.dictionaries.dictionary import LabelDictionary
from imaging.labels.dictionaries.label import Color, Label

_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_END = re.compile(r"\r\n|\r|\n")
_Row = TypeVar("_Row")


def lines_of(text: str, comment: str = "") -> Iterator[tuple[int, str]]:
    """Give the lines that say something, each with its number from 1, as editors count.

    Args:
        text: Any end of line will do.
        comment: What a line that is none begins with.
    """
    for number, line in enumerate(_END.split(text), 1):
        if line.strip() and not (comment and line.lstrip().startswith(comment)):
            yield number, line


def read_rows(
    rows: Iterable[tuple[int, _Row]], read: Callable[[_Row], Label | None]
) -> LabelDictionary:
    """Read a label from each row; None from a row that has none, as of the background.

    Args:
        rows: Each with the number of its line.
        read: Reads one.

    Raises:
        InputError: A row cannot be read, or its id is that of an earlier row; names the line.
    """
    lines: dict[int, int] = {}
    labels = []
    for number, row in rows:
        label = _read(number, row, read)
        if label is None:
            continue
        if label.id in lines:
            msg = f"line {number}: the id {label.id} is that of line {lines[label.id]} too"
            raise InputError(msg)
        lines[label.id] = number
        labels.append(label)
    return LabelDictionary(tuple(labels))


def _read(number: int, row: _Row, read: Callable[[_Row], Label | None]) -> Label | None:
    try:
        return read(row)
    except InputError as error:
        msg = f"line {number}: {error}"
        raise InputError(msg) from error


def integer(text: str) -> int:
    """Read an integer; ``1.0``, ``1_000`` and digits of other scripts are none.

    Raises:
        InputError: It is none.
    """
    if not _INTEGER.fullmatch(text):
        msg = f"{text[:80]!r} is no integer"
        raise InputError(msg)
    return int(text)


def color_of_parts(red: str, green: str, blue: str) -> Color:
    """Read a colour written as three integers.

    Raises:
        InputError: They are none.
    """
    return integer(red), integer(green), integer(blue)
