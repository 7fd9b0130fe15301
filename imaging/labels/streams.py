"""Bytes out of a file that may be gzip, a bounded piece at a time and checked to the last CRC."""

from collections.abc import Callable
from typing import BinaryIO

from isal import isal_zlib

from imaging.errors import NiftiError

Read = Callable[[int], bytes]

_GZIP = b"\x1f\x8b"
_WINDOW = 31  # zlib's name for "a gzip header and the largest window"
_DAMAGED: type[Exception] = vars(isal_zlib)["error"]  # isal's stubs take the class for an object
_INPUT = 1 << 16  # compressed bytes in memory; they can stand for 64 MB


def reader_of(file: BinaryIO) -> Read:
    """Return a function that reads at most so many bytes, and none only at the end.

    Whether the file is gzip is told by its first bytes, not by its name.
    """
    start = file.read(len(_GZIP))
    file.seek(0)
    return Gunzip(file).read if start == _GZIP else file.read


def exactly(read: Read, count: int) -> bytes:
    """Read so many bytes, or fewer where the stream ends."""
    pieces = []
    while count and (piece := read(count)):
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


class Gunzip:
    """Unpacks gzip, never more than is asked for: a small file that stands for GBs costs nothing.

    All members of a file are read, as gzip does, and zeros after the last one are passed over;
    anything else there is refused. The decoder checks every member's CRC and length.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._member = isal_zlib.decompressobj(_WINDOW)
        self._input = b""
        self._is_over = False

    def read(self, most: int) -> bytes:
        """Return at least 1 and at most ``most`` bytes, or none at the end.

        Raises:
            NiftiError: The file is damaged or cut off.
        """
        try:
            while not self._is_over:
                if piece := self._step(most):
                    return piece
        except _DAMAGED as error:
            msg = f"The gzip stream is damaged: {error}"
            raise NiftiError(msg) from error
        return b""

    def _step(self, most: int) -> bytes:
        if self._member.eof:
            self._next_member()
            return b""
        self._input = self._input or self._file.read(_INPUT)
        is_last = not self._input  # even so, the decoder may hold bytes that it had no room for
        piece = self._member.decompress(self._input, most)
        self._input = self._member.unconsumed_tail
        if is_last and not piece and not self._member.eof:
            msg = "The gzip stream is cut off"
            raise NiftiError(msg)
        return piece

    def _next_member(self) -> None:
        rest = self._member.unused_data.lstrip(b"\0")
        while len(rest) < len(_GZIP) and (more := self._file.read(_INPUT)):
            rest = (rest + more).lstrip(b"\0")
        if not rest:
            self._is_over = True
            return
        if not rest.startswith(_GZIP):
            msg = "Bytes that are not gzip follow the gzip stream"
            raise NiftiError(msg)
        self._member, self._input = isal_zlib.decompressobj(_WINDOW), rest
