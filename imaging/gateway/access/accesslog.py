"""One line for each request, without anything that could be a person's: no address, no path."""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from imaging.gateway.access.authentication import CALLER, NOBODY

log = logging.getLogger(__name__)

_METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}


class AccessLogMiddleware:
    """Logs method, route, status, bytes, milliseconds and who asked, by the token's name.

    The route is its template, ``/filtered-scans/{patient}/{file}``. The client's address stays
    out: in the European Union it is personal data too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and log it when it is over."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        status, sent, is_whole = 0, 0, False

        async def send_and_count(message: Message) -> None:
            nonlocal status, sent, is_whole
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
                is_whole = not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, send_and_count)
        finally:
            milliseconds = 1000 * (time.perf_counter() - begun)
            log.info(
                "%s %s %d %d bytes %.0f ms %s%s",
                scope["method"] if scope["method"] in _METHODS else "OTHER",
                _route(scope),
                status,
                sent,
                milliseconds,
                scope.get(CALLER, NOBODY),
                "" if is_whole else " (cut off)",
            )


def _route(scope: Scope) -> str:
    """Return the template that a request matched, never what it was matched with."""
    if (template := getattr(scope.get("route"), "path", None)) is not None:
        return str(template)
    # The framework's own routes leave no template, but a function, whose name is the program's.
    return f"({getattr(scope.get('endpoint'), '__name__', 'no route')})"
