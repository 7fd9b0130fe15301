"""What every answer says to a browser, also an error's; and the answer to what nobody foresaw."""

import logging
import traceback
from collections.abc import Collection
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from imaging.gateway.access.refusals import refusal

log = logging.getLogger(__name__)

_CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)

# What a route says itself stands: a picture may be cached, the viewer has a policy of its own.
_HEADERS = {
    "Cache-Control": "private, no-cache",  # asked again each time, so that a revocation counts
    "Content-Security-Policy": _CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",  # an address may hold a link's signature
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}


class SecurityHeadersMiddleware:
    """Adds the headers that keep an answer away from other pages, where the route says nothing."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and add to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_allowed = Headers(scope=scope).get("origin") in self._origins
        embedding = "cross-origin" if is_allowed else "same-origin"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cross-Origin-Resource-Policy", embedding)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class FaultMiddleware:
    """Answers 500 to an error that nobody foresaw, and logs where it happened but not its message.

    Left to the server, the error would be logged with its trace; and the message of, say, a
    missing file names the file, which may name the patient.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        begun = False

        async def send_and_notice(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_notice)
        except Exception as error:
            if scope["type"] != "http":
                raise
            log.error("a request failed: %s at %s", type(error).__name__, _place(error))  # noqa: TRY400
            if not begun:
                answer = refusal(500, "The gateway failed; its log says where")
                await answer(scope, receive, send)


def _place(error: BaseException) -> str:
    """Return where an error was raised, which is about the program and not about the data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
