"""A mesh is on the disk wholly, or there is no file."""

import os
from base64 import b64encode
from pathlib import Path

import httpx
import pytest

from imaging.errors import RemoteRejectedError, RemoteUnavailableError
from imaging.fusion.vendor import DeliveredMesh, downloads
from tests.imaging.fusion.vendor.fakes import (
    FILES,
    TOKEN,
    answering,
    client_of,
    closes,
    connection,
    listening,
    resets,
    says,
)

CONTENT = bytes(range(256)) * 1000


def mesh(data: str = "urn:zhfile:o:s:APIClient:lab-7:out/11.ply") -> DeliveredMesh:
    return DeliveredMesh("teeth", "11", "ply", data)


def assert_empty(folder: Path) -> None:
    assert list(folder.iterdir()) == []


def reply(body: bytes, *, told: int | None = None) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body) if told is None else told,
        body,
    )


def test_a_urn_is_downloaded_with_the_token(tmp_path):
    vendor = answering(httpx.Response(200, content=CONTENT))

    path = vendor.client().download(mesh(), tmp_path / "teeth" / "11.ply")

    assert path == tmp_path / "teeth" / "11.ply"
    assert path.read_bytes() == CONTENT
    assert [one.name for one in path.parent.iterdir()] == ["11.ply"]
    [request] = vendor.asked
    assert str(request.url).startswith(f"{FILES}/file/download?urn=")
    assert request.url.params["urn"] == mesh().data
    assert request.headers["X-ZH-TOKEN"] == TOKEN
    assert request.headers["Accept-Encoding"] == "identity"


def test_inline_content_needs_no_call(tmp_path):
    vendor = answering(httpx.Response(500))

    path = vendor.client().download(mesh(b64encode(CONTENT).decode()), tmp_path / "11.ply")

    assert path.read_bytes() == CONTENT
    assert vendor.asked == []


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6, 7, 11, 12, 13])
def test_inline_content_is_decoded_in_parts(tmp_path, monkeypatch, size):
    monkeypatch.setattr(downloads, "_CHARACTERS", 8)
    content = os.urandom(size)

    path = (
        answering(httpx.Response(500))
        .client()
        .download(mesh(b64encode(content).decode()), tmp_path / "a.ply")
    )

    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "text",
    [
        "=",
        "A",
        "AAAA AAAA",
        "AAAA\n",
        "AAA",
        "AA==AAAAAAAA",
        "AAAAAA==AAAA",
        "ÄAAA",
        "-_-_",
        "AA=",
        "Urn:x",
    ],
    ids=range(11),
)
def test_what_is_neither_urn_nor_base64_leaves_no_file(tmp_path, monkeypatch, text):
    monkeypatch.setattr(downloads, "_CHARACTERS", 8)

    with pytest.raises(RemoteRejectedError, match="mesh 11 of the output teeth") as refused:
        answering(httpx.Response(500)).client().download(mesh(text), tmp_path / "a.ply")

    assert refused.value.__cause__ is None
    assert_empty(tmp_path)


@pytest.mark.parametrize(
    "urn",
    [
        "urn:zhfile:o:s:g:u:../../other/a.ply",
        "urn:zhfile:o:s:g:..:a.ply",
        "urn:zhfile:o:s:g:u:a\x00.ply",
        "urn:zhfile:o:s:g:u:a\n.ply",
        "urn:zhfile:o:s:g:u:a.ply?urn=b",
        "urn:zhfile:o:s:g:u:a.ply#b",
        "urn:zhfile:o:s:g:u:%2e%2e/a.ply",
        "urn:zhfile:o:s:g:u:a\\..\\b",
        "urn:zhfile:o:s:g:u: a",
        "urn:" + "a" * 2000,
    ],
    ids=range(10),
)
def test_a_urn_with_a_trick_is_not_asked_for(tmp_path, urn):
    vendor = answering(httpx.Response(200, content=CONTENT))

    with pytest.raises(RemoteRejectedError, match="mesh 11"):
        vendor.client().download(mesh(urn), tmp_path / "a.ply")

    assert vendor.asked == []
    assert_empty(tmp_path)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b""),
        httpx.Response(200, content=b"", headers={"Transfer-Encoding": "chunked"}),
        httpx.Response(404),
        httpx.Response(403),
        httpx.Response(302, headers={"Location": "https://store.test/a"}),
        httpx.Response(206, content=b"x"),
        httpx.Response(200, stream=httpx.ByteStream(b"x")),
        httpx.Response(200, headers={"Content-Length": "-1"}, stream=httpx.ByteStream(b"x")),
        httpx.Response(
            200,
            headers={"Content-Length": "1", "Content-Encoding": "br"},
            stream=httpx.ByteStream(b"x"),
        ),
    ],
    ids=range(9),
)
def test_a_refused_or_empty_download_leaves_no_file(tmp_path, answer):
    vendor = answering(answer)

    with pytest.raises(RemoteRejectedError, match="mesh 11 of the output teeth"):
        vendor.client().download(mesh(), tmp_path / "a.ply")

    assert len(vendor.asked) == 1
    assert_empty(tmp_path)


@pytest.mark.parametrize("told", [len(CONTENT) - 1, len(CONTENT) + 1, 0])
def test_a_length_that_is_not_what_came_leaves_no_file(tmp_path, told):
    vendor = answering(
        lambda _: httpx.Response(
            200, headers={"Content-Length": str(told)}, stream=httpx.ByteStream(CONTENT)
        )
    )

    with pytest.raises(RemoteUnavailableError, match="announced"):
        vendor.client().download(mesh(), tmp_path / "a.ply")

    assert len(vendor.asked) == 4
    assert_empty(tmp_path)


@pytest.mark.parametrize(
    "script",
    [
        closes,
        resets,
        says(reply(CONTENT, told=len(CONTENT) + 1)),
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"),
        says(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
    ],
    ids=range(5),
)
def test_a_download_that_breaks_off_is_begun_again(tmp_path, script):
    with listening(script, says(reply(CONTENT))) as wire, client_of(wire) as client:
        path = client.download(mesh(), tmp_path / "a.ply")

        assert path.read_bytes() == CONTENT
        assert len(wire.requests) == 2
    assert [one.name for one in tmp_path.iterdir()] == ["a.ply"]


def test_a_download_that_always_breaks_off_leaves_no_file(tmp_path):
    with listening(says(reply(b"half", told=8))) as wire, client_of(wire) as client:
        with pytest.raises(RemoteUnavailableError, match="RemoteProtocolError"):
            client.download(mesh(), tmp_path / "a.ply")

        assert len(wire.requests) == 4
    assert_empty(tmp_path)


def test_a_download_that_drips_is_given_up(tmp_path, clock):
    def dripping():
        while True:
            clock.passes(0.9 * connection().timeout_s)
            yield b" "

    vendor = answering(lambda _: httpx.Response(200, content=dripping()))

    with pytest.raises(RemoteUnavailableError, match="too long"):
        vendor.client().download(mesh(), tmp_path / "a.ply")

    assert_empty(tmp_path)


@pytest.mark.parametrize("is_inline", [False, True])
def test_no_more_than_is_allowed_is_written(tmp_path, is_inline):
    halves = CONTENT[:500], CONTENT[500:1000]
    vendor = answering(lambda _: httpx.Response(200, content=iter(halves)))
    data = b64encode(CONTENT[:1000]).decode() if is_inline else mesh().data

    with pytest.raises(RemoteRejectedError, match="more than 999 bytes"):
        vendor.client().download(mesh(data), tmp_path / "a.ply", most_bytes=999)
    assert_empty(tmp_path)

    path = vendor.client().download(mesh(data), tmp_path / "a.ply", most_bytes=1000)
    assert path.stat().st_size == 1000


def test_a_length_beyond_what_is_allowed_is_refused_at_once(tmp_path):
    with (
        listening(says(reply(b"", told=1 << 40))) as wire,
        client_of(wire) as client,
        pytest.raises(RemoteRejectedError, match="more than"),
    ):
        client.download(mesh(), tmp_path / "a.ply")

    assert_empty(tmp_path)


def test_a_file_that_was_there_stays_until_another_is_whole(tmp_path):
    target = tmp_path / "a.ply"
    target.write_bytes(b"before")

    with pytest.raises(RemoteRejectedError):
        answering(httpx.Response(404)).client().download(mesh(), target)
    assert target.read_bytes() == b"before"

    answering(httpx.Response(200, content=CONTENT)).client().download(mesh(), target)
    assert target.read_bytes() == CONTENT


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(handle: int) -> None:
        done.append("fsync")
        fsync(handle)

    def noted_replace(path: Path, target: Path) -> Path:
        done.append("replace")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)

    answering(httpx.Response(200, content=CONTENT)).client().download(mesh(), tmp_path / "a.ply")

    assert done == ["fsync", "replace"]
