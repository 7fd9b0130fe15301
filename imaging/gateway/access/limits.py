"""How large and how slow a request may be; an answer that is underway is never cut off."""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from imaging.gateway.access.refusals import refusal

MOST_URL_BYTES = 8192
MOST_HEADERS = 100
MOST_HEADER_BYTES = 16_384
STALL_S = 30.0

_CLOSE = {"Connection": "close"}
_TOO_LARGE = "The body is larger than this gateway takes"
_TOO_SLOW = "The body did not arrive in time"
_LATER = "This takes longer than the gateway waits; try again later"


class LimitMiddleware:
    """Refuses bodies that are too large or too slow, and work that takes too long.

    Args:
        app: What it guards.
        most_bytes: Of a body, whether its length was announced or not.
        most_seconds: From the end of a request's headers to the first byte of its answer.
        stall_s: Longest silence within a body.
    """

    def __init__(
        self, app: ASGIApp, most_bytes: int, most_seconds: float, stall_s: float = STALL_S
    ) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._most_seconds = most_seconds
        self._stall_s = stall_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, within the limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._most_bytes, self._stall_s)
        if (answer := self._refused(scope)) is not None:
            await answer(scope, exchange.receive, exchange.send)
            return
        await self._within_time(scope, exchange)

    def _refused(self, scope: Scope) -> Response | None:
        """Return the answer to what can be refused by its first lines."""
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MOST_URL_BYTES:
            return refusal(414, f"An address has {MOST_URL_BYTES} bytes at most")
        # The server bounds only headers that are not whole yet, and it reads 256 KB at once.
        held = sum(len(name) + len(value) for name, value in scope["headers"])
        if len(scope["headers"]) > MOST_HEADERS or held > MOST_HEADER_BYTES:
            return refusal(431, "The request has too many headers, or too long ones")
        stated = Headers(scope=scope)
        if "content-length" in stated and "transfer-encoding" in stated:
            # RFC 9112, 6.1: a proxy that goes by the other one sees other requests in it.
            return refusal(400, "A body has one length: stated, or told in chunks", _CLOSE)
        length = stated.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            return refusal(400, "Content-Length is no number", _CLOSE)
        if len(length) > 18 or int(length) > self._most_bytes:
            return refusal(413, _TOO_LARGE, _CLOSE)
        return None

    async def _within_time(self, scope: Scope, exchange: "_Exchange") -> None:
        """Answer for the app when it is late; its threads go on, but nobody waits for them."""
        task = asyncio.ensure_future(self._app(scope, exchange.receive, exchange.send))
        try:
            await asyncio.wait({task}, timeout=self._most_seconds)
            if task.done() or exchange.has_begun:
                await task
                return
            await exchange.give_up()
        except asyncio.CancelledError:
            task.cancel()
            raise
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # looked at, or asyncio logs it with whatever its message holds


class _Exchange:
    """One request and its answer.

    Attributes:
        has_begun: The head of the answer is sent, so that it takes as long as it takes.
        given_up: The app was too late: what it still says is dropped.
    """

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, most_bytes: int, stall_s: float
    ) -> None:
        headers = Headers(scope=scope)
        self.has_begun = False
        self.given_up = False
        self._scope, self._receive, self._send = scope, receive, send
        self._most_bytes, self._stall_s = most_bytes, stall_s
        self._received = 0
        self._expecting = (
            "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        )

    async def receive(self) -> Message:
        """Return the next piece of the body, or raise what the app's own error handler answers."""
        if not self._expecting:  # what can still come is that the client goes away
            return await self._receive()
        try:
            async with asyncio.timeout(self._stall_s):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, _TOO_SLOW, _CLOSE) from None
        self._received += len(message.get("body", b""))
        if self._received > self._most_bytes:
            raise HTTPException(413, _TOO_LARGE, _CLOSE)
        self._expecting = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Send on, and close the connection after it when part of the body was never read.

        Otherwise the server would go on reading it, for as long as the client cares to send.
        """
        if self.given_up:
            return
        if message["type"] == "http.response.start":
            self.has_begun = True
            if self._expecting:
                MutableHeaders(scope=message)["Connection"] = "close"
        await self._send(message)

    async def give_up(self) -> None:
        """Answer in place of the app."""
        late = refusal(503, _LATER, {"Retry-After": "30"})
        if self._expecting:
            late = refusal(408, _TOO_SLOW, _CLOSE)
        self.given_up = True
        await late(self._scope, self._receive, self._send)
