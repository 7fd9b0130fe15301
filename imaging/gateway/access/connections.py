"""Connections that say nothing, or take nothing: closed, where the server would keep them."""

import asyncio
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class _BoundedProtocol(H11Protocol):
    """Uvicorn's protocol with two timers; see ``bounded_protocol``."""

    most_header_s: ClassVar[float]
    most_stalled_s: ClassVar[float]

    _header_timer: asyncio.TimerHandle | None = None
    _stall_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._header_timer = self.loop.call_later(self.most_header_s, transport.abort)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._forget_header()
        elif self._header_timer is None:  # a further request on a kept connection has begun
            self._header_timer = self.loop.call_later(self.most_header_s, self.transport.abort)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall_timer = self.loop.call_later(self.most_stalled_s, self.transport.abort)

    def resume_writing(self) -> None:
        self._forget_stall()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_header()
        self._forget_stall()
        super().connection_lost(exc)

    def _forget_header(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _forget_stall(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None


def bounded_protocol(stalled_s: float, header_s: float = 15.0) -> type[H11Protocol]:
    """Return a protocol for ``uvicorn.Config(http=...)``.

    An app cannot see to this: it is called when a request's headers are whole, and a client that
    takes nothing of an answer leaves it waiting.

    Args:
        stalled_s: Longest time in which a client takes nothing of a waiting answer.
        header_s: Longest time until the headers of a request are whole.
    """
    timers = {"most_header_s": header_s, "most_stalled_s": stalled_s}
    return type("BoundedProtocol", (_BoundedProtocol,), timers)
