"""A gateway on a real port of loopback, and requests sent to it byte for byte."""

import contextlib
import dataclasses
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn

from imaging.gateway import GatewayOptions
from imaging.gateway.__main__ import config_of


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


@contextlib.contextmanager
def running(options: GatewayOptions) -> Iterator[int]:
    """Serve as ``python -m imaging.gateway`` does, on a free port, for the block."""
    with listening(config_of(dataclasses.replace(options, port=0))) as port:
        yield port


@contextlib.contextmanager
def listening(config: uvicorn.Config) -> Iterator[int]:
    """Serve what a configuration says, on a free port, for the block."""
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            until = time.monotonic() + 20
            while not server.started:
                assert thread.is_alive()
                assert time.monotonic() < until
                time.sleep(0.01)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)


def ask(port: int, target: str | bytes, *headers: str, method: str = "GET") -> Answer:
    """Send one request as it is written: no client tidies the path."""
    raw = target.encode("latin-1") if isinstance(target, str) else target
    lines = ["Host: localhost", "Connection: close", *headers]
    head = method.encode() + b" " + raw + b" HTTP/1.1\r\n" + "\r\n".join(lines).encode()
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.sendall(head + b"\r\n\r\n")
        return _answer(b"".join(iter(lambda: connection.recv(1 << 20), b"")))


def _answer(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in lines)
    return Answer(
        int(first.split()[1]), {name.lower(): value.strip() for name, value in pairs}, body
    )
