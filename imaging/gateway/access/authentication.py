"""Who makes a request, and whether they may: decided before anything else looks at it."""

import logging
import re
import time
from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from imaging.fusion.callbacks import PATH as CALLBACKS
from imaging.gateway.access import tokens
from imaging.gateway.access.links import verify_link
from imaging.gateway.access.origins import (
    is_embedding,
    is_foreign,
    is_loopback_name,
    is_passed_on,
)
from imaging.gateway.access.refusals import refusal, unauthorised
from imaging.gateway.access.targets import file_meant
from imaging.gateway.options import GatewayOptions

log = logging.getLogger(__name__)

CALLER = "imaging.gateway.caller"  # in the scope of a request: who made it, for the access log

NOBODY, LOCAL, BY_LINK = "-", "local", "link"

_READING = {"GET", "HEAD", "OPTIONS"}
_PUBLIC = re.compile(
    r"/|/health|/docs|/openapi\.json|/favicon\.ico|/view|/viewer(/[A-Za-z0-9_-][A-Za-z0-9._-]*){2}"
)
# Who calls there has nothing but the address, which holds a token of its own.
_CALLED_BACK = re.compile(rf"{re.escape(CALLBACKS)}/[^/\s]+/[^/\s]+")


class AuthenticationMiddleware:
    """Lets pass who has a token, a link, or nothing but this machine between them and the gateway.

    On loopback a gateway asks for nothing as long as nobody ever made a token. With the first one
    it asks everybody, since a proxy on this machine would make strangers look local.
    """

    def __init__(
        self, app: ASGIApp, options: GatewayOptions, now: Callable[[], float] = time.time
    ) -> None:
        self._app = app
        self._options = options
        self._now = now
        self._tokens = tokens.TokenStore(options.state)
        self._refused = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge one request."""
        if scope["type"] == "websocket":  # there are none, and none gets by without a token
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        verdict = self._judge(scope)
        if isinstance(verdict, Response):
            self._count(verdict)
            await verdict(scope, receive, send)
            return
        scope[CALLER] = verdict
        await self._app(scope, receive, send)

    def _judge(self, scope: Scope) -> str | Response:
        """Return who makes the request, or the answer that refuses it."""
        headers = Headers(scope=scope)
        if scope["method"] in {"GET", "HEAD"} and _PUBLIC.fullmatch(scope["path"]):
            return NOBODY
        if scope["method"] == "POST" and _CALLED_BACK.fullmatch(scope["path"]):
            return NOBODY
        if scope["method"] not in _READING and is_foreign(headers, self._options.origins):
            return refusal(403, "Pages of this origin may not call the gateway")
        if given := headers.getlist("authorization"):
            return self._by_token(given, "read" if scope["method"] in _READING else "run")
        if links := _links_in(scope):
            return self._by_link(links, scope)
        return self._locally(headers)

    def _by_token(self, given: list[str], needed: tokens.Scope) -> str | Response:
        kind, _, value = given[0].partition(" ")
        if len(given) > 1 or kind.lower() != "bearer":
            return unauthorised()
        token = self._tokens.find(value.strip(" ").encode("latin-1"), self._now())
        if token is None:
            return unauthorised()
        if needed not in token.scopes:
            challenge = f'Bearer error="insufficient_scope", scope="{needed}"'
            detail = f"This token does not have the scope {needed}"
            return refusal(403, detail, {"WWW-Authenticate": challenge})
        return token.name

    def _by_link(self, links: list[str], scope: Scope) -> str | Response:
        link = verify_link(self._options, links[0], self._now()) if len(links) == 1 else None
        if link is None:
            return unauthorised()
        meant = file_meant(self._options, scope["path"])
        if scope["method"] not in {"GET", "HEAD"} or meant not in link.files:
            return refusal(403, "This link is for other files, and for reading only")
        return BY_LINK

    def _locally(self, headers: Headers) -> str | Response:
        if not self._options.is_local or self._tokens.exists or is_passed_on(headers):
            return unauthorised()
        if not is_loopback_name(headers.get("host", "")):
            return refusal(403, "Without a token the gateway answers to http://localhost only")
        if is_embedding(headers, self._options.origins):
            return refusal(403, "Pages of this origin may not call the gateway")
        return LOCAL

    def _count(self, answer: Response) -> None:
        """Log at the 1st, 2nd, 4th, 8th... failure, so that guessing shows and fills no disk."""
        if answer.status_code != 401:
            return
        self._refused += 1
        if self._refused & (self._refused - 1) == 0:
            log.warning("Requests without a valid token or link so far: %d", self._refused)


def _links_in(scope: Scope) -> list[str]:
    """Return every ``link=`` of the query, whose length is limited by now."""
    query = scope["query_string"].decode("latin-1")
    return parse_qs(query, keep_blank_values=True).get("link", [])
