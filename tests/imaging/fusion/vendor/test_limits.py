"""Whoever drips, in whatever part of a call, holds no worker: the whole of it is limited."""

import time

import httpcore
import httpx
import pytest

from imaging.errors import RemoteUnavailableError, SubmissionUncertainError
from imaging.fusion.vendor import DeliveredMesh
from imaging.fusion.vendor.limits import _Stream, limited
from imaging.fusion.vendor.transport import Transport
from tests.imaging.fusion.vendor.fakes import (
    INPUTS,
    SPECIFICATION,
    answering,
    client_of,
    connection,
    listening,
    says,
)

MESH = DeliveredMesh("teeth", "11", "ply", "urn:zhfile:o:s:APIClient:lab-7:out/11.ply")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n"
# Ten leave 4 s of the limit of 50 s: for so long the client waits, by a real clock, for the next.
DRIP_S = 0.92 * connection().timeout_s
MOST_DRIPS = 20_000  # a few are longer than any limit here: whoever waits for the last has none


@pytest.fixture
def dripping(clock):
    """Make a script that says something, then does a little now and then; no silence is too long.

    No client may stay to the end.
    """
    outlasted = []

    def dripping(little, said=b""):
        def script(connected, _):
            connected.sendall(said)
            for _ in range(MOST_DRIPS):
                clock.passes(DRIP_S)
                little(connected)
                time.sleep(0.002)
            outlasted.append(connected)

        return script

    yield dripping
    assert not outlasted


@pytest.fixture
def drips(dripping):
    return lambda said=HEAD: dripping(lambda connected: connected.sendall(b"a"), said)


@pytest.mark.parametrize("said", [b"", HEAD, HEAD + b"\r\n"], ids=["status", "head", "body"])
def test_an_answer_that_drips_ends_the_call_and_is_not_asked_for_again(tmp_path, drips, said):
    with listening(drips(said)) as wire, client_of(wire) as client:
        for ask in (
            lambda: client.status("r-1"),
            lambda: client.data("r-1"),
            lambda: client.download(MESH, tmp_path / "a.ply"),
        ):
            with pytest.raises(RemoteUnavailableError, match="takes too long"):
                ask()

        assert len(wire.requests) <= 3
    assert list(tmp_path.iterdir()) == []


def test_a_submission_whose_answer_drips_is_uncertain_in_the_end(drips):
    with listening(drips()) as wire, client_of(wire) as client:
        with pytest.raises(SubmissionUncertainError, match="takes too long"):
            client.run(SPECIFICATION, INPUTS, metadata={})

        assert len(wire.requests) == 1


def test_storage_that_reads_in_drips_ends_the_upload(dripping):
    sips = dripping(lambda connected: connected.recv(1024))
    block, number = b"a" * (1 << 18), 256  # more than any buffer in between holds
    with listening(sips) as wire:
        wire.most = 1
        transport = Transport(connection(wire.url, wire.url), None, lambda _: None)
        with pytest.raises(RemoteUnavailableError, match="takes too long"):
            transport.put(
                "the upload",
                httpx.URL(wire.url),
                (block for _ in range(number)),
                number * len(block),
                lambda _: None,
            )
        transport.close()


def test_many_bytes_are_granted_their_time(tmp_path, clock):
    def slow():
        for _ in range(64):
            clock.passes(1.5)  # 96 s for it all; the limit of a call without a body is 50 s
            yield b"a" * (1 << 16)

    vendor = answering(lambda _: httpx.Response(200, content=slow()))

    assert vendor.client().download(MESH, tmp_path / "a.ply").stat().st_size == 1 << 22


def test_bytes_of_a_connection_are_granted_theirs_both_ways(clock):
    class Slow(httpcore.NetworkStream):
        def read(self, max_bytes, timeout=None):  # noqa: ARG002 - httpcore's
            clock.passes(0.75 * max_bytes / (1 << 15))
            return b"a" * max_bytes

        def write(self, buffer, timeout=None):  # noqa: ARG002 - likewise
            self.read(len(buffer))

    stream = _Stream(Slow())
    with limited(10) as limit:
        for _ in range(20):
            stream.read(1 << 16)
            stream.write(b"a" * (1 << 18))
        assert not limit.is_over
        clock.passes(10_000)
        with pytest.raises(httpcore.ReadTimeout):
            stream.read(1)
        with pytest.raises(httpcore.WriteTimeout):
            stream.write(b"a")
    stream.write(b"a")  # a call without a limit has none


def test_an_honest_upload_is_not_cut_off_on_a_slow_line_that_others_use_too(clock):
    class Shared(httpcore.NetworkStream):
        def write(self, buffer, timeout=None):  # noqa: ARG002 - httpcore's
            clock.passes(len(buffer) * 12 / 125_000)  # 1 Mbit/s for a dozen transfers

    stream, block = _Stream(Shared()), b"a" * (1 << 20)
    with limited(600) as limit:
        for _ in range(2048):
            stream.write(block)

        assert not limit.is_over


def test_calls_through_a_proxy_of_the_environment_are_limited_too(drips, monkeypatch):
    with listening(drips()) as wire:
        monkeypatch.setenv("HTTP_PROXY", wire.url)
        monkeypatch.setenv("NO_PROXY", "")
        transport = Transport(connection("http://localhost:1", wire.url), None, lambda _: None)
        with pytest.raises(RemoteUnavailableError, match="takes too long"):
            transport.get("the status", "http://localhost:1/run/r-1", lambda got: got.read())
        transport.close()

        assert wire.requests[0].startswith(b"GET http://localhost:1/run/r-1")


def test_a_kept_connection_has_a_limit_for_each_call(clock):
    body = b'{"completed": false, "failed": false}'
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    def keeps(connected, request):
        for _ in range(3):
            says(whole)(connected, request)
            connected.recv(1 << 16)

    with listening(keeps) as wire, client_of(wire) as client:
        for _ in range(3):
            assert not client.status("r-1").completed
            clock.passes(1000)
