"""Asking is free: it is repeated, within bounds, and nonsense is never good news."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from imaging.errors import InputError, RemoteRejectedError, RemoteUnavailableError
from imaging.fusion.vendor import FusionClient, RunStatus
from tests.imaging.fusion.vendor.fakes import (
    API,
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

MEGABYTE = 1 << 20


def ok(value: object) -> httpx.Response:
    return httpx.Response(200, content=json.dumps(value).encode())


@pytest.mark.parametrize(
    ("completed", "failed", "expected"),
    [
        (False, False, RunStatus(completed=False, failed=False)),
        (True, False, RunStatus(completed=True, failed=False)),
        (False, True, RunStatus(completed=False, failed=True)),
        (True, True, RunStatus(completed=False, failed=True)),
    ],
)
def test_a_run_that_failed_is_not_completed(completed, failed, expected):
    vendor = answering(ok({"completed": completed, "failed": failed}))

    assert vendor.client().status("r-1") == expected

    [request] = vendor.asked
    assert (request.method, str(request.url)) == ("GET", f"{API}/run/r-1")
    assert request.headers["X-ZH-TOKEN"] == TOKEN
    assert request.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("scan has holes", "scan has holes"),
        ("扫描有孔", "扫描有孔"),
        (None, ""),
        (7, ""),
        ("see https://store.test/a?Signature=planted now", "see … now"),
        ("file (https://store.test/planted)", "file …"),
        ("no URN:zhfile:o:s:planted here", "no … here"),
        ("at /bucket/planted?Signature=planted", "at …"),
        ("Signature=plantedplantedplanted=", "…"),
        ("planted" * 20, "…"),
        ("two\nlines\tand\x1b[31m \u202ecolour", "two lines and 31m colour"),
        ("![a](//elsewhere.test/planted.png) `b` <img src=//elsewhere.test/x>", "! a … b img …"),
        (f"the token {TOKEN} is spent", ""),
        ("so " * 1000, ("so " * 100).strip()[:300]),
    ],
    ids=range(14),
)
def test_a_reason_is_short_and_holds_no_address(told, expected):
    vendor = answering(ok({"completed": False, "failed": True, "reason_public": told}))

    assert vendor.client().status("r-1").reason.strip() == expected


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"completed": True},
        {"failed": False},
        {"completed": "true", "failed": "false"},
        {"completed": 1, "failed": 0},
        {"completed": None, "failed": False},
        [True, False],
        "completed",
        None,
        True,
    ],
    ids=range(10),
)
def test_a_status_that_is_not_two_booleans_is_an_error(answer):
    vendor = answering(ok(answer))

    with pytest.raises(RemoteRejectedError, match="two booleans"):
        vendor.client().status("r-1")


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 100_000], ids=range(4))
def test_an_answer_that_is_no_json_is_an_error_without_its_text(body):
    vendor = answering(httpx.Response(200, content=body))

    with pytest.raises(RemoteRejectedError, match="no JSON") as refused:
        vendor.client().status("r-1")

    assert refused.value.__context__ is None


@pytest.mark.parametrize(
    "run_id", ["", ".", "..", "a/b", "../run", "a?b", "a#b", "a b", "ä", "%2e"]
)
def test_an_id_that_leads_elsewhere_is_not_asked_for(run_id):
    vendor = answering(ok({}))

    with pytest.raises(RemoteRejectedError):
        vendor.client().status(run_id)
    with pytest.raises(RemoteRejectedError):
        vendor.client().data(run_id)

    assert vendor.asked == []


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(408),
        httpx.Response(429),
        httpx.Response(500),
        httpx.Response(502),
        httpx.Response(503),
        httpx.ConnectError("x"),
        httpx.ReadTimeout("x"),
        httpx.RemoteProtocolError("x"),
    ],
    ids=range(8),
)
def test_a_question_is_asked_again_after_a_pause(failure):
    vendor = answering(failure, failure, failure, ok({"completed": True, "failed": False}))

    assert vendor.client().status("r-1").completed

    assert len(vendor.asked) == 4
    for slept, usual in zip(vendor.slept, (0.5, 2.0, 5.0), strict=True):
        assert usual / 2 <= slept <= usual * 1.5


def test_pauses_differ_from_client_to_client():
    pauses = set()
    for _ in range(5):
        vendor = answering(httpx.Response(503))
        with pytest.raises(RemoteUnavailableError, match="503"):
            vendor.client().status("r-1")
        pauses.add(tuple(vendor.slept))

    assert len(pauses) == 5


@pytest.mark.parametrize(
    ("told", "least", "most"),
    [("7", 7, 7), ("100000", 30, 30), ("0", 0.25, 0.75), ("soon", 0.25, 0.75), ("-5", 0.25, 0.75)],
)
def test_a_server_may_ask_for_a_longer_pause_within_bounds(told, least, most):
    busy = httpx.Response(429, headers={"Retry-After": told})
    vendor = answering(busy, ok({"completed": True, "failed": False}))

    vendor.client().status("r-1")

    assert least <= vendor.slept[0] <= most


def test_a_server_may_name_a_date():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    busy = httpx.Response(503, headers={"Retry-After": later})
    vendor = answering(busy, ok({"completed": True, "failed": False}))

    vendor.client().status("r-1")

    assert 10 <= vendor.slept[0] <= 20


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 400, 401, 403, 404, 405, 410, 418])
def test_a_refusal_is_not_asked_again(status):
    elsewhere = {"Location": "https://elsewhere.test/"}
    vendor = answering(httpx.Response(status, json={}, headers=elsewhere))

    with pytest.raises(RemoteRejectedError, match=str(status)):
        vendor.client().status("r-1")

    assert (len(vendor.asked), vendor.slept) == (1, [])


def test_a_redirect_is_not_followed_though_the_given_client_would():
    vendor = answering(httpx.Response(302, headers={"Location": "https://elsewhere.test/"}))
    http = httpx.Client(transport=httpx.MockTransport(vendor), follow_redirects=True)

    with pytest.raises(RemoteRejectedError, match="302"):
        FusionClient(connection(), http).status("r-1")

    assert [request.url.host for request in vendor.asked] == ["api.vendor.test"]


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.test/run/r-1",
        "http://api.vendor.test/run/r-1",
        "https://api.vendor.test:8443/run/r-1",
        "https://api.vendor.test.elsewhere.test/run/r-1",
        "https://api.vendor.test@elsewhere.test/run/r-1",
    ],
)
def test_the_token_goes_to_the_two_servers_alone(url):
    vendor = answering(ok({}))
    transport = vendor.client()._transport

    with pytest.raises(RuntimeError):
        transport.get("a question", url, lambda got: got.status_code)

    assert vendor.asked == []


@pytest.mark.parametrize("url", [f"{API}/x", f"{FILES}/x", "https://API.vendor.test:443/x"])
def test_both_servers_are_known_by_scheme_host_and_port(url):
    vendor = answering(ok({}))

    assert vendor.client()._transport.get("a question", url, lambda got: got.status_code) == 200


@pytest.mark.parametrize("cookie", [b"a=1", b"\xff=\x80; Path=/"], ids=["plain", "not ascii"])
def test_no_cookie_is_kept(cookie):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 34\r\nSet-Cookie: " + cookie + b"\r\n\r\n"
    script = says(head + b'{"completed":false,"failed":false}')
    with listening(script) as wire, client_of(wire) as client:
        client.status("r-1")
        client.status("r-1")

        assert len(wire.requests) == 2
        assert not any(b"cookie" in request.lower() for request in wire.requests)


def test_data_are_fetched_whole():
    answers: list[object] = [{"teeth": {}}, {"result": {"teeth": {}}}]
    for answer in answers:
        vendor = answering(ok(answer))

        assert vendor.client().data("r-1") == answer
        assert str(vendor.asked[0].url) == f"{API}/data/r-1"


@pytest.mark.parametrize("value", [{"11": {"type": "ply", "data": "urn:x"}}, [], None, 7])
def test_data_of_one_key_lie_at_the_top_however_they_came(value):
    for answer in (value, {"teeth": value}, {"result": value}, {"result": {"teeth": value}}):
        vendor = answering(ok(answer))

        assert vendor.client().data("r-1", "teeth") == {"teeth": value}
        assert str(vendor.asked[0].url) == f"{API}/data/r-1/teeth"


@pytest.mark.parametrize("key", ["..", "a/b", "a?b", "-", " ", "ä", "a" * 65])
def test_a_key_that_leads_elsewhere_is_not_asked_for(key):
    vendor = answering(ok({}))

    with pytest.raises(InputError):
        vendor.client().data("r-1", key)

    assert vendor.asked == []


@pytest.mark.parametrize("answer", [None, [], "x", 7], ids=range(4))
def test_data_that_are_no_object_are_refused(answer):
    with pytest.raises(RemoteRejectedError, match="object"):
        answering(ok(answer)).client().data("r-1")


def test_data_may_be_large_and_a_status_may_not():
    large = {"completed": True, "failed": False, "more": "x" * (2 * MEGABYTE)}

    assert answering(ok(large)).client().data("r-1") == large
    with pytest.raises(RemoteRejectedError, match="bytes"):
        answering(ok(large)).client().status("r-1")


def test_no_more_than_64_megabytes_of_data_are_read():
    read = []

    def endless():
        for number in range(1000):
            read.append(number)
            yield b"[" * MEGABYTE

    vendor = answering(lambda _: httpx.Response(200, content=endless()))

    with pytest.raises(RemoteRejectedError, match="bytes"):
        vendor.client().data("r-1")

    assert len(read) <= 66


def test_an_answer_that_drips_is_given_up_after_ten_silences(clock):
    def dripping():
        for _ in range(200):
            clock.passes(0.4 * connection().timeout_s)
            yield b" "

    vendor = answering(lambda _: httpx.Response(200, content=dripping()))

    with pytest.raises(RemoteUnavailableError, match="too long"):
        vendor.client().status("r-1")

    assert len(vendor.asked) == 1  # who was kept so long is not kept again at once
    assert clock.now == pytest.approx(10.4 * connection().timeout_s)


def test_an_announced_length_is_believed_before_it_comes():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"

    with (
        listening(says(head + b" ")) as wire,
        client_of(wire) as client,
        pytest.raises(RemoteRejectedError, match="more than"),
    ):
        client.data("r-1")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, identity", "rubbish"])
def test_what_is_packed_is_not_unpacked(coding):
    body = json.dumps({"completed": True, "failed": False}).encode()
    vendor = answering(
        lambda _: httpx.Response(
            200,
            headers={"Content-Encoding": coding, "Content-Length": str(len(body))},
            stream=httpx.ByteStream(body),
        )
    )

    with pytest.raises(RemoteRejectedError, match="packed"):
        vendor.client().status("r-1")


@pytest.mark.parametrize(
    "script",
    [
        closes,
        resets,
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
        says(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000),
        says(b"rubbish\r\n\r\n"),
    ],
    ids=range(6),
)
def test_a_broken_answer_is_asked_for_again(script):
    whole = b'{"completed":true,"failed":false}'
    good = says(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(whole), whole))

    with listening(script, good) as wire, client_of(wire) as client:
        assert client.status("r-1").completed

        assert len(wire.requests) == 2
