"""Vendors that tests make up: handlers for httpx, and sockets for what no library would do."""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from imaging.fusion.connection import VendorConnection
from imaging.fusion.specification import FusionSpecification
from imaging.fusion.vendor import FusionClient

API, FILES, STORAGE = "https://api.vendor.test", "https://files.vendor.test", "https://store.test"
TOKEN = "planted-token-" + "7" * 20
SIGNATURE = "planted-signature-" + "9" * 20
SIGNED = f"{STORAGE}/bucket/APIClient/lab-7/2026/a.stl?Expires=1&Signature={SIGNATURE}"
URN = "urn:zhfile:o:s:APIClient:lab-7:2026/a.stl"
SPECIFICATION = FusionSpecification()
INPUTS = {"upper_jaw_scan": {"type": "stl", "data": URN}, "raw_ct_file": URN}

Handler = Callable[[httpx.Request], httpx.Response]


def connection(url: str = API, files_url: str = FILES, timeout_s: float = 5.0) -> VendorConnection:
    return VendorConnection(
        name="default",
        url=url,
        files_url=files_url,
        user_group="APIClient",
        user_id="lab-7",
        token=TOKEN,
        timeout_s=timeout_s,
    )


@dataclass
class Answers:
    """A vendor that gives prepared answers in turn, the last of them for ever."""

    prepared: Sequence[httpx.Response | Exception | Handler]
    asked: list[httpx.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        answer = self.prepared[min(len(self.asked), len(self.prepared) - 1)]
        self.asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    def client(self) -> FusionClient:
        http = httpx.Client(transport=httpx.MockTransport(self))
        return FusionClient(connection(), http, sleep=self.slept.append)


def answering(*prepared: httpx.Response | Exception | Handler) -> Answers:
    return Answers(prepared)


@dataclass
class Uploads:
    """A file server and its storage; each list is of answers in turn, then all goes well."""

    addresses: list[httpx.Response] = field(default_factory=list)
    stored: list[httpx.Response | Exception] = field(default_factory=list)
    asked: list[httpx.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        if request.method == "GET":
            number = sum(one.method == "GET" for one in self.asked)
            signed = SIGNED.replace("a.stl", f"{number}.stl")
            return self.addresses.pop(0) if self.addresses else httpx.Response(200, json=signed)
        answer = self.stored.pop(0) if self.stored else httpx.Response(200)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def puts(self) -> list[httpx.Request]:
        return [one for one in self.asked if one.method == "PUT"]

    def client(self) -> FusionClient:
        http = httpx.Client(transport=httpx.MockTransport(self))
        return FusionClient(connection(), http, sleep=self.slept.append)


Script = Callable[[socket.socket, bytes], None]


@dataclass
class Wire:
    """What a socket heard.

    Attributes:
        url: Where it listens.
        requests: Each as it came, head and body.
        most: It reads no more of a body than this before it answers.
    """

    url: str
    most: int = 1 << 40
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def listening(*scripts: Script) -> Iterator[Wire]:
    """Answer each connection's one request by a script in turn, the last of them for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = Wire(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread = threading.Thread(target=_serve, args=(server, wire, scripts), daemon=True)
        thread.start()
        try:
            yield wire
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def _serve(server: socket.socket, wire: Wire, scripts: Sequence[Script]) -> None:
    while True:
        try:
            connected, _ = server.accept()
        except OSError:
            return  # it was shut down
        threading.Thread(target=_talk, args=(connected, wire, scripts), daemon=True).start()


def _talk(connected: socket.socket, wire: Wire, scripts: Sequence[Script]) -> None:
    with connected:
        connected.settimeout(10)
        try:
            wire.requests.append(_read(connected, wire.most))
            scripts[min(len(wire.requests), len(scripts)) - 1](connected, wire.requests[-1])
        except OSError:
            return  # the client went away first


def _read(connected: socket.socket, most: int) -> bytes:
    heard = b""
    while b"\r\n\r\n" not in heard:
        if not (some := connected.recv(1 << 16)):
            return heard
        heard += some
    head, _, body = heard.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    while len(body) < min(length, most) and (some := connected.recv(1 << 16)):
        body += some
    return head + b"\r\n\r\n" + body


def says(text: bytes) -> Script:
    """Answer with these bytes, then close."""
    return lambda connected, _: connected.sendall(text)


def closes(_: socket.socket, __: bytes) -> None:
    """Close without a word."""


def resets(connected: socket.socket, _: bytes) -> None:
    """Break the connection off."""
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def client_of(wire: Wire, *, timeout_s: float = 5.0) -> FusionClient:
    return FusionClient(connection(wire.url, wire.url, timeout_s), sleep=lambda _: None)
