"""What the vendor answered: read within bounds, or refused as the error that it means."""

import http.client
import json
from collections.abc import Iterator
from typing import Any

import httpx

from imaging.errors import RemoteRejectedError, RemoteUnavailableError
from imaging.fusion.vendor.limits import Limit
from imaging.orthanc.retries import told_s

MOST_STATUS_BYTES = 1 << 20
MOST_DATA_BYTES = 64 << 20  # with meshes inline
_PASSING = {
    http.client.REQUEST_TIMEOUT,
    http.client.TOO_EARLY,
    http.client.TOO_MANY_REQUESTS,
}
_DENIED = {http.client.UNAUTHORIZED, http.client.FORBIDDEN}


class AwayError(RemoteUnavailableError):
    """A server that is away or busy.

    Attributes:
        sent: The request may have arrived.
        wait_s: How long the server asks to wait; 0 where it says nothing.
    """

    def __init__(self, message: str, *, sent: bool = True, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.sent = sent
        self.wait_s = wait_s


class SlowError(AwayError):
    """A server that drips: who was kept so long is not kept again at once."""


def accepted(answer: httpx.Response, what: str) -> httpx.Response:
    """Return an answer of status 200.

    Args:
        answer: Of a request that may be sent again.
        what: What was asked for, in messages. Addresses are not told: some are as good as a key.

    Raises:
        AwayError: The server is busy.
        RemoteRejectedError: It refuses, or sends elsewhere.
    """
    status = answer.status_code
    if status == http.client.OK:
        return answer
    if is_passing(status):
        msg = f"{what}: the vendor is busy ({status})"
        raise AwayError(msg, wait_s=told_s(answer.headers.get("Retry-After", "")))
    if status in _DENIED:
        msg = f"{what}: the vendor does not accept the account's token ({status})"
    else:
        msg = f"{what}: the vendor refuses ({status})"
    raise RemoteRejectedError(msg)


def is_passing(status: int) -> bool:
    """Tell whether a status may be another one soon."""
    return status in _PASSING or status >= http.client.INTERNAL_SERVER_ERROR


def read_json(answer: httpx.Response, what: str, most_bytes: int, longest_s: float) -> Any:
    """Read an answer as JSON.

    Args:
        answer: Whose body was not read yet.
        what: As of ``accepted``.
        most_bytes: It may have.
        longest_s: As of ``Limit``.

    Raises:
        RemoteRejectedError: It is too large, or no JSON.
        SlowError: It took too long.
    """
    body = b"".join(blocks(answer, what, most_bytes, longest_s))
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        pass  # the error would hold the whole text, with whatever address is in it
    msg = f"{what}: the answer is no JSON"
    raise RemoteRejectedError(msg)


def blocks(answer: httpx.Response, what: str, most_bytes: int, longest_s: float) -> Iterator[bytes]:
    """Give the body of an answer piece by piece, none of it trusted.

    Args:
        answer: Whose body was not read yet.
        what: As of ``accepted``.
        most_bytes: It may have.
        longest_s: As of ``Limit``.

    Raises:
        RemoteRejectedError: It has more than that, or is packed, which was not asked for and could
            unpack to any size.
        SlowError: It took too long.
        AwayError: It is not as long as the server said.
    """
    if answer.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        msg = f"{what}: the answer is packed, though that was not asked for"
        raise RemoteRejectedError(msg)
    told = stated_bytes(answer)
    _check_size(told or 0, what, most_bytes)
    got, limit = 0, Limit(longest_s)
    for block in answer.iter_bytes():
        got += len(block)
        _check_size(got, what, most_bytes)
        limit.moved(len(block))
        if limit.is_over:
            raise SlowError(too_slow(what))
        yield block
    if told is not None and told != got:
        msg = f"{what}: the answer has {got} bytes, not the {told} that were announced"
        raise AwayError(msg)


def too_slow(what: str) -> str:
    """Say that a call took too long."""
    return f"{what}: the answer takes too long"


def _check_size(size: int, what: str, most_bytes: int) -> None:
    if size > most_bytes:
        msg = f"{what}: the answer has more than {most_bytes} bytes"
        raise RemoteRejectedError(msg)


def stated_bytes(answer: httpx.Response) -> int | None:
    """Return the Content-Length of an answer, None where it has none that is a number."""
    told = answer.headers.get("Content-Length", "")
    return int(told) if told.isdecimal() and len(told) < 20 else None
