"""Who may call from a browser: allowed origins, names of this machine, requests across sites."""

import ipaddress
import re
from collections.abc import Collection, Sequence

from starlette.datastructures import Headers

from imaging.errors import SettingError

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+?)\.?(:[0-9]{1,5})?", re.IGNORECASE)
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:[0-9]{1,5})?")
_DEFAULT_PORTS = (("http://", ":80"), ("https://", ":443"))
_PASSED_ON = ("forwarded", "via", "x-forwarded-", "x-real-ip")  # how names of headers begin


def checked_origins(origins: Sequence[str]) -> tuple[str, ...]:
    """Return the origins whose pages may read answers.

    Raises:
        SettingError: One is not spelled as a browser spells it, and so would never be equal; or is
            ``*`` or ``null``, which anybody can be.
    """
    for origin in origins:
        default_port = any(
            origin.startswith(scheme) and origin.endswith(port) for scheme, port in _DEFAULT_PORTS
        )
        if default_port or not _ORIGIN.fullmatch(origin):
            name = "IMAGING_GATEWAY_ORIGINS"
            msg = "an origin is written like https://viewer.example or http://localhost:3000"
            raise SettingError(name, msg)
    return tuple(dict.fromkeys(origins))


def is_loopback_name(host: str) -> bool:
    """Say whether a Host header names this machine to itself.

    A page of a stranger may have its own name resolve to 127.0.0.1 and so reach a gateway that
    listens on loopback only; but the browser still sends the stranger's name.
    """
    if (parsed := _HOST.fullmatch(host)) is None:
        return False
    name = parsed.group(1).lower().strip("[]")
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761: resolves to loopback only
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_passed_on(headers: Headers) -> bool:
    """Say whether a proxy passed the request on, so that it may come from anywhere."""
    return any(name.startswith(_PASSED_ON) for name in headers)


def is_foreign(headers: Headers, origins: Collection[str]) -> bool:
    """Say whether a page of another origin, and none of the allowed, makes this request."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") in {"cross-site", "same-site"}
    if origin in origins:
        return False
    return origin.partition("://")[2].lower() != headers.get("host", "").lower()


def is_embedding(headers: Headers, origins: Collection[str]) -> bool:
    """Say whether a page of another site loads this, rather than a person following a link."""
    if headers.get("sec-fetch-site") != "cross-site" or headers.get("origin") in origins:
        return False
    return headers.get("sec-fetch-mode", "") != "navigate"
