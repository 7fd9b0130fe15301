import logging

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from imaging.gateway.access.links import sign_link
from imaging.gateway.access.tokens import add_token
from tests.imaging.gateway.access.apps import (
    HERE,
    NOW,
    client_of,
    connected,
    lay_file,
    little_app,
    read_to_end,
    serving,
)

LOGGER = "imaging.gateway.access.accesslog"


@pytest.fixture
def lines(caplog):
    """What the access log says, a line for each request."""
    caplog.set_level(logging.DEBUG)
    return lambda: [record.getMessage() for record in caplog.records if record.name == LOGGER]


def test_a_line_says_what_was_asked_of_which_route_and_by_whom(exposed, lines):
    token = add_token(exposed.state, "pacs-1", ["read"], 1, NOW)
    link = sign_link(exposed, [lay_file(exposed.data_root, "P1/CT.nii.gz")], 60, NOW)
    client = client_of(exposed)
    client.get("/filtered-scans/P1/CT.nii.gz", headers={"Authorization": f"Bearer {token}"})
    client.get(f"/filtered-scans/P1/CT.nii.gz?link={link}")
    client.get("/health")
    client.post("/dvh")

    assert [line.split(" ")[0:5] for line in lines()] == [
        ["GET", "/filtered-scans/{patient}/{file}", "200", "6", "bytes"],
        ["GET", "/filtered-scans/{patient}/{file}", "200", "6", "bytes"],
        ["GET", "/health", "200", "8", "bytes"],
        ["POST", "(no", "route)", "401", "75"],
    ]
    assert [line.split(" ms ")[1] for line in lines()] == ["pacs-1", "link", "-", "-"]


def test_on_loopback_the_caller_is_local(options, lines):
    client_of(options).get("/broken/P1")

    assert lines()[0].startswith("GET /broken/{patient} 500 ")
    assert lines()[0].endswith(" ms local")


def test_the_frameworks_own_routes_have_names_too(options, lines):
    app = little_app(options)
    app.router.routes.insert(0, Route("/own", homepage))
    TestClient(app, base_url=HERE).get("/own")

    assert lines()[0].startswith("GET (homepage) 200 ")


def homepage(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("own")


def test_an_answer_that_was_cut_off_says_so(options, lines):
    with serving(little_app(options)) as port, connected(port) as connection:
        connection.sendall(b"GET /flood HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.recv(10)

    assert lines()[0].endswith("local (cut off)")


def test_nothing_of_a_person_gets_into_any_log(options, caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)  # for this test only
    planted = "PLANTED"
    heads = [
        f"GET /files/{planted}?patient={planted}&link={planted} HTTP/1.1\r\nHost: localhost",
        f"GET /files/{planted} HTTP/1.1\r\nHost: {planted}",
        f"GET /broken/{planted} HTTP/1.1\r\nHost: localhost",
        f"GET /nothing/{planted}/a/b/c HTTP/1.1\r\nHost: localhost\r\nReferer: {planted}",
        f"{planted} /files/a HTTP/1.1\r\nHost: localhost",
        f"GET /files/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {planted}",
        f"GET /files/a HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {planted}\r\nCookie: {planted}",
        f"POST /dvh HTTP/1.1\r\nHost: localhost\r\nOrigin: http://{planted}\r\nContent-Length: 0",
        f"POST /dvh HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n{planted}",
        f"GET /{planted}\x01 HTTP/9.9\r\nno header {planted}",
        f"GET /files/{planted} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {planted}\r\nSec-WebSocket-Version: 13",
        f"GET http://{planted}/files/{planted} HTTP/1.1\r\nHost: localhost",
        f"GET /{'a' * 9000}{planted} HTTP/1.1\r\nHost: localhost",
        f"GET /files/a HTTP/1.1\r\nHost: localhost\r\n{planted}: {'a' * 70_000}",
    ]
    with serving(little_app(options)) as port:
        for head in heads:
            with connected(port) as connection:
                connection.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode())
                assert read_to_end(connection).startswith(b"HTTP/1.1 ")

    assert len(caplog.records) >= len(heads) - 2  # what is no HTTP has no line of its own
    for record in caplog.records:
        assert planted not in f"{record.getMessage()} {record.args} {record.exc_text}".upper()
        assert "127.0.0.1" not in record.getMessage()
