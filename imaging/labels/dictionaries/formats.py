"""Dictionaries in files: which format a file has, and which a file is to have."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from imaging.errors import InputError
from imaging.files import write_whole
from imaging.labels.dictionaries.caret import caret_text, parse_caret
from imaging.labels.dictionaries.dictionary import LabelDictionary
from imaging.labels.dictionaries.dseg import dseg_text, is_dseg, parse_dseg
from imaging.labels.dictionaries.embedded import embedded_dictionary
from imaging.labels.dictionaries.itksnap import is_itksnap, itksnap_text, parse_itksnap
from imaging.labels.dictionaries.slicer import parse_slicer, slicer_text
from imaging.labels.dictionaries.slicer_csv import (
    is_slicer_csv,
    parse_slicer_csv,
    slicer_csv_text,
)

Format = Literal["dseg", "itksnap", "slicer", "slicer-csv", "caret"]

_READERS: dict[Format, Callable[[str], LabelDictionary]] = {
    "dseg": parse_dseg,
    "itksnap": parse_itksnap,
    "slicer": parse_slicer,
    "slicer-csv": parse_slicer_csv,
    "caret": lambda text: parse_caret(text.encode()),
}
_WRITERS: dict[Format, Callable[[LabelDictionary], str]] = {
    "dseg": dseg_text,
    "itksnap": itksnap_text,
    "slicer": slicer_text,
    "slicer-csv": slicer_csv_text,
    "caret": caret_text,
}
_BY_SUFFIX: dict[str, Format] = {
    ".tsv": "dseg",
    ".ctbl": "slicer",
    ".csv": "slicer-csv",
    ".label": "itksnap",
    ".xml": "caret",
}
_IMAGES = tuple(kind + gz for kind in (".nii", ".hdr", ".img") for gz in ("", ".gz"))
_MOST_BYTES = 16 << 20  # a hundred thousand labels take less


def read_dictionary(path: Path, format: Format | None = None) -> LabelDictionary:  # noqa: A002 -- the plain word
    """Read a dictionary of labels.

    Args:
        path: BIDS's ``dseg.tsv``, ITK-SNAP's label descriptions, a colour table of 3D Slicer, a
            label table in XML, or a NIfTI image that has such a table in its header.
        format: Of a file whose name and content do not tell it.

    Raises:
        InputError: It cannot be read; the line that is wrong is named. Or it is an image without
            names.
    """
    if format is None and path.name.lower().endswith(_IMAGES):
        dictionary = embedded_dictionary(path)
        if dictionary is None:
            msg = "the image has no names of labels in its header"
            raise InputError(msg)
        return dictionary
    text = _text(path)
    return _READERS[format or _BY_SUFFIX.get(path.suffix.lower()) or _told_by(text)](text)


def write_dictionary(
    target: Path,
    dictionary: LabelDictionary,
    format: Format | None = None,  # noqa: A002 -- as above
) -> Path:
    """Write a dictionary, wholly or not at all.

    ``dseg.tsv`` holds all of it; the other formats hold ids, names and colours.

    Args:
        target: ``.tsv``, ``.label`` (ITK-SNAP), ``.ctbl`` or ``.csv`` (3D Slicer), or ``.xml``.
        dictionary: What to write.
        format: Of a file whose name does not tell it, as ``.txt``.

    Raises:
        InputError: The format is not known, or cannot hold an id or a name.
    """
    chosen = format or _BY_SUFFIX.get(target.suffix.lower())
    if chosen is None:
        msg = f"the format of {target.suffix or 'a file'} is not known: say one of {list(_WRITERS)}"
        raise InputError(msg)
    return write_whole(target, _WRITERS[chosen](dictionary))


def _told_by(text: str) -> Format:
    """Tell a format by its content."""
    if is_dseg(text):
        return "dseg"
    if is_slicer_csv(text):
        return "slicer-csv"
    if text.lstrip().startswith("<"):
        return "caret"
    return "itksnap" if is_itksnap(text) else "slicer"


def _text(path: Path) -> str:
    """Read a text file of a bearable size.

    Raises:
        InputError: It is larger, or no text in UTF-8.
    """
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        msg = f"more than {_MOST_BYTES >> 20} MiB: this is no dictionary of labels"
        raise InputError(msg)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        msg = f"line {number}: not UTF-8"
        raise InputError(msg) from error
