"""HTTP of a simulated vendor, down to what no framework would do: to lie, and to hang up."""

import contextlib
import io
import shutil
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from imaging.phantoms.vendor.calls import Answer, Request, Route, act
from imaging.phantoms.vendor.plans import Fault, Plans

_MOST_UNREAD = 64 << 20
_BLOCK = 1 << 20


class Origin:
    """One address: a port of loopback that answers by routes, in threads."""

    def __init__(
        self,
        routes: list[Route],
        plans: Plans,
        *,
        port: int = 0,
        retry_after_s: int = 1,
        heard: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Listen; nothing is answered yet.

        Args:
            routes: The first that fits answers.
            plans: What goes wrong.
            port: 0 is any that is free.
            retry_after_s: What a 429 or 503 asks for.
            heard: Told the endpoint of each call.
        """
        self.routes, self.plans, self.heard = routes, plans, heard
        self.retry_after_s = retry_after_s
        self._server = _Server(port, self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.daemon = True

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """Where it listens, of loopback."""
        return self._server.server_port

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, not even on connections that are kept."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.hang_up()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, port: int, origin: Origin) -> None:
        self.origin = origin
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep: a server that is down answers nobody."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_: object) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = 60

    def do_GET(self) -> None:
        origin = cast("_Server", self.server).origin
        length = self.headers.get("Content-Length")
        body = _Counted(self.rfile, int(length) if length and length.isdecimal() else 0)
        answer, fault = self._answer(origin, cast("BinaryIO", body), length)
        try:
            if fault in {"lost", "dropped"}:
                self._hang_up()
                return
            self._drain(body)
            self._send(origin, answer, fault)
        finally:
            answer.afterwards()

    do_POST = do_PUT = do_GET  # noqa: N815 - the names that http.server looks for

    def log_message(self, *_: object) -> None:
        """Say nothing: addresses here are signed."""

    def _answer(self, origin: Origin, body: BinaryIO, length: str | None) -> tuple[Answer, Fault]:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        for route in origin.routes:
            match = route.path.fullmatch(path)
            if match is None or route.method != self.command:
                continue
            origin.heard(route.endpoint)
            fault = origin.plans.take(route.endpoint)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            size = int(length) if length and length.isdecimal() else None
            request = Request(path, match.groups(), query, self.headers, body, size, fault)
            return act(route, request), fault
        return Answer(404, b'{"detail": "Not Found"}'), None

    def _drain(self, body: "_Counted") -> None:
        """Read what the answer did not care for, so that the client gets to read the answer."""
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True
        if body.left > _MOST_UNREAD:
            self.close_connection = True
            return
        while body.left and body.read(_BLOCK):
            pass

    def _send(self, origin: Origin, answer: Answer, fault: Fault) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status in {429, 503}:
            self.send_header("Retry-After", str(origin.retry_after_s))
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(answer.size))
        self.end_headers()
        sent = answer.size // 2 if fault == "short" else answer.size
        if isinstance(answer.content, bytes):
            self.wfile.write(answer.content[:sent])
        else:
            with answer.content.open("rb") as file:
                shutil.copyfileobj(_Counted(file, sent), self.wfile, _BLOCK)
        self.wfile.flush()
        self.close_connection = self.close_connection or fault == "short"

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class _Counted:
    """So many bytes of a stream, and no more."""

    def __init__(self, stream: io.BufferedIOBase, size: int) -> None:
        self._stream = stream
        self.left = size

    def read(self, size: int = -1) -> bytes:
        wanted = self.left if size < 0 else min(size, self.left)
        block = self._stream.read(wanted) if wanted else b""
        self.left = self.left - len(block) if block else 0
        return block
