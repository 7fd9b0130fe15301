"""HTTP to one server over connections that are kept, and replaced when the server closed them.

The standard library's http.client reads a body straight into a buffer of ours. A client that makes
events and objects of it first costs three to five times the CPU, which matters for gigabytes.
"""

import http.client
import socket
import ssl
import time
from base64 import b64encode
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from imaging.errors import ImagingError, RemoteUnavailableError, SettingError
from imaging.orthanc.answers import LOST, URL_SETTING, Body, lost, refusal, stranger
from imaging.orthanc.retries import BUSY, LONGEST_PAUSE_S, PAUSES_S, Sleep, jittered, told_s

_STALE = (ConnectionResetError, BrokenPipeError)  # http.client.RemoteDisconnected is the former
_NOWHERE = (ConnectionRefusedError, socket.gaierror, ssl.SSLError)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Sending it twice must do no more than sending it once.

    Attributes:
        method: GET, or POST.
        path: Below the server's address, from its slash on. Errors and server logs repeat it: it
            may hold UIDs and Orthanc ids, never a PatientID.
        content: What is sent.
        accept: The media type wanted.
    """

    method: str
    path: str
    content: bytes | None = None
    accept: str = "*/*"

    @property
    def where(self) -> str:
        """Method and path, for messages."""
        return f"{self.method} {self.path}"


class Transport:
    """One server. Safe to use from several threads: each request borrows a connection.

    Attributes:
        is_known: Set by whoever heard the server say what only the right server says. Before that,
            a refused connection means a wrong address; after, a server that is down for now.
        sleep: Waits some seconds, before a request is sent again.
    """

    def __init__(self, url: str, user: str, password: str, timeout_s: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            msg = "The address must read http://host:port or https://host, without a user in it"
            raise SettingError(URL_SETTING, msg)
        self.is_known = False
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._prefix = parts.path.rstrip("/")
        self._timeout_s = timeout_s
        self.sleep: Sleep = time.sleep
        self._idle: deque[http.client.HTTPConnection] = deque()
        # Without this header Orthanc before 1.12.2 squeezes even DICOM files, at 10 MB/s.
        self._headers = {"Accept-Encoding": "identity"}
        if user:
            token = b64encode(f"{user}:{password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {token}"

    def close(self) -> None:
        """Close the connections that wait for reuse."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def exchange(self, request: Request) -> Iterator[Body]:
        """Send, judge the status, and give the body; what is left unread costs the connection.

        A server that is busy or restarts is asked three times within seconds. A timeout, or an
        answer that breaks off, is for the caller to repeat: much time or data went already.

        Raises:
            SettingError: The credentials are refused, or nothing was ever heard at this address.
            RemoteUnavailableError: No answer, a 429 or a 5xx: worth trying again later.
            NotFoundError: A 404.
            RemoteRejectedError: Another status of 300 or more.
        """
        connection, response = self._patiently(request)
        try:
            if response.status >= http.client.MULTIPLE_CHOICES:
                raise refusal(response.status, request.where, is_known=self.is_known)
            yield Body(response, request.where)
        finally:
            if response.isclosed():  # read to its end: the connection can be used again
                self._idle.append(connection)
            else:
                response.close()
                connection.close()

    def _patiently(
        self, request: Request
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Send, and send again while the server is only busy or just not there."""
        for usual_s in PAUSES_S:
            wanted_s = 0.0
            try:
                connection, response = self._send(request)
            except RemoteUnavailableError as error:
                if not isinstance(error.__cause__, ConnectionError):
                    raise
            else:
                wanted_s = told_s(response.getheader("Retry-After", ""))
                if response.status not in BUSY or wanted_s > LONGEST_PAUSE_S:
                    return connection, response
                response.close()
                connection.close()
            self.sleep(max(wanted_s, jittered(usual_s)))
        return self._send(request)

    def _send(
        self, request: Request
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Send on a kept connection; one that the server closed meanwhile is replaced, once.

        Orthanc 1.10 closes after one second of silence.
        """
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connection()
        was_open = connection.sock is not None
        try:
            return connection, self._send_on(connection, request)
        except LOST as error:
            if not (was_open and isinstance(error, _STALE)):
                raise self._failure(request.where, error) from error
        connection = self._connection()
        try:
            return connection, self._send_on(connection, request)
        except LOST as error:
            raise self._failure(request.where, error) from error

    def _connection(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        return kind(self._host, self._port, timeout=self._timeout_s)

    def _send_on(
        self, connection: http.client.HTTPConnection, request: Request
    ) -> http.client.HTTPResponse:
        headers = {**self._headers, "Accept": request.accept}
        try:
            connection.request(
                request.method, self._prefix + request.path, request.content, headers
            )
            return connection.getresponse()
        except LOST:
            connection.close()
            raise

    def _failure(self, where: str, error: Exception) -> ImagingError:
        """Tell a wrong address, where nothing was ever heard, from a server that is down."""
        if self.is_known:
            return lost(where, error)
        if isinstance(error, _NOWHERE):
            msg = f"The address cannot be connected to ({type(error).__name__})"
            return SettingError(URL_SETTING, msg)
        if isinstance(error, http.client.HTTPException) and not isinstance(error, _STALE):
            return stranger("it does not speak HTTP")
        return lost(where, error)
