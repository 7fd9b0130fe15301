"""Files over HTTP: whole, in part, again only if they changed."""

import contextlib
import email
import os
import socket
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from tests.imaging.gateway.servers import ask, running

LONG_AGO = 1_500_000_000
THEN = formatdate(LONG_AGO, usegmt=True)
BEFORE = formatdate(LONG_AGO - 1, usegmt=True)


@pytest.fixture
def ten(data_root):
    """A text of ten bytes that has not changed for years."""
    path = data_root / "ten.txt"
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


@pytest.mark.usefixtures("ten")
@pytest.mark.parametrize("url", ["/files/ten.txt", "/ten.txt"])
def test_a_file_comes_whole_with_what_a_cache_needs(client, url):
    answer = client.get(url)

    assert (answer.status_code, answer.content) == (200, b"0123456789")
    assert answer.headers["content-length"] == "10"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["last-modified"] == THEN
    assert answer.headers["etag"].startswith('"')  # strong
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in answer.headers


def test_head_says_the_same_and_sends_nothing(client, ten):
    whole, head = client.get("/files/ten.txt"), client.head("/files/ten.txt")

    assert (head.status_code, head.content, dict(head.headers)) == (200, b"", dict(whole.headers))
    ranged = client.head("/files/ten.txt", headers={"Range": "bytes=0-3"})
    assert (ranged.status_code, ranged.headers["content-length"]) == (200, str(ten.stat().st_size))


def test_one_range_comes_with_its_place(client):
    answer = client.get("/files/ten.txt", headers={"Range": "bytes=2-4"})

    assert (answer.status_code, answer.content) == (206, b"234")
    assert answer.headers["content-range"] == "bytes 2-4/10"
    assert answer.headers["content-length"] == "3"


def test_several_ranges_come_as_parts_in_the_order_asked_for(client):
    answer = client.get("/files/ten.txt", headers={"Range": "bytes=-1,2-3"})

    assert answer.status_code == 206
    assert answer.headers["content-length"] == str(len(answer.content))
    kind = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    parts = list(email.message_from_bytes(kind + answer.content).walk())[1:]
    assert [part.get_payload() for part in parts] == ["9", "23"]
    assert [part["content-range"] for part in parts] == ["bytes 9-9/10", "bytes 2-3/10"]
    assert {part.get_content_type() for part in parts} == {"text/plain"}


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=5-2", "bytes=+1-3"])
def test_a_range_outside_the_file_is_told_its_size(client, asked):
    answer = client.get("/files/ten.txt", headers={"Range": asked})

    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == "bytes */10"


def test_a_range_in_an_unknown_unit_gives_the_whole_file(client):
    answer = client.get("/files/ten.txt", headers={"Range": "items=0-3"})

    assert (answer.status_code, answer.content) == (200, b"0123456789")


@pytest.mark.usefixtures("ten")
@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"If-None-Match": "{etag}"}, 304),
        ({"If-None-Match": "W/{etag}"}, 304),
        ({"If-None-Match": '"a,b", {etag}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": THEN}, 200),
        ({"If-Modified-Since": THEN}, 304),
        ({"If-Modified-Since": BEFORE}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Match": "{etag}"}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": "W/{etag}"}, 412),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": "{etag}", "If-Unmodified-Since": BEFORE}, 200),
        ({"If-Match": '"other"', "If-None-Match": "{etag}"}, 412),
        ({"If-Unmodified-Since": BEFORE}, 412),
        ({"If-Unmodified-Since": THEN}, 200),
        ({"Range": "bytes=0-0", "If-None-Match": "{etag}"}, 304),
        ({"Range": "bytes=0-0", "If-Range": "{etag}"}, 206),
        ({"Range": "bytes=0-0", "If-Range": "W/{etag}"}, 200),
        ({"Range": "bytes=0-0", "If-Range": '"other"'}, 200),
        ({"Range": "bytes=0-0", "If-Range": THEN}, 206),
        ({"Range": "bytes=0-0", "If-Range": BEFORE}, 200),
        ({"Range": "bytes=99-", "If-Range": '"other"'}, 200),
    ],
)
def test_conditions_are_followed_in_the_order_of_the_rfc(client, conditions, status):
    etag = client.head("/files/ten.txt").headers["etag"]

    answer = client.get(
        "/files/ten.txt",
        headers={name: value.format(etag=etag) for name, value in conditions.items()},
    )

    assert answer.status_code == status
    if status == 304:
        assert answer.headers["etag"] == etag
        assert "content-length" not in answer.headers
        assert answer.content == b""


def test_a_date_that_is_not_over_is_too_coarse_to_resume_by(client, data_root):
    soon = time.time() + 60
    os.utime(data_root / "ten.txt", (soon, soon))
    date = client.head("/files/ten.txt").headers["last-modified"]

    answer = client.get("/files/ten.txt", headers={"Range": "bytes=0-0", "If-Range": date})

    assert answer.status_code == 200


def test_a_file_of_the_same_size_and_time_has_another_etag(client, ten):
    before = client.head("/files/ten.txt").headers
    changed_ns = ten.stat().st_ctime_ns  # by a clock that may tick too seldom
    while ten.stat().st_ctime_ns == changed_ns:
        ten.write_text("9876543210")
        os.utime(ten, (LONG_AGO, LONG_AGO))

    after = client.head("/files/ten.txt").headers

    assert before["last-modified"] == after["last-modified"]
    assert before["etag"] != after["etag"]


def test_a_file_of_several_pieces_comes_whole_and_in_any_part(data_root, gateway_options):
    content = os.urandom(5_000_000)
    (data_root / "big.bin").write_bytes(content)

    with running(gateway_options) as port:
        whole = ask(port, "/files/big.bin")
        part = ask(port, "/files/big.bin", "Range: bytes=1000001-3999999")

    assert whole.body == content
    assert part.body == content[1_000_001:4_000_000]


def test_an_empty_file_is_served(client, data_root):
    (data_root / "empty.json").touch()

    answer = client.get("/files/empty.json")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "0"


def test_a_file_that_shrinks_while_it_is_sent_ends_the_connection(data_root, gateway_options):
    big = data_root / "big.bin"
    big.write_bytes(bytes(30_000_000))

    with running(gateway_options) as port, _asking(port) as connection:
        received = len(connection.recv(1000))
        os.truncate(big, 1000)
        while more := connection.recv(1 << 20):
            received += len(more)

    assert received < 30_000_000


def test_a_file_that_is_replaced_while_it_is_sent_stays_what_it_was(data_root, gateway_options):
    big = data_root / "big.bin"
    big.write_bytes(bytes(30_000_000))
    (data_root / "new.bin").write_bytes(b"\1" * 30_000_000)

    with running(gateway_options) as port, _asking(port) as connection:
        received = connection.recv(1000)
        (data_root / "new.bin").replace(big)
        received += b"".join(iter(lambda: connection.recv(1 << 20), b""))

    body = received.partition(b"\r\n\r\n")[2]
    assert body == bytes(30_000_000)


def test_a_file_that_is_written_while_it_is_sent_is_not_sent_in_two_versions(
    data_root, gateway_options
):
    big = data_root / "big.bin"
    big.write_bytes(bytes(30_000_000))

    with running(gateway_options) as port, _asking(port) as connection:
        received = connection.recv(1000)
        with big.open("r+b") as file:
            file.write(b"\1" * 30_000_000)
        received += b"".join(iter(lambda: connection.recv(1 << 20), b""))

    body = received.partition(b"\r\n\r\n")[2]
    assert body.count(b"\1") == 0
    assert len(body) < 30_000_000


def test_clients_that_go_away_leave_no_file_open(data_root, gateway_options):
    (data_root / "big.bin").write_bytes(bytes(30_000_000))
    with running(gateway_options) as port:
        for _ in range(10):
            with _asking(port) as connection:
                connection.recv(1000)
        until = time.monotonic() + 20
        while (still_open := _open_files("big.bin")) and time.monotonic() < until:
            time.sleep(0.05)

    assert still_open == 0


@contextlib.contextmanager
def _asking(port):
    """A connection that has asked for the big file, and has read nothing yet."""
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        head = b"GET /files/big.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        connection.sendall(head)
        yield connection


def _open_files(name):
    count = 0
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            count += entry.readlink().name == name
    return count
