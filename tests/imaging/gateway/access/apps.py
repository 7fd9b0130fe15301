"""A little gateway behind the guard, a clock that tests set, and a server on a free port."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.testclient import TestClient
from starlette.responses import StreamingResponse

from imaging.gateway import GatewayOptions
from imaging.gateway.access import bounded_protocol, guard

NOW = 1_800_000_000.0
HERE = "http://localhost:8888"


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def little_app(  # noqa: C901 - a list of routes
    options: GatewayOptions, clock: Callable[[], float] | None = None
) -> FastAPI:
    """Routes that look like the gateway's and say which of them answered."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.api_route("/", methods=["GET", "HEAD"])
    @app.api_route("/health", methods=["GET", "HEAD"])
    @app.api_route("/favicon.ico", methods=["GET", "HEAD"])
    @app.api_route("/view", methods=["GET", "HEAD"])
    @app.api_route("/viewer/{version}/{name}", methods=["GET", "HEAD"])
    def public() -> str:
        return "public"

    @app.post("/dvh")
    async def dvh(request: Request) -> int:
        return len(await request.body())

    @app.post("/unread")
    async def unread() -> str:
        return "not read"

    @app.get("/late")
    async def late() -> str:
        await asyncio.sleep(60)
        return "late"

    @app.get("/late-in-a-thread")
    def late_in_a_thread() -> str:
        time.sleep(2.0)
        return "late"

    @app.get("/drip")
    async def drip() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(12):
                yield b"x"
                await asyncio.sleep(0.1)

        return StreamingResponse(pieces())

    @app.get("/flood")
    async def flood() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield bytes(1 << 20)
                await asyncio.sleep(0)  # as reading a file in a thread would

        return StreamingResponse(pieces())

    @app.get("/own-headers")
    def own_headers() -> Response:
        own = {"Content-Security-Policy": "sandbox", "Cache-Control": "public, max-age=60"}
        return Response("mine", headers=own)

    @app.get("/broken/{patient}")
    def broken(patient: str) -> str:
        raise FileNotFoundError(2, "no such file", f"/data/{patient}")

    @app.api_route("/{path:path}", methods=["GET", "HEAD"])  # the lower one comes first
    @app.api_route("/filtered-scans/{patient}/{file}", methods=["GET", "HEAD"])
    def data() -> str:
        return "data"

    guard(app, options, clock or Clock())
    return app


def client_of(
    options: GatewayOptions, clock: Callable[[], float] | None = None, base_url: str = HERE
) -> TestClient:
    """A client of the little gateway; an error in a route is an answer, as it is for a browser."""
    return TestClient(little_app(options, clock), base_url=base_url, raise_server_exceptions=False)


def lay_file(root: Path, path: str) -> str:
    """Put a file into the data root and return its path there."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(b"content")
    return path


@contextlib.contextmanager
def serving(app: FastAPI, stalled_s: float = 30.0, header_s: float = 30.0) -> Iterator[int]:
    """Serve an app by uvicorn on a free port of loopback, for the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app,
            http=bounded_protocol(stalled_s, header_s),
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(10)


def connected(port: int) -> socket.socket:
    """A raw connection; nothing waits longer than half a minute on it."""
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def ask(connection: socket.socket, request: bytes) -> bytes:
    """Send a request and return its answer, whose length is announced, from head to end."""
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += _some(connection)
    return head + b"\r\n\r\n" + body


def _some(connection: socket.socket) -> bytes:
    piece = connection.recv(1 << 16)
    assert piece, "the server closed before its answer was whole"
    return piece


def read_to_end(connection: socket.socket) -> bytes:
    """All that comes until the server closes; a reset counts as the end."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(1 << 16):
            received += piece
    return received
