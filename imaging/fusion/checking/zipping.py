"""A zip, written in constant memory and packed by isal (PKWARE APPNOTE 6.3.10).

`zipfile` packs by zlib and lets nobody choose another; isal's level 1 packs a CBCT as small and
takes a fraction of the time. Sizes are written into a member's header once they are known, so that
no reader needs the data descriptors that some cannot read.
"""

import struct
import zlib
from collections.abc import Iterable
from typing import BinaryIO, NamedTuple

from isal import isal_zlib

_LEVEL = 1
_RAW_DEFLATE = -15  # zlib's name for a deflate stream without header
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_EXTRA64 = struct.Struct("<2H2Q")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_DEFLATED, _VERSION, _VERSION64 = 8, 20, 45
_TIME, _DATE = 0, 1 << 5 | 1  # 1980-01-01 00:00, the earliest that there is
_MOST32, _MOST16 = 0xFFFFFFFF, 0xFFFF
_LARGE = 1 << 31  # from here on, what is packed might take more than 32 bits can tell


class _Entry(NamedTuple):
    """A member, as the directory tells it."""

    name: bytes
    crc: int
    packed: int
    size: int
    offset: int


class ZipWriter:
    """Writes members one after the other; `close` writes the directory, without which it is none.

    The same members give the same bytes.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Take the file.

        Args:
            file: Open for writing, empty and seekable.
        """
        self._file = file
        self._entries: list[_Entry] = []

    def add(self, name: str, size: int, blocks: Iterable[bytes]) -> int:
        """Pack a member, and return how many bytes it had.

        Args:
            name: Its name: ASCII.
            size: About how many bytes it has, which decides the form of its header.
            blocks: Its content; each is forgotten before the next is asked for.
        """
        offset = self._file.tell()
        is_large = size >= _LARGE
        entry = _Entry(name.encode("ascii"), 0, 0, 0, offset)
        self._file.write(_local_header(entry, is_large=is_large))
        crc = total = packed = 0
        packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _RAW_DEFLATE)
        for block in blocks:
            crc, total = zlib.crc32(block, crc), total + len(block)
            packed += self._file.write(packer.compress(block))
        packed += self._file.write(packer.flush())
        entry = entry._replace(crc=crc, packed=packed, size=total)
        self._file.seek(offset)
        self._file.write(_local_header(entry, is_large=is_large))
        self._file.seek(0, 2)
        self._entries.append(entry)
        return total

    def close(self) -> None:
        """Write the directory."""
        start = self._file.tell()
        self._file.write(b"".join(map(_central_header, self._entries)))
        end, count = self._file.tell(), len(self._entries)
        if count >= _MOST16 or end >= _MOST32:
            fields = (44, _VERSION64, _VERSION64, 0, 0, count, count, end - start, start)
            self._file.write(_END64.pack(b"PK\6\6", *fields))
            self._file.write(_LOCATOR64.pack(b"PK\6\7", 0, end, 1))
        count, length = min(count, _MOST16), min(end - start, _MOST32)
        self._file.write(_END.pack(b"PK\5\6", 0, 0, count, count, length, min(start, _MOST32), 0))


def _local_header(entry: _Entry, *, is_large: bool) -> bytes:
    """Return what stands before a member (4.3.7); its length does not depend on the sizes."""
    extra, packed, size = b"", entry.packed, entry.size
    if is_large:
        extra, packed, size = _EXTRA64.pack(1, 16, entry.size, entry.packed), _MOST32, _MOST32
    version = _VERSION64 if is_large else _VERSION
    fields = (version, 0, _DEFLATED, _TIME, _DATE, entry.crc, packed, size, len(entry.name))
    return _LOCAL.pack(b"PK\3\4", *fields, len(extra)) + entry.name + extra


def _central_header(entry: _Entry) -> bytes:
    """Return what the directory says of a member (4.3.12): large numbers in an extra (4.5.3)."""
    numbers = (entry.size, entry.packed, entry.offset)
    large = [number for number in numbers if number >= _MOST32]
    extra = struct.pack(f"<2H{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    size, packed, offset = (min(number, _MOST32) for number in numbers)
    version = _VERSION64 if large else _VERSION
    fields = (version, version, 0, _DEFLATED, _TIME, _DATE, entry.crc, packed, size)
    lengths = (len(entry.name), len(extra), 0, 0, 0, 0)
    return _CENTRAL.pack(b"PK\1\2", *fields, *lengths, offset) + entry.name + extra
