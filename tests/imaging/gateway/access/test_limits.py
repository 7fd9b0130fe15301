"""Limits, over real connections: a test client would hide what a server does with a body."""

import asyncio
import contextlib
import dataclasses
import threading
import time

import pytest
from fastapi import FastAPI, Request
from starlette.responses import StreamingResponse

from imaging.gateway.access.limits import LimitMiddleware
from tests.imaging.gateway.access.apps import (
    ask,
    connected,
    little_app,
    read_to_end,
    serving,
)

MOST = 200_000
HASTY_S = 0.8
POST = b"POST /dvh HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
GET = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def small(options):
    """A gateway that takes little."""
    return dataclasses.replace(options, most_upload_bytes=MOST)


@pytest.fixture
def hasty(options):
    """A gateway that waits little, and yet long enough on a busy machine."""
    return dataclasses.replace(options, most_seconds=HASTY_S)


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


def test_a_body_of_the_most_bytes_is_taken(small):
    body = bytes(MOST)
    with serving(little_app(small)) as port:
        with connected(port) as announced:
            assert ask(announced, POST + b"Content-Length: %d\r\n\r\n" % MOST + body).startswith(
                b"HTTP/1.1 200"
            )
        with connected(port) as chunked:
            assert ask(chunked, POST + CHUNKED + chunk(body) + b"0\r\n\r\n").startswith(
                b"HTTP/1.1 200"
            )


@pytest.mark.parametrize("length", [b"200001", b"9" * 19])
def test_a_body_announced_as_larger_is_refused_before_it_comes(small, length):
    with serving(little_app(small)) as port, connected(port) as connection:
        connection.sendall(POST + b"Content-Length: %s\r\n\r\n" % length)
        answer = read_to_end(connection)

    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer.lower()


def test_an_endless_body_is_refused_when_it_gets_too_large(small):
    with serving(little_app(small)) as port, connected(port) as connection:
        connection.sendall(POST + CHUNKED + chunk(bytes(MOST)) + chunk(b"1"))
        answer = read_to_end(connection)

    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("path", [b"/unread", b"/nothing"])
def test_a_body_that_nobody_reads_is_not_drained(small, path):
    head = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" % path
    with serving(little_app(small)) as port, connected(port) as connection:
        connection.sendall(head + b"a")
        answer = read_to_end(connection)  # ends only if the server closes

    assert b"connection: close" in answer.lower()


def test_a_refused_request_is_not_drained_either(exposed):
    with serving(little_app(exposed)) as port, connected(port) as connection:
        connection.sendall(POST + b"Content-Length: 100000\r\n\r\n" + b"a")
        answer = read_to_end(connection)

    assert answer.startswith(b"HTTP/1.1 401")
    assert b"connection: close" in answer.lower()


def test_a_connection_is_kept_after_a_body_that_was_read(small):
    with serving(little_app(small)) as port, connected(port) as connection:
        for _ in range(2):
            assert ask(connection, POST + b"Content-Length: 3\r\n\r\nabc").startswith(
                b"HTTP/1.1 200"
            )


def test_a_body_in_drops_is_given_up(hasty):
    with serving(little_app(hasty)) as port, connected(port) as connection:
        connection.sendall(POST + b"Content-Length: 1000\r\n\r\n")
        for _ in range(8):
            with contextlib.suppress(ConnectionError):  # given up by now
                connection.sendall(b"x")
            time.sleep(0.1)
        answer = read_to_end(connection)

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in answer.lower()


def test_a_body_that_stops_is_given_up_early():
    app = FastAPI()

    @app.post("/dvh")
    async def dvh(request: Request) -> int:
        return len(await request.body())

    app.add_middleware(LimitMiddleware, most_bytes=MOST, most_seconds=3600, stall_s=0.1)
    with serving(app) as port, connected(port) as connection:
        connection.sendall(POST + b"Content-Length: 1000\r\n\r\nx")
        assert read_to_end(connection).startswith(b"HTTP/1.1 408")


def test_an_answer_that_has_begun_is_not_turned_into_an_error():
    app = FastAPI()

    @app.post("/dvh")
    async def echo(request: Request) -> StreamingResponse:
        async def pieces():
            yield b"begun"
            async for piece in request.stream():
                yield piece

        return StreamingResponse(pieces())

    app.add_middleware(LimitMiddleware, most_bytes=10, most_seconds=3600, stall_s=0.1)
    with serving(app) as port, connected(port) as connection:
        connection.sendall(POST + CHUNKED + chunk(b"12345"))
        answer = read_to_end(connection)

    assert answer.startswith(b"HTTP/1.1 200")
    assert b"408" not in answer


@pytest.mark.parametrize("path", [b"/late", b"/late-in-a-thread"])
def test_work_that_takes_too_long_is_answered_for_at_once(hasty, path):
    with serving(little_app(hasty)) as port, connected(port) as connection:
        begun = time.monotonic()
        answer = ask(connection, GET % path)
        took_s = time.monotonic() - begun
        connection.sendall(GET % b"/health")  # and the connection goes on
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")

    assert answer.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 30" in answer.lower()
    assert took_s >= HASTY_S


def test_what_late_work_still_says_is_dropped():
    async def stubborn(_scope, _receive, send):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise

    sent = []

    async def ask_it():
        async def send(message):
            sent.append(message)

        async def receive():
            return {"type": "http.disconnect"}

        scope = {"type": "http", "method": "GET", "query_string": b"", "headers": []}
        await LimitMiddleware(stubborn, MOST, most_seconds=0.01)(scope, receive, send)

    asyncio.run(ask_it())

    assert [message.get("status") for message in sent] == [503, None]


def test_a_long_download_is_not_cut_off(hasty):
    with serving(little_app(hasty)) as port, connected(port) as connection:
        connection.sendall((GET % b"/drip").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answer = read_to_end(connection)

    assert answer.count(b"1\r\nx\r\n") == 12
    assert answer.endswith(b"0\r\n\r\n")


def test_what_is_streamed_arrives_piece_by_piece(hasty):
    with serving(little_app(hasty)) as port, connected(port) as connection:
        connection.sendall(GET % b"/drip")
        received = b""
        while b"1\r\nx\r\n" not in received:
            received += connection.recv(4096)

    assert not received.endswith(b"0\r\n\r\n")


def test_a_client_that_goes_away_stops_the_work():
    stopped = threading.Event()
    app = FastAPI()

    @app.get("/flood")
    async def flood() -> StreamingResponse:
        async def pieces():
            try:
                while True:
                    yield bytes(1 << 16)
                    await asyncio.sleep(0)
            finally:
                stopped.set()

        return StreamingResponse(pieces())

    app.add_middleware(LimitMiddleware, most_bytes=10, most_seconds=3600)
    with serving(app) as port:
        with connected(port) as connection:
            connection.sendall(GET % b"/flood")
            connection.recv(10)
        assert stopped.wait(30)


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /files/" + b"a" * 8300 + b" HTTP/1.1", b"414"),
        (b"GET /files/a?q=" + b"a" * 8300 + b" HTTP/1.1", b"414"),
        (b"GET /files/a HTTP/1.1\r\nX-Long: " + b"a" * 17_000, b"431"),
        (b"GET /files/a HTTP/1.1\r\n" + b"\r\n".join([b"X: y"] * 101), b"431"),
        (b"GET /files/a HTTP/1.1\r\nHost: a", b"400"),
        (b"POST /dvh HTTP/1.1\r\nContent-Length: -1", b"400"),
        (b"POST /dvh HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2", b"400"),
        (b"POST /dvh HTTP/1.1\r\nContent-Length: 9\r\nTransfer-Encoding: chunked", b"400"),
    ],
)
def test_heads_of_requests_are_bounded_too(small, request_line, status):
    with serving(little_app(small)) as port, connected(port) as connection:
        connection.sendall(request_line + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert read_to_end(connection).split(b" ")[1] == status
