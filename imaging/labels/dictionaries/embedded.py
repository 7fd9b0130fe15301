"""Names of labels inside an image: an extension of the NIfTI header holds a table of them.

Extensions follow the header: four bytes say whether there are any, then each has its size, a code
and its content (https://nifti.nimh.nih.gov/nifti-1/documentation/nifti1fields). Whose code a table
has does not matter: TotalSegmentator gives 0, Connectome Workbench 30.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from isal import isal_zlib

from imaging.errors import NiftiError
from imaging.files import whole_file
from imaging.labels.dictionaries.caret import TABLE, caret_text, parse_caret
from imaging.labels.dictionaries.dictionary import LabelDictionary
from imaging.labels.header import MOST_HEADER_BYTES
from imaging.labels.source import LabelSource, opened, read_head

_SIZES = {1: 348, 2: 540}  # of a header, by version, without the four bytes about extensions
_OFFSETS = {1: ("f", 108), 2: ("q", 168)}  # vox_offset: its type and its place
_FLAG = 4
_PREFIX = 8  # the size and the code of an extension
_UNIT = 16  # an extension's size is a multiple of it
_CODE = 0  # as TotalSegmentator's
_EXTENDED = b"\1\0\0\0"
_LEVEL = 1  # of isal's; as small as zlib's level 6, and several times quicker
_GZIP = 31  # a gzip header without a file name and with a time of 0, so that bytes repeat


@dataclass(frozen=True, slots=True)
class _Head:
    """What comes before the voxels.

    Attributes:
        version: Of NIfTI.
        order: Of bytes, as ``struct`` has it.
        fixed: The header's own bytes.
        extensions: Each wholly, with its size and code; in their order.
    """

    version: int
    order: str
    fixed: bytes
    extensions: tuple[bytes, ...]


def embedded_dictionary(image: Path) -> LabelDictionary | None:
    """Return the names inside an image; None where it has none. The voxels are not read.

    Args:
        image: ``.nii``, ``.nii.gz``, or either file of a pair ``.hdr`` and ``.img``.

    Raises:
        NiftiError: The header is damaged.
        InputError: The names are; the line of their table is named.
    """
    header, before = read_head(image)
    tables = filter(_is_table, _parsed(header.version, before).extensions)
    table = next(tables, None)
    return None if table is None else parse_caret(table[_PREFIX:].rstrip(b"\0 \r\n\t"))


def embed_dictionary(source: Path, target: Path, dictionary: LabelDictionary) -> Path:
    """Write an image anew with the names inside it, in place of any that are there.

    The voxels, the other extensions and the header stay byte for byte, but for the header's field
    that says where the voxels begin. Memory does not depend on the image's size.

    Args:
        source: ``.nii`` or ``.nii.gz``; may be the target too.
        target: Packed if its name ends in ``.gz``; whole or not there.
        dictionary: Its ids, names and colours.

    Raises:
        NiftiError: The source is damaged, a pair of files, or not as long as its header says.
    """
    with opened(source) as image, whole_file(target) as part, part.open("wb") as out:
        if image.header.is_pair:
            msg = "Names cannot be written into a pair of files: make it one file first"
            raise NiftiError(msg)
        pieces = _pieces(image, caret_text(dictionary).encode())
        out.writelines(_packed(pieces) if target.name.lower().endswith(".gz") else pieces)
    return target


def _parsed(version: int, before: bytes) -> _Head:
    """Tell the parts of what comes before the voxels."""
    size = _SIZES[version]
    order = "<" if before[:4] == struct.pack("<i", size) else ">"
    return _Head(version, order, before[:size], tuple(_extensions(before, size, order)))


def _extensions(before: bytes, size: int, order: str) -> Iterator[bytes]:
    """Give the extensions; a gap of zeros before the voxels is none."""
    place = size + _FLAG
    if before[size : size + 1] in {b"", b"\0"}:
        return
    while before[place : place + _PREFIX].strip(b"\0"):
        (length,) = struct.unpack(f"{order}i", before[place : place + 4].ljust(4, b"\0"))
        if length < _PREFIX or place + length > len(before):
            msg = f"The header extension at byte {place} cannot have {length} bytes"
            raise NiftiError(msg)
        yield before[place : place + length]
        place += length


def _is_table(extension: bytes) -> bool:
    return TABLE in extension


def _pieces(image: LabelSource, table: bytes) -> Iterator[bytes | memoryview]:
    """Give the new image's bytes: the header, the extensions with the table, the voxels.

    Raises:
        NiftiError: The voxels are fewer or more than the header says.
    """
    head = _parsed(image.header.version, b"".join(image.before_voxels()))
    body = b"".join(_with_table(head, table))
    begins = len(head.fixed) + _FLAG + len(body)
    if begins > MOST_HEADER_BYTES:
        msg = f"The names take {len(table)} bytes, too many for a header"
        raise NiftiError(msg)
    fixed = bytearray(head.fixed)
    kind, place = _OFFSETS[head.version]
    struct.pack_into(f"{head.order}{kind}", fixed, place, begins)
    yield bytes(fixed) + _EXTENDED + body
    yield from image.voxels()
    if image.trailing_bytes:
        msg = f"{image.trailing_bytes} bytes follow the voxels"
        raise NiftiError(msg)


def _with_table(head: _Head, table: bytes) -> Iterator[bytes]:
    """Give the extensions with a table in place of the first one, or behind all."""
    length = -(-(_PREFIX + len(table)) // _UNIT) * _UNIT
    prefix = struct.pack(f"{head.order}2i", length, _CODE)
    added = (prefix + table).ljust(length, b"\0")
    is_put = False
    for extension in head.extensions:
        is_first = _is_table(extension) and not is_put
        is_put = is_put or is_first
        yield added if is_first else extension
    if not is_put:
        yield added


def _packed(pieces: Iterator[bytes | memoryview]) -> Iterator[bytes]:
    packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()
