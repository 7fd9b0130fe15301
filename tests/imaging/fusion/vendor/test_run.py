"""Submitting costs money: one POST, and every end of it is told apart."""

import json
import socket

import httpx
import pytest

from imaging.errors import (
    InputError,
    RemoteRejectedError,
    RemoteUnavailableError,
    SettingError,
    SubmissionUncertainError,
)
from imaging.fusion.specification import FusionSpecification
from imaging.fusion.vendor import FusionClient, mesh_input
from tests.imaging.fusion.vendor.fakes import (
    INPUTS,
    SPECIFICATION,
    TOKEN,
    URN,
    Answers,
    answering,
    client_of,
    closes,
    connection,
    listening,
    resets,
    says,
)

ACCEPTED = b'HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{"run_id": "r-1"}'


def submitted(client: FusionClient) -> str:
    return client.run(SPECIFICATION, INPUTS, metadata={"key": "k"})


def test_a_call_has_every_documented_field():
    vendor = answering(httpx.Response(200, json={"run_id": "r-1"}))
    specification = FusionSpecification(
        outputs={"teeth": "drc"}, inline=True, further_inputs={"detail": 3}
    )

    run_id = vendor.client().run(
        specification,
        {"upper_jaw_scan": mesh_input("stl", URN), "raw_ct_file": URN},
        metadata={"key": "k"},
        callback="https://lab.test/callbacks/fusion/k/t",
    )

    assert run_id == "r-1"
    [request] = vendor.asked
    assert (request.method, str(request.url)) == ("POST", "https://api.vendor.test/run")
    assert request.headers["X-ZH-TOKEN"] == TOKEN
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.content) == {
        "spec_group": "cbct",
        "spec_name": "scan-seg-and-cbct-fusion",
        "spec_version": "1.0-snapshot",
        "user_group": "APIClient",
        "user_id": "lab-7",
        "input_data": {
            "detail": 3,
            "upper_jaw_scan": {"type": "stl", "data": URN},
            "raw_ct_file": URN,
        },
        "output_config": {"teeth": {"type": "drc", "output-location": "bytes"}},
        "metadata": {"key": "k"},
        "notification": [{"url": "https://lab.test/callbacks/fusion/k/t"}],
    }


def test_what_is_not_given_is_not_sent():
    vendor = answering(httpx.Response(200, json={"run_id": "r-1"}))

    vendor.client().run(SPECIFICATION, INPUTS, metadata={})

    assert not {"metadata", "notification"} & set(json.loads(vendor.asked[0].content))


@pytest.mark.parametrize(
    "metadata", [{"key": "x" * 129}, {"y" * 129: "x"}, {"key": 7}, {"key": None}]
)
def test_metadata_that_the_vendor_would_not_take_are_refused_before_anything_is_sent(metadata):
    vendor = answering(httpx.Response(200, json={"run_id": "r-1"}))

    with pytest.raises(InputError, match="128"):
        vendor.client().run(SPECIFICATION, INPUTS, metadata=metadata)

    assert vendor.asked == []


def test_metadata_of_128_characters_are_taken():
    vendor = answering(httpx.Response(200, json={"run_id": "r-1"}))

    assert vendor.client().run(SPECIFICATION, INPUTS, metadata={"key": "x" * 128}) == "r-1"


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, b"bytes"], ids=["nan", "set", "bytes"])
def test_inputs_that_json_cannot_hold_are_refused_before_anything_is_sent(value):
    vendor = answering(httpx.Response(200, json={"run_id": "r-1"}))

    with pytest.raises(InputError, match="JSON"):
        vendor.client().run(SPECIFICATION, {"raw_ct_file": value}, metadata={})

    assert vendor.asked == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_a_clean_refusal_says_that_nothing_was_accepted(status):
    vendor = answering(httpx.Response(status, json={"run_id": "r-1"}))

    with pytest.raises(RemoteRejectedError, match=str(status)):
        submitted(vendor.client())

    assert len(vendor.asked) == 1


def test_too_many_requests_may_be_sent_again_by_whoever_asked_for_it():
    vendor = answering(httpx.Response(429, headers={"Retry-After": "1"}))

    with pytest.raises(RemoteUnavailableError, match="429"):
        submitted(vendor.client())

    assert (len(vendor.asked), vendor.slept) == (1, [])


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError],
)
def test_without_a_connection_nothing_was_sent(error):
    vendor = answering(error("planted"))

    with pytest.raises(RemoteUnavailableError, match=error.__name__):
        submitted(vendor.client())

    assert (len(vendor.asked), vendor.slept) == (1, [])


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout,
        httpx.WriteTimeout,
        httpx.ReadError,
        httpx.WriteError,
        httpx.CloseError,
        httpx.RemoteProtocolError,
        httpx.LocalProtocolError,
        httpx.UnsupportedProtocol,
        httpx.DecodingError,
        httpx.TooManyRedirects,
        httpx.InvalidURL,
        ValueError,
        RuntimeError,
        OSError,
        MemoryError,
    ],
)
def test_whatever_else_breaks_may_have_been_accepted(error):
    vendor = answering(error("planted"))

    with pytest.raises(SubmissionUncertainError, match=error.__name__):
        submitted(vendor.client())

    assert (len(vendor.asked), vendor.slept) == (1, [])


@pytest.mark.parametrize("status", [302, 307, 402, 405, 408, 409, 451, 500, 502, 503, 504])
def test_any_other_status_may_have_been_accepted(status):
    location = {"Location": "https://api.vendor.test/elsewhere"}
    vendor = answering(httpx.Response(status, json={"run_id": "r-1"}, headers=location))

    with pytest.raises(SubmissionUncertainError, match=str(status)):
        submitted(vendor.client())

    assert len(vendor.asked) == 1


def test_a_redirect_to_nonsense_may_have_been_accepted():
    vendor = answering(httpx.Response(307, headers={"Location": "http://["}))

    with pytest.raises(SubmissionUncertainError):
        submitted(vendor.client())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"[" * 100_000,
        b"null",
        b'["r-1"]',
        b'"r-1"',
        b"{}",
        b'{"run_id": ""}',
        b'{"run_id": null}',
        b'{"run_id": 7}',
        b'{"run_id": true}',
        b'{"run_id": ["r-1"]}',
        b'{"run_id": ".."}',
        b'{"run_id": "../run"}',
        b'{"run_id": "a/b"}',
        b'{"run_id": "a?b"}',
        b'{"run_id": "a b"}',
        b'{"run_id": "a\\u0000"}',
        b'{"run_id": "a\\n"}',
        b'{"run_id": "' + b"a" * 129 + b'"}',
        b'{"run_id": "r-1", "more": "' + b"a" * (1 << 20) + b'"}',
    ],
    ids=range(22),
)
def test_an_answer_without_a_run_id_may_have_been_an_acceptance(body):
    vendor = answering(httpx.Response(200, content=body))

    with pytest.raises(SubmissionUncertainError, match="no run id"):
        submitted(vendor.client())

    assert len(vendor.asked) == 1


def test_a_packed_answer_is_not_unpacked():
    vendor = answering(
        lambda _: httpx.Response(
            200,
            headers={"Content-Encoding": "gzip", "Transfer-Encoding": "chunked"},
            stream=httpx.ByteStream(b"\x1f\x8b"),
        )
    )

    with pytest.raises(SubmissionUncertainError):
        submitted(vendor.client())

    assert vendor.asked[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("run_id", ["r-1", "7f00:a.b_c", "0" * 128])
def test_a_run_id_is_returned_as_it_came(run_id):
    vendor = answering(httpx.Response(201, json={"run_id": run_id}))

    assert submitted(vendor.client()) == run_id


@pytest.mark.parametrize(
    "script",
    [
        closes,
        resets,
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{"),
        says(b"HTTP/1.1 200 OK\r\nContent-Le"),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: minus\r\n\r\n{}"),
        says(b"rubbish\r\n\r\n"),
        says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"),
        says(b"HTTP/1.1 100 Continue\r\n\r\n"),
        says(b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n"),
        says(b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
    ],
    ids=range(10),
)
def test_an_answer_lost_on_the_wire_is_uncertain_and_was_sent_once(script):
    with listening(script) as wire, client_of(wire) as client:
        with pytest.raises(SubmissionUncertainError):
            submitted(client)

        assert len(wire.requests) == 1


def test_an_answer_that_never_comes_is_uncertain_and_was_sent_once():
    def silent(connected: socket.socket, _: bytes) -> None:
        connected.recv(1)

    with listening(silent) as wire, client_of(wire, timeout_s=0.5) as client:
        with pytest.raises(SubmissionUncertainError, match="ReadTimeout"):
            submitted(client)

        assert len(wire.requests) <= 1  # none where the server was slower still


def test_an_answer_that_drips_is_uncertain(clock):
    def dripping():
        while True:
            clock.passes(0.9 * connection().timeout_s)
            yield b" "

    vendor = answering(lambda _: httpx.Response(200, content=dripping()))

    with pytest.raises(SubmissionUncertainError):
        submitted(vendor.client())

    assert len(vendor.asked) == 1


def test_a_refusal_whose_body_breaks_off_is_a_refusal_still():
    script = says(b"HTTP/1.1 422 No\r\nContent-Length: 100\r\n\r\n{")

    with (
        listening(script) as wire,
        client_of(wire) as client,
        pytest.raises(RemoteRejectedError, match="422"),
    ):
        submitted(client)


def test_where_nobody_listens_nothing_was_sent():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen; nor can another, meanwhile
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"

        with (
            FusionClient(connection(address, address)) as client,
            pytest.raises(RemoteUnavailableError, match="ConnectError"),
        ):
            submitted(client)


def test_a_connection_that_was_kept_is_not_used_for_it():
    going_on = b'{"completed":false,"failed":false}'

    def stays_open(connected: socket.socket, _: bytes) -> None:
        connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 34\r\n\r\n" + going_on)
        connected.recv(1)  # a POST that is sent here is never answered

    with listening(stays_open, says(ACCEPTED)) as wire, client_of(wire) as client:
        client.status("r-0")

        assert submitted(client) == "r-1"


@pytest.mark.parametrize(
    "token", ["planted\n", "planted\r\nX: y", "plantéd", " planted", "planted\0"], ids=range(5)
)
def test_a_token_that_no_header_can_carry_is_refused_at_once(token):
    fields = {name: getattr(connection(), name) for name in ("url", "files_url", "user_id")}

    with pytest.raises(SettingError) as refused:
        FusionClient(type(connection())(name="lab", user_group="g", token=token, **fields))

    assert "plant" not in str(refused.value)


def test_a_client_that_was_given_stays_open():
    vendor = Answers([httpx.Response(200, json={"run_id": "r-1"})])
    http = httpx.Client(transport=httpx.MockTransport(vendor))

    with FusionClient(connection(), http):
        pass

    assert not http.is_closed
