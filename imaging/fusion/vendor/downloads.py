"""The content of a mesh, to a file that is there wholly or not at all."""

import os
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import httpx

from imaging.errors import RemoteRejectedError
from imaging.files import whole_file
from imaging.fusion.vendor.answers import blocks, stated_bytes

_CHARACTERS = 1 << 22  # decoded at once; a multiple of four


def save(pieces: Iterable[bytes], target: Path, what: str, count: Callable[[int], None]) -> Path:
    """Write a file of pieces; when this returns, it is on the disk.

    Args:
        pieces: Of its content.
        target: The file.
        what: It is, in messages.
        count: Is told the size of each piece before it is written, and may refuse it.

    Raises:
        RemoteRejectedError: There is not one byte.
    """
    with whole_file(target) as part, part.open("wb") as file:
        for piece in pieces:
            count(len(piece))
            file.write(piece)
        if not file.tell():
            msg = f"{what} is empty"
            raise RemoteRejectedError(msg)
        file.flush()
        os.fsync(file.fileno())
    return target


def body_of(
    answer: httpx.Response, what: str, most_bytes: int, longest_s: float
) -> Iterator[bytes]:
    """Give the body of a download, the end of which can be told; raises as ``blocks`` does.

    Raises:
        RemoteRejectedError: It would end where the connection does, for whatever reason that is.
    """
    is_chunked = "chunked" in answer.headers.get("Transfer-Encoding", "").lower()
    if stated_bytes(answer) is None and not is_chunked:
        msg = f"{what}: the answer does not tell its length"
        raise RemoteRejectedError(msg)
    return blocks(answer, what, most_bytes, longest_s)


def decoded(text: str, what: str, most_bytes: int) -> Iterator[bytes]:
    """Decode base64 in parts, so that a mesh is not in memory twice.

    Raises:
        RemoteRejectedError: It is no base64, or too much of it.
    """
    if len(text) // 4 * 3 > most_bytes + 2:
        msg = f"{what} has more than {most_bytes} bytes"
        raise RemoteRejectedError(msg)
    for start in range(0, len(text), _CHARACTERS):
        piece = _piece(text[start : start + _CHARACTERS], is_last=start + _CHARACTERS >= len(text))
        if piece is None:
            msg = f"{what} is neither a urn nor base64"
            raise RemoteRejectedError(msg)
        yield piece


def _piece(text: str, *, is_last: bool) -> bytes | None:
    if "=" in text and not is_last:  # padding ends the whole, and not a part of it
        return None
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return None
