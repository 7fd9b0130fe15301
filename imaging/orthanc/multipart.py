"""Reads multipart answers part by part (RFC 2046; DICOM PS3.18, 8.6.1.2), from any source.

Nothing is kept: a part's bytes go where its reader puts them, so memory does not grow with the
answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Protocol

from imaging.errors import RemoteUnavailableError

_SCRAP = 1 << 16


class Source(Protocol):
    """Where the bytes come from."""

    def readline(self) -> bytes:
        """Return the next line with its end, b"" at the end."""
        ...

    def readinto(self, view: memoryview) -> int:
        """Fill ``view``; less than its length only at the end."""
        ...


class BrokenMultipartError(RemoteUnavailableError):
    """The answer ends early or is not multipart; what came before its end is good."""


@dataclass(slots=True)
class Part:
    """One part, to be read before the next is asked for.

    Attributes:
        size: Its Content-Length, in bytes.
        unread: How many of them are still to be read.
    """

    size: int
    unread: int
    _source: Source

    def readinto(self, view: memoryview) -> int:
        """Fill ``view`` as far as the part goes, and return how far.

        Raises:
            BrokenMultipartError: The answer ends inside the part.
        """
        wanted = min(len(view), self.unread)
        got = self._source.readinto(view[:wanted])
        self.unread -= got
        if got < wanted:
            msg = f"The answer ends {self.unread} bytes before the end of a part"
            raise BrokenMultipartError(msg)
        return got


def boundary_of(content_type: str) -> str:
    """Return the boundary that a Content-Type names.

    Raises:
        BrokenMultipartError: It is no multipart type, or names none.
    """
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_boundary()
    if message.get_content_maintype() != "multipart" or not boundary:
        msg = f"An answer of type {message.get_content_type()} instead of multipart"
        raise BrokenMultipartError(msg)
    return boundary


def read_parts(source: Source, boundary: str) -> Iterator[Part]:
    """Yield each part; bytes of it that are left unread are skipped.

    Raises:
        BrokenMultipartError: A part has no length, or the closing boundary never comes.
    """
    opening = b"--" + boundary.encode()
    closing = opening + b"--"
    scrap = memoryview(bytearray(_SCRAP))
    while line := source.readline():
        if line.rstrip() == closing:
            return
        if line.rstrip() != opening:
            continue  # the line break after a part, or a preamble
        size = _content_length(source)
        part = Part(size, size, source)
        yield part
        while part.unread:
            part.readinto(scrap)
    msg = "The answer ends without its closing boundary"
    raise BrokenMultipartError(msg)


def _content_length(source: Source) -> int:
    """Read a part's headers to the empty line after them, and return its Content-Length."""
    size = ""
    while line := source.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        if name.strip().lower() == "content-length":
            size = value.strip()
    if not size.isdecimal():
        msg = "A part without a Content-Length"
        raise BrokenMultipartError(msg)
    return int(size)
