"""Refusing a deflated DICOM file that inflates to more than fits, before pydicom inflates it all.

pydicom inflates a data set (PS3.5, A.5) in one go, and a megabyte can hold a gigabyte of zeros.
"""

import mmap
import zlib
from pathlib import Path

from imaging.dicom.whole import read_meta
from imaging.errors import DicomError

_DEFLATED = b"1.2.840.10008.1.2.1.99"
_MOST_META = 1 << 16
_CHUNK = 1 << 18
MOST_INFLATED = 256 << 20


def check_inflation(path: Path) -> None:
    """Refuse a file that inflates to more than 256 MB.

    A file that names the deflated transfer syntax anywhere but as its own is refused, too: readers
    look for it in other places than PS3.10 says, and who is to say where.

    Raises:
        DicomError: The file is refused; the message says why.
    """
    if path.stat().st_size == 0:
        msg = "the file is empty"
        raise DicomError(path.name, msg)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(_DEFLATED) < 0:
            return
        meta = read_meta(content[:_MOST_META])
        if meta is None or meta.transfer_syntax != _DEFLATED.decode():
            msg = "a deflated file needs the preamble and the file meta information of PS3.10"
            raise DicomError(path.name, msg)
        if fault := _fault(content, meta.end):
            raise DicomError(path.name, fault)


def _fault(content: mmap.mmap, start: int) -> str:
    """Say what keeps a deflated data set from being read; "" when nothing does."""
    try:
        fits = _fits(content, start, MOST_INFLATED)
    except zlib.error:
        return "it cannot be inflated"
    return "" if fits else f"it inflates to more than {MOST_INFLATED} bytes"


def _fits(content: mmap.mmap, start: int, most_bytes: int) -> bool:
    """Inflate piece by piece, keeping none."""
    inflating, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
    while not inflating.eof and start < len(content):
        piece: bytes = content[start : start + _CHUNK]
        start += _CHUNK
        while piece and not inflating.eof:  # what follows the end is never consumed
            total += len(inflating.decompress(piece, _CHUNK))
            piece = inflating.unconsumed_tail
            if total > most_bytes:
                return False
    return True
