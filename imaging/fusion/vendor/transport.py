"""Calls to the vendor's servers: the token to these alone, nothing followed, nothing logged."""

import ssl
from collections.abc import Callable, Iterable
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar

import httpx

from imaging.errors import SettingError
from imaging.fusion.connection import VendorConnection
from imaging.fusion.vendor.answers import AwayError, SlowError, accepted, too_slow
from imaging.fusion.vendor.limits import limited, timed
from imaging.fusion.vendor.quiet import unlogged
from imaging.orthanc.retries import Sleep, jittered

T = TypeVar("T")
Consume = Callable[[httpx.Response], T]

TOKEN_HEADER = "X-ZH-TOKEN"  # noqa: S105 - a header's name  # pragma: allowlist secret
PAUSES_S = (0.5, 2.0, 5.0)  # after each try but the last
LONGEST_PAUSE_S = 30.0  # a server that asks for more is left to whoever retries the whole step

_PATIENCE = 10  # times the longest silence, for the whole of a call that comes in drips
_PLAIN = {"Accept-Encoding": "identity"}  # packed answers could unpack to any size
_STORING = 5  # times the longest silence: storage answers only when it has put gigabytes away
# Those of httpx's errors that tell of a request that had no connection to be sent over.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_LOST = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, UnicodeError)  # the last: a host


class Transport:
    """The vendor's two servers, and the storage they point to; safe to use from several threads.

    Attributes:
        longest_s: A call may take, and some time more for each byte of it, as ``Limit`` says.
    """

    def __init__(
        self, connection: VendorConnection, http: httpx.Client | None, sleep: Sleep
    ) -> None:
        token = connection.token
        if not (token.isascii() and token.isprintable() and token == token.strip()):
            setting = f"token of the vendor {connection.name}"
            msg = "it holds a character that no HTTP header can carry"
            raise SettingError(setting, msg)
        self._token = token
        self._origins = {_origin(connection.url), _origin(connection.files_url)}
        self._timeout_s = connection.timeout_s
        self.longest_s = _PATIENCE * connection.timeout_s
        self._sleep = sleep
        self._given = http
        self._http = http or _client()

    def close(self) -> None:
        """Close the connections; a client that was given stays open."""
        if self._given is None:
            with unlogged():
                self._http.close()

    def get(
        self, what: str, url: str, consume: Consume[T], params: dict[str, str] | None = None
    ) -> T:
        """Ask as ``get_once``, again when the server is only away or busy for a moment."""
        return self.repeat(lambda: self.get_once(what, url, consume, params))

    def get_once(
        self, what: str, url: str, consume: Consume[T], params: dict[str, str] | None = None
    ) -> T:
        """Ask one of the two servers.

        Args:
            what: What is asked for, in messages.
            url: Below one of the two addresses.
            consume: Reads the answer, which has status 200.
            params: Of the query.

        Raises:
            AwayError: It is busy or cannot be reached.
            RemoteRejectedError: It refuses.
        """
        address = httpx.URL(url, params=params) if params else httpx.URL(url)
        request = self._request("GET", address, self._token_for(url))
        return self._exchange(what, self._http, request, lambda got: consume(accepted(got, what)))

    def repeat(self, once: Callable[[], T]) -> T:
        """Do again what may be done again, until it works or fails for good.

        Raises:
            AwayError: It failed to the last.
        """
        for usual_s in PAUSES_S:
            try:
                return once()
            except SlowError:
                raise
            except AwayError as error:
                told_s = min(error.wait_s, LONGEST_PAUSE_S)
            self._sleep(max(told_s, jittered(usual_s)))
        return once()

    def post_once(self, what: str, url: str, body: bytes, consume: Consume[T]) -> T:
        """Send a POST once, over a connection of its own.

        One that was kept may be closed by the server in the moment that it is used again, and then
        nobody knows whether the request arrived.

        Raises:
            AwayError: There was no answer, or no connection; it tells which.
        """
        headers = self._token_for(url) | {"Content-Type": "application/json"}
        request = self._request("POST", url, headers, content=body)
        if self._given is not None:
            return self._exchange(what, self._given, request, consume)
        with unlogged(), _client() as fresh:
            return self._exchange(what, fresh, request, consume)

    def put(
        self, what: str, url: httpx.URL, body: Iterable[bytes], size: int, consume: Consume[T]
    ) -> T:
        """Send ``size`` bytes to an address that needs no token.

        Raises:
            AwayError: There was no answer.
        """
        headers = {"Content-Length": str(size)}
        request = self._request("PUT", url, headers, content=body, answer_s=_STORING)
        for name in ("Content-Type", TOKEN_HEADER):  # the former is part of what was signed
            request.headers.pop(name, None)
        return self._exchange(what, self._http, request, consume)

    def _request(
        self,
        method: str,
        url: str | httpx.URL,
        headers: dict[str, str],
        *,
        content: Iterable[bytes] | bytes | None = None,
        answer_s: float = 1.0,
    ) -> httpx.Request:
        return self._http.build_request(
            method,
            url,
            headers=_PLAIN | headers,
            content=content,
            timeout=httpx.Timeout(self._timeout_s, read=answer_s * self._timeout_s),
        )

    def _token_for(self, url: str) -> dict[str, str]:
        if _origin(url) not in self._origins:
            msg = "the token is for the vendor's two servers only"
            raise RuntimeError(msg)
        return {TOKEN_HEADER: self._token}

    def _exchange(
        self, what: str, http: httpx.Client, request: httpx.Request, consume: Consume[T]
    ) -> T:
        """Send a request and have its answer read.

        What httpx raises holds the whole address, so that our own error is raised when its own is
        over and forgotten, and not within or from it.
        """
        with unlogged(), limited(self.longest_s) as limit:
            try:
                answer = http.send(request, stream=True, follow_redirects=False)
                try:
                    return consume(answer)
                finally:
                    answer.close()
            except _LOST as error:
                kind, sent = type(error).__name__, not isinstance(error, _UNSENT)
        if limit.is_over:
            raise SlowError(too_slow(what), sent=sent)
        msg = f"{what}: the connection was lost ({kind})"
        raise AwayError(msg, sent=sent)


def _client() -> httpx.Client:
    # A cookie that is kept would be sent again, to storage too, or break what is sent with it.
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    return timed(httpx.Client(verify=_certificates(), cookies=no_cookies))


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # some milliseconds of work: it reads all of them


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = httpx.URL(url)
    return parts.scheme, parts.host, parts.port
