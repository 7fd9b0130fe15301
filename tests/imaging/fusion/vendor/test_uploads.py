"""Files reach the vendor's storage by addresses that are good for one attempt."""

import os
import shutil
import socket
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from imaging.errors import InputError, RemoteRejectedError, RemoteUnavailableError
from imaging.fusion.vendor import FusionClient
from tests.imaging.fusion.vendor.fakes import (
    SIGNATURE,
    SIGNED,
    STORAGE,
    TOKEN,
    Uploads,
    client_of,
    connection,
    listening,
    says,
)

MEGABYTE, BLOCK = 1 << 20, 1 << 18


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "upper.stl"
    path.write_bytes(os.urandom(3 * MEGABYTE + 7))
    return path


def test_a_file_is_put_as_it_is_where_the_vendor_says(scan):
    vendor = Uploads()

    urn = vendor.client().upload(scan)

    ask, put = vendor.asked
    assert str(ask.url) == (
        "https://files.vendor.test/scratch/APIClient/lab-7/upload_url?postfix=stl"
    )
    assert ask.headers["X-ZH-TOKEN"] == TOKEN
    assert str(put.url) == SIGNED.replace("a.stl", "1.stl")
    assert put.content == scan.read_bytes()
    assert put.headers["Content-Length"] == str(3 * MEGABYTE + 7)
    assert not {"content-type", "transfer-encoding", "x-zh-token"} & set(put.headers)
    assert TOKEN not in str(put.headers.raw)
    assert urn == "urn:zhfile:o:s:APIClient:lab-7:2026/1.stl"


def test_an_account_s_name_leads_to_no_other_place_of_the_file_server(scan):
    signed = f"{STORAGE}/APIClient/lab-7%2F..%3Fx/a.stl"
    vendor = Uploads(addresses=[httpx.Response(200, json=signed)])
    account = replace(connection(), user_id="lab-7/..?x")

    with pytest.raises(RemoteRejectedError):  # nor is any urn of it
        FusionClient(account, httpx.Client(transport=httpx.MockTransport(vendor))).upload(scan)

    (asked,) = vendor.asked
    assert asked.url.raw_path == b"/scratch/APIClient/lab-7%2F..%3Fx/upload_url?postfix=stl"


def test_defaults_of_a_client_that_was_given_do_not_reach_the_storage(scan):
    vendor = Uploads()
    headers = {"Content-Type": "text/plain", "X-ZH-TOKEN": TOKEN}
    http = httpx.Client(transport=httpx.MockTransport(vendor), headers=headers)

    FusionClient(connection(), http).upload(scan)

    assert not {"content-type", "x-zh-token"} & set(vendor.puts[0].headers)


def test_a_storage_may_be_encrypted_where_the_file_server_is_not(scan):
    vendor = Uploads()
    account = connection(files_url="http://127.0.0.1:8")

    FusionClient(account, httpx.Client(transport=httpx.MockTransport(vendor))).upload(scan)

    assert [put.url.scheme for put in vendor.puts] == ["https"]


def test_a_signature_is_sent_as_it_was_signed(scan):
    signed = f"{STORAGE}/b%20c/APIClient/lab-7/a%2Bb.stl?Signature=x%2By%2Fz%3D&Expires=1&a=b+c"
    vendor = Uploads(addresses=[httpx.Response(200, json=signed)])

    urn = vendor.client().upload(scan)

    assert vendor.puts[0].url.raw_path.decode() == signed.removeprefix(STORAGE)
    assert urn == "urn:zhfile:o:s:APIClient:lab-7:a+b.stl"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/bucket/APIClient/lab-7/2026/a.stl", "2026/a.stl"),
        ("/APIClient/lab-7/a.stl", "a.stl"),
        ("/lab-7/APIClient/lab-7/a.stl", "a.stl"),
        ("/bucket/other/lab-7/a.stl", "a.stl"),
        ("/bucket/APIClient%2Flab-7%2Fx%2Fa.stl", "x/a.stl"),
        ("/bucket/APIClient/lab-7/lab-7/a.stl", "lab-7/a.stl"),
        ("/bucket/APIClient/lab-7/" + quote("ä"), "ä"),
    ],
)
def test_a_urn_is_what_follows_the_account_in_the_address(scan, path, expected):
    vendor = Uploads(addresses=[httpx.Response(200, json=f"{STORAGE}{path}?Signature=x")])

    assert vendor.client().upload(scan) == f"urn:zhfile:o:s:APIClient:lab-7:{expected}"


@pytest.mark.parametrize(
    "signed",
    [
        "",
        "a",
        "/bucket/APIClient/lab-7/a.stl",
        "ftp://store.test/APIClient/lab-7/a.stl",
        "file:///APIClient/lab-7/a.stl",
        "http://store.test/APIClient/lab-7/a.stl",
        "https://user:pass@store.test/APIClient/lab-7/a.stl",  # pragma: allowlist secret
        "https:///APIClient/lab-7/a.stl",
        "https://store.test:99999/APIClient/lab-7/a.stl",
        "https://[store/APIClient/lab-7/a.stl",
        "https://store.test/\x00/APIClient/lab-7/a.stl",
        "https://store.test/ä/APIClient/lab-7/a.stl",
        "https://store.test/APIClient/another/a.stl",
        "https://store.test/APIClient/lab-77/a.stl",
        "https://store.test/bucket/a.stl?x=/APIClient/lab-7/",
        "https://store.test/APIClient/lab-7/",
        "https://store.test/APIClient/lab-7/..%2F..%2Fother/a.stl",
        "https://store.test/APIClient/lab-7/a%00.stl",
        "https://store.test/APIClient/lab-7/" + "a" * 8192,
        "https://store.test/APIClient/lab-7/a.stl?Signature=" + "a" * 8192,
        None,
        7,
        {"url": "https://store.test/APIClient/lab-7/a.stl"},
        ["https://store.test/APIClient/lab-7/a.stl"],
    ],
    ids=range(24),
)
def test_nothing_is_sent_to_an_address_that_is_none_of_the_account(scan, signed):
    vendor = Uploads(addresses=[httpx.Response(200, json=signed)])

    with pytest.raises(RemoteRejectedError, match="the upload"):
        vendor.client().upload(scan)

    assert (vendor.puts, vendor.slept) == ([], [])


@pytest.mark.parametrize(
    "failure",
    [
        403,
        408,
        429,
        500,
        503,
        httpx.ReadTimeout("x"),
        httpx.WriteError("x"),
        httpx.ConnectError(""),
    ],
    ids=str,
)
def test_another_attempt_goes_to_another_address(scan, failure):
    answer = httpx.Response(failure) if isinstance(failure, int) else failure
    vendor = Uploads(stored=[answer, answer])

    urn = vendor.client().upload(scan)

    assert [put.url.path[-5:] for put in vendor.puts] == ["1.stl", "2.stl", "3.stl"]
    assert all(put.content == scan.read_bytes() for put in vendor.puts)
    assert urn.endswith("3.stl")
    assert 0.25 <= vendor.slept[0] <= 0.75
    assert 1 <= vendor.slept[1] <= 3


@pytest.mark.parametrize("status", [302, 307, 400, 404, 405, 411, 413])
def test_what_would_be_refused_again_is_not_sent_again(scan, status):
    vendor = Uploads(stored=[httpx.Response(status, headers={"Location": SIGNED})])

    with pytest.raises(RemoteRejectedError, match=str(status)):
        vendor.client().upload(scan)

    assert (len(vendor.puts), vendor.slept) == (1, [])


def test_signatures_that_are_never_taken_are_a_refusal_in_the_end(scan):
    vendor = Uploads(stored=[httpx.Response(403)] * 9)

    with pytest.raises(RemoteRejectedError, match="403"):
        vendor.client().upload(scan)

    assert (len(vendor.puts), len(vendor.slept)) == (4, 3)


def test_a_storage_that_stays_away_may_be_asked_later(scan):
    vendor = Uploads(stored=[httpx.Response(503)] * 9)

    with pytest.raises(RemoteUnavailableError, match="503"):
        vendor.client().upload(scan)

    assert len(vendor.puts) == 4


def test_a_storage_may_ask_for_a_longer_pause(scan):
    vendor = Uploads(stored=[httpx.Response(503, headers={"Retry-After": "9"})])

    vendor.client().upload(scan)

    assert vendor.slept == [9]


def test_a_file_server_that_stays_away_is_asked_four_times_in_all(scan):
    vendor = Uploads(addresses=[httpx.Response(503)] * 99)

    with pytest.raises(RemoteUnavailableError, match="503"):
        vendor.client().upload(scan)

    assert len(vendor.asked) == 4


def test_a_token_that_is_refused_is_said_to_be(scan):
    vendor = Uploads(addresses=[httpx.Response(401)])

    with pytest.raises(RemoteRejectedError, match="token"):
        vendor.client().upload(scan)


def test_progress_is_told_in_bytes(scan):
    told: list[int] = []

    Uploads().client().upload(scan, told.append)

    assert told == [*range(BLOCK, 3 * MEGABYTE + 1, BLOCK), 3 * MEGABYTE + 7]


@pytest.mark.parametrize(
    ("name", "postfix"),
    [("a.STL", "stl"), ("a.b.ply", "ply"), ("scan.tar.gz", "tar.gz"), ("x.TAR.GZ", "tar.gz")],
)
def test_a_format_is_told_by_the_end_of_a_name(tmp_path, name, postfix):
    path = tmp_path / name
    path.write_bytes(b"x")
    vendor = Uploads()

    vendor.client().upload(path)

    assert vendor.asked[0].url.params["postfix"] == postfix


@pytest.mark.parametrize("name", ["planted", "planted.", "planted.st l", "planted.äö", ".planted"])
def test_a_file_without_a_format_is_refused_and_not_named(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"x")
    vendor = Uploads()

    with pytest.raises(InputError) as refused:
        vendor.client().upload(path)

    assert "planted" not in str(refused.value)
    assert vendor.asked == []


def test_an_empty_or_missing_file_is_refused_before_anything_is_asked(tmp_path):
    vendor, empty = Uploads(), tmp_path / "planted.stl"
    empty.touch()

    with pytest.raises(InputError, match="empty"):
        vendor.client().upload(empty)
    with pytest.raises(InputError, match="cannot be read") as refused:
        vendor.client().upload(tmp_path / "planted.ply")

    assert "planted" not in str(refused.value)
    assert refused.value.__context__ is None
    assert vendor.asked == []


@pytest.mark.parametrize("change", ["cut", "longer", "other", "gone"])
def test_a_file_that_changes_while_it_is_sent_is_not_taken(scan, change):
    def changed(sent: int) -> None:
        if sent != MEGABYTE:
            return
        if change == "cut":
            os.truncate(scan, MEGABYTE + 1)
        elif change == "longer":
            with scan.open("ab") as file:
                file.write(b"x")
        elif change == "other":
            other = scan.with_name("other")
            shutil.copy2(scan, other)  # with its time
            other.replace(scan)
        else:
            scan.unlink()

    vendor = Uploads()

    with pytest.raises(InputError, match=r"chang|read"):
        vendor.client().upload(scan, changed)

    assert vendor.slept == []


def test_a_storage_that_answers_before_it_has_the_file_is_not_believed(tmp_path):
    path = tmp_path / "a.stl"
    path.write_bytes(bytes(16 * MEGABYTE))
    hurried = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    def script(connected: socket.socket, _: bytes) -> None:
        connected.sendall(hurried)

    with listening(script) as wire:
        wire.most = 1 << 20
        signed = f'"{wire.url}/APIClient/lab-7/a.stl"'.encode()
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(signed), signed)
        with (
            listening(says(answer)) as files,
            client_of(files) as client,
            pytest.raises(RemoteUnavailableError),
        ):
            client.upload(path)

        assert len(wire.requests) == 4


def test_a_body_leaves_in_one_piece_of_known_length(scan):
    stored = says(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with listening(stored) as wire:
        signed = f'"{wire.url}/APIClient/lab-7/a.stl?Signature={SIGNATURE}"'.encode()
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(signed), signed)
        with listening(says(answer)) as files, client_of(files) as client:
            client.upload(scan)

    head, _, body = wire.requests[0].partition(b"\r\n\r\n")
    assert body == scan.read_bytes()
    lower = head.lower()
    assert b"content-length: %d" % len(body) in lower
    assert b"content-type" not in lower
    assert b"transfer-encoding" not in lower
    assert TOKEN.encode() not in head
