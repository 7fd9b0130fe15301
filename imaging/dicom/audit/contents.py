"""The bytes of files that are no DICOM, unpacked where they are packed, a piece at a time."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_PIECE = 1 << 22
_OVERLAP = 512  # more than any word is long
_HEADER = 1 << 16  # a NIfTI's header and its extensions; voxels hold no words
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)


def pieces(path: Path, *, whole: bool = False) -> Iterator[bytes]:
    """Yield the bytes of a file, in pieces that overlap.

    Gzip and zip (Excel, numpy, Word) are unpacked; what is broken comes as it is.

    Args:
        path: The file.
        whole: Whether the voxels of a NIfTI come too.
    """
    name = path.name.lower()
    header_only = name.endswith((".nii", ".nii.gz")) and not whole
    try:
        if name.endswith(".gz"):
            with gzip.open(path) as unpacked:
                yield from _of(unpacked, header_only=header_only)
        elif zipfile.is_zipfile(path):
            yield from _of_zip(path)
    except _BROKEN:
        header_only = False
    with path.open("rb") as file:
        yield from _of(file, header_only=header_only)


def text_of(piece: bytes) -> str:
    """Return a piece as text, "" where it is none."""
    if piece.startswith((b"\xff\xfe", b"\xfe\xff")):
        return piece.decode("utf-16", "ignore")
    if b"\0" in piece:
        return ""
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return piece.decode("latin-1") + " " + piece.decode("utf-8", "ignore")


def _of(file: IO[bytes] | gzip.GzipFile, *, header_only: bool = False) -> Iterator[bytes]:
    if header_only:
        yield file.read(_HEADER)
        return
    before = b""
    while piece := file.read(_PIECE):
        yield before + piece
        before = piece[-_OVERLAP:]


def _of_zip(path: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as packed:
        for member in packed.infolist():
            yield member.filename.encode()
            with packed.open(member) as unpacked:
                yield from _of(unpacked)
