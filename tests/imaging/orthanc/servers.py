"""Servers that misbehave on purpose: an HTTP server that answers as told, and a TCP proxy."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Answer = tuple[int, dict[str, str], bytes]
_READ_AHEAD_BYTES = 1 << 18


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    server: "_Server"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        status, headers, content = self.server.answer(self.command, self.path)
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = self.close_connection or "close" in headers.get("Connection", "")

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answer: Callable[[str, str], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer

    def handle_error(self, *_: object) -> None:
        """A client that went away is part of the tests."""


@contextmanager
def serving(answer: Callable[[str, str], Answer]) -> Iterator[str]:
    """Run an HTTP/1.1 server on loopback; ``answer`` gets method and path. Yields its URL.

    A status of 0 closes the connection without a word. The header Content-Length is sent as given,
    left out where that is empty, and rightly otherwise; `Connection: close` is obeyed.
    """
    server = _Server(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Proxy:
    """Passes bytes between a client and a server, and counts requests.

    Attributes:
        requests: Method and path of each request that went through.
        url: Its own address.
        answered: How many bytes of answers came; ``on_bytes`` is called with it before they go on.
    """

    def __init__(self, url: str, on_bytes: Callable[[int], None] = lambda _: None) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open: list[socket.socket] = [self._listener]
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[str] = []
        self._on_bytes = on_bytes
        self.answered = 0
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._open:
            _hang_up(each)
        for thread in self._threads:
            thread.join(5)
        for each in self._open:
            each.close()

    def count(self, pattern: str) -> int:
        """How many requests match."""
        return sum(bool(re.match(pattern, request)) for request in self.requests)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = _connected(self._target)
            except OSError:
                client.close()
                continue
            self._open += [client, server]
            for pair in ((client, server, self._ask), (server, client, self._answer)):
                thread = threading.Thread(target=self._pump, args=pair, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _pump(
        self, source: socket.socket, target: socket.socket, watch: Callable[[bytes], None]
    ) -> None:
        try:
            while piece := source.recv(1 << 16):
                watch(piece)
                target.sendall(piece)
        except OSError:
            pass
        _hang_up(source)
        _hang_up(target)

    def _ask(self, piece: bytes) -> None:
        self.requests += [
            match.decode() for match in re.findall(rb"((?:GET|POST) \S+) HTTP/1\.1\r\n", piece)
        ]

    def _answer(self, piece: bytes) -> None:
        with self._lock:
            self.answered += len(piece)
            self._on_bytes(self.answered)  # one at a time: it may kill the server


def _connected(target: tuple[str, int]) -> socket.socket:
    """Connect, and let little more come than was asked for: what a dead server sent still does."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _READ_AHEAD_BYTES)
    try:
        connection.connect(target)
    except OSError:
        connection.close()
        raise
    return connection


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
