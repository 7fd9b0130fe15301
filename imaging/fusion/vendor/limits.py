"""A limit on the whole of a call; httpx only knows how long a server may be silent.

What drips byte by byte is never silent, and would hold a worker for as long as a stranger likes. So
whatever goes over a connection is timed as it goes, without a thread that watches.
"""

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

import httpcore
import httpx

_LEAST_SPEED = 1 << 13  # bytes in a second: a practice's 1 Mbit/s, shared by a dozen transfers
_PIECE = 1 << 16  # written at once: one write may be many, and is timed at its beginning only


class Limit:
    """How long a call may take: some time, and more for every byte that moves."""

    def __init__(self, longest_s: float) -> None:
        """Begin now.

        Args:
            longest_s: Without the time that its bytes are granted.
        """
        self._end = time.monotonic() + longest_s

    def moved(self, size: int) -> None:
        """Grant the time of some bytes."""
        self._end += size / _LEAST_SPEED

    @property
    def left_s(self) -> float:
        """How much is left; none is no more than 0."""
        return self._end - time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether it is reached."""
        return self.left_s <= 0


_limit: ContextVar[Limit | None] = ContextVar("fusion_vendor_limit", default=None)


@contextmanager
def limited(longest_s: float) -> Iterator[Limit]:
    """Limit the one call that this thread makes in the block, of a client of ``timed``."""
    limit = Limit(longest_s)
    before = _limit.set(limit)
    try:
        yield limit
    finally:
        _limit.reset(before)


def timed(http: httpx.Client) -> httpx.Client:
    """Have the calls of a new client, also those by a proxy of the environment, obey their limit.

    Neither httpx nor its pools take a network of one's own where proxies are theirs to find.
    """
    for transport in (http._transport, *http._mounts.values()):  # noqa: SLF001 - as told
        if isinstance(transport, httpx.HTTPTransport):
            pool = transport._pool  # noqa: SLF001 - likewise
            pool._network_backend = _Network(pool._network_backend)  # noqa: SLF001 - likewise
    return http


class _Stream(httpcore.NetworkStream):
    """A connection that is timed."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))
        _moved(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            piece = buffer[start : start + _PIECE]
            self._stream.write(piece, _left(timeout, httpcore.WriteTimeout))
            _moved(len(piece))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> Self:
        left_s = _left(timeout, httpcore.ConnectTimeout)
        return type(self)(self._stream.start_tls(ssl_context, server_hostname, left_s))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Network(httpcore.NetworkBackend):
    """Makes connections that are timed."""

    def __init__(self, network: httpcore.NetworkBackend) -> None:
        self._network = network

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left_s = _left(timeout, httpcore.ConnectTimeout)
        made = self._network.connect_tcp(host, port, left_s, local_address, socket_options)
        return _Stream(made)

    def sleep(self, seconds: float) -> None:
        self._network.sleep(seconds)


def _left(timeout_s: float | None, error: type[httpcore.TimeoutException]) -> float | None:
    """Return how long to wait: for a silence to end, and no longer than the limit."""
    limit = _limit.get()
    if limit is None:
        return timeout_s
    if limit.is_over:
        raise error
    return limit.left_s if timeout_s is None else min(timeout_s, limit.left_s)


def _moved(size: int) -> None:
    if (limit := _limit.get()) is not None:
        limit.moved(size)
