"""All that stands between the port and the routes, in its order."""

import time
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from imaging.errors import SettingError
from imaging.gateway.access.accesslog import AccessLogMiddleware
from imaging.gateway.access.answers import FaultMiddleware, SecurityHeadersMiddleware
from imaging.gateway.access.authentication import AuthenticationMiddleware
from imaging.gateway.access.limits import LimitMiddleware
from imaging.gateway.access.origins import checked_origins, is_loopback_name
from imaging.gateway.access.tokens import TokenStore
from imaging.gateway.options import GatewayOptions

_METHODS = ("GET", "HEAD", "POST")
_ASKED = ("Authorization", "Content-Type", "If-None-Match", "If-Range", "Range")
_TOLD = ("Accept-Ranges", "Content-Disposition", "Content-Length", "Content-Range", "ETag")


def guard(app: FastAPI, options: GatewayOptions, now: Callable[[], float] = time.time) -> None:
    """Put an app behind tokens, links, limits, CORS, security headers and an access log.

    Args:
        app: The gateway, with or without its routes yet.
        options: Whom it serves, and how much.
        now: The clock that tokens and links expire by, in seconds since 1970.

    Raises:
        SettingError: An origin is not written as browsers write it.
    """
    origins = checked_origins(options.origins)
    # From the inside out: what is added last sees a request first.
    app.add_middleware(AuthenticationMiddleware, options=replace(options, origins=origins), now=now)
    app.add_middleware(
        LimitMiddleware,
        most_bytes=options.most_upload_bytes,
        most_seconds=options.most_seconds,
    )
    app.add_middleware(FaultMiddleware)
    app.add_middleware(
        CORSMiddleware,  # outside of authentication: a preflight never carries a token
        allow_origins=origins,
        allow_methods=_METHODS,
        allow_headers=_ASKED,
        expose_headers=_TOLD,
        allow_credentials=False,
    )
    app.add_middleware(SecurityHeadersMiddleware, origins=origins)
    app.add_middleware(AccessLogMiddleware)


def check_exposure(options: GatewayOptions, public_url: str = "", now: float | None = None) -> None:
    """Refuse to start where others could call, and nobody could with a token.

    Args:
        options: Of the gateway.
        public_url: Where others reach it. When that is no name of this machine for itself, there is
            a proxy before a gateway that listens on loopback.
        now: Seconds since 1970; the clock's when left out.

    Raises:
        SettingError: Others reach it and there is no valid token, or an origin is wrong.
    """
    checked_origins(options.origins)
    is_behind_proxy = public_url and not is_loopback_name(urlsplit(public_url).netloc)
    if options.is_local and not is_behind_proxy:
        return
    moment = time.time() if now is None else now
    if not any(token.is_valid(moment) for token in TokenStore(options.state).tokens()):
        name = "IMAGING_GATEWAY_URL" if options.is_local else "IMAGING_GATEWAY_HOST"
        msg = (
            "beyond this machine the gateway asks for tokens, and there is no valid one. Make one "
            "with `python -m imaging.gateway token add NAME`, or stay on this machine"
        )
        raise SettingError(name, msg)
