"""Nothing that a stranger could use is told: by logs, by errors and what is behind them."""

import json
import logging
import pickle
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from imaging.errors import ImagingError
from imaging.fusion.vendor import DeliveredMesh, FusionClient
from tests.imaging.fusion.vendor.fakes import (
    INPUTS,
    SIGNATURE,
    SIGNED,
    SPECIFICATION,
    TOKEN,
    Script,
    client_of,
    closes,
    connection,
    listening,
    says,
)

CALLBACK = "https://lab.test/callbacks/fusion/k/planted-callback-token"
MESH = DeliveredMesh("teeth", "11", "ply", "urn:zhfile:o:s:g:u:planted-urn.ply")
DONE = {"completed": True, "failed": False}
PLANTED = (TOKEN, SIGNATURE, "store.test", "planted", "upload_url", "urn:", "urn%3A", "lab-7")


class Everything(logging.Handler):
    """Keeps all that this thread logs, at any level; others may ask servers of their own."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.thread = threading.get_ident()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self.thread:
            self.lines.append(f"{record.name} {self.format(record)} {record.args!r}")


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Everything that is logged while the whole tree of loggers is as talkative as it can be."""
    handler, root = Everything(), logging.getLogger()
    names = ("httpx", "httpcore", "httpcore.connection", "httpcore.http11", "imaging")
    loggers = [root, *map(logging.getLogger, names)]
    before = [one.level for one in loggers]
    root.addHandler(handler)
    for one in loggers:
        one.setLevel(logging.DEBUG)
    yield handler.lines
    root.removeHandler(handler)
    for one, level in zip(loggers, before, strict=True):
        one.setLevel(level)


def assert_nothing_told(text: str) -> None:
    for planted in PLANTED:
        assert planted not in text


def everything_of(error: BaseException) -> Iterator[str]:
    """Yield what an error tells, and all that is behind it."""
    yield "".join(traceback.format_exception(error))
    seen: BaseException | None = error
    while seen is not None:
        yield from (str(seen), repr(seen), repr(seen.args), repr(vars(seen)))
        seen = seen.__cause__ or seen.__context__


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "planted-name.stl"
    path.write_bytes(b"solid planted")
    return path


def json_of(value: object) -> Script:
    body = json.dumps(value).encode()
    head = b"HTTP/1.1 200 OK\r\nX-Echo: %s\r\nSet-Cookie: a=%s\r\nContent-Length: %d\r\n\r\n"
    return says(head % (SIGNED.encode(), SIGNATURE.encode(), len(body)) + body)


def refused(status: int) -> Script:
    body = f"{TOKEN} {SIGNED}".encode()
    head = f"HTTP/1.1 {status} {SIGNATURE}\r\nLocation: {SIGNED}\r\nContent-Length: {len(body)}"
    return says(head.encode() + b"\r\n\r\n" + body)


def test_a_whole_life_logs_nothing(logged, scan):
    with listening(says(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as storage:
        signed = SIGNED.replace("https://store.test", storage.url)
        scripts = (
            json_of(signed),
            json_of({"run_id": "r-1"}),
            json_of({"completed": True, "failed": False, "reason_public": SIGNED}),
            json_of({"teeth": {"11": {"type": "ply", "data": MESH.data}}}),
            json_of("a mesh"),
        )
        with listening(*scripts) as wire, client_of(wire) as client:
            client.upload(scan)
            client.run(SPECIFICATION, INPUTS, metadata={"key": "k"}, callback=CALLBACK)
            status = client.status("r-1")
            client.data("r-1")
            client.download(MESH, scan.with_name("out.ply"))

    assert any("uploaded" in line for line in logged)
    assert not any(line.startswith(("httpx", "httpcore")) for line in logged)
    assert_nothing_told("\n".join(logged))
    assert_nothing_told(repr(client) + repr(MESH) + repr(status))
    assert TOKEN not in repr(connection())


def test_closing_what_was_kept_open_logs_nothing(logged):
    def stays_open(connected, request):
        answer = b'{"run_id":"r-1"}' if request.startswith(b"POST") else b"{}"
        connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
        connected.recv(1)

    with listening(stays_open) as wire, client_of(wire) as client:
        client.data("r-1")
        client.run(SPECIFICATION, INPUTS, metadata={})

    assert any("submitted" in line for line in logged)
    assert not any(line.startswith(("httpx", "httpcore")) for line in logged)


_ANY_CONTENT = ("no json", "strange", "elsewhere", "no address", "another's")
CALLS: dict[str, Callable[[FusionClient, Path], object]] = {
    "upload": lambda client, scan: client.upload(scan),
    "run": lambda client, _: client.run(SPECIFICATION, INPUTS, metadata={}, callback=CALLBACK),
    "status": lambda client, _: client.status("r-1"),
    "data": lambda client, _: client.data("r-1"),
    "download": lambda client, scan: client.download(MESH, scan.with_name("out.ply")),
}
FAULTS: dict[str, Script] = {
    "closed": closes,
    "rubbish": says(f"{SIGNED}\r\n\r\n".encode()),
    "half": says(f"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{SIGNED}".encode()),
    "no json": says(f"HTTP/1.1 200 OK\r\nContent-Length: {len(SIGNED)}\r\n\r\n{SIGNED}".encode()),
    "strange": json_of([SIGNED]),
    "elsewhere": json_of(f"ftp://{SIGNATURE}"),
    "no address": json_of(f"https://[{SIGNATURE}"),
    "another's": json_of(f"https://store.test/planted?Signature={SIGNATURE}"),
    "redirect": refused(307),
    "denied": refused(403),
    "unknown": refused(404),
    "broken": refused(500),
}


@pytest.mark.parametrize(
    ("call", "fault"),
    # A download takes any content, so that some are none of its faults.
    [
        (call, fault)
        for call in CALLS
        for fault in FAULTS
        if call != "download" or fault not in _ANY_CONTENT
    ],
)
def test_no_failure_tells_anything(logged, scan, call, fault):
    with (
        listening(FAULTS[fault]) as wire,
        client_of(wire) as client,
        pytest.raises(ImagingError) as raised,
    ):
        CALLS[call](client, scan)

    for text in everything_of(raised.value):
        assert_nothing_told(text)
    assert_nothing_told("\n".join(logged))


@pytest.mark.parametrize("fault", ["closed", "denied", "broken"])
def test_an_error_travels_between_processes(fault):
    with (
        listening(FAULTS[fault]) as wire,
        client_of(wire) as client,
        pytest.raises(ImagingError) as raised,
    ):
        client.status("r-1")

    copy = pickle.loads(pickle.dumps(raised.value))  # noqa: S301 - our own

    assert (type(copy), str(copy)) == (type(raised.value), str(raised.value))
    assert vars(copy) == vars(raised.value)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("upload", httpx.ReadError),
        ("upload", httpx.InvalidURL),
        ("upload", UnicodeError),
        ("run", httpx.ReadError),
        ("run", ValueError),  # only the POST is guarded against whatever there may be
    ],
)
def test_the_text_of_an_error_of_httpx_is_not_told(scan, call, error):
    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=SIGNED)
        raise error(SIGNED)

    http = httpx.Client(transport=httpx.MockTransport(handle))
    client = FusionClient(connection(), http, sleep=lambda _: None)

    with pytest.raises(ImagingError) as raised:
        CALLS[call](client, scan)

    for text in everything_of(raised.value):
        assert_nothing_told(text)


def test_others_may_log_what_they_like(logged):
    with listening(json_of(DONE)) as wire, client_of(wire) as client:
        client.status("r-1")
        httpx.get(f"{wire.url}/of-another")

    said = [line for line in logged if "of-another" in line]
    assert said
    assert not any("/run/" in line for line in logged)


def test_whoever_configures_logging_later_changes_nothing(logged):
    with listening(json_of(DONE)) as wire, client_of(wire) as client:
        logging.getLogger("httpx").filters.clear()
        client.status("r-1")

    assert not any("/run/" in line for line in logged)
