import dataclasses

import pytest
from fastapi import FastAPI

from imaging.errors import SettingError
from imaging.gateway.access import check_exposure, guard
from imaging.gateway.access.tokens import DAY_S, add_token, revoke_token
from tests.imaging.gateway.access.apps import NOW, client_of

VIEWER = "https://viewer.example"


@pytest.fixture
def shared(exposed):
    """A gateway whose answers the pages of one origin may read."""
    return dataclasses.replace(exposed, origins=(VIEWER,))


def test_nobody_starts_a_gateway_for_others_without_a_token(exposed):
    with pytest.raises(SettingError, match="token add"):
        check_exposure(exposed, now=NOW)

    add_token(exposed.state, "pacs", ["read"], 1, NOW)
    check_exposure(exposed, now=NOW)
    with pytest.raises(SettingError, match="token add"):
        check_exposure(exposed, now=NOW + DAY_S)
    revoke_token(exposed.state, "pacs")
    with pytest.raises(SettingError, match="IMAGING_GATEWAY_HOST"):
        check_exposure(exposed, now=NOW)


def test_a_gateway_for_this_machine_starts_without(options):
    check_exposure(options, now=NOW)


@pytest.mark.parametrize("url", ["http://localhost:8888", "https://127.0.0.1/x", ""])
def test_an_address_of_this_machine_is_no_proxy(options, url):
    check_exposure(options, url, NOW)


@pytest.mark.parametrize("url", ["https://gateway.example/imaging", "gateway.example"])
def test_behind_a_proxy_a_gateway_on_loopback_needs_a_token_too(options, url):
    with pytest.raises(SettingError, match="IMAGING_GATEWAY_URL"):
        check_exposure(options, url, NOW)

    add_token(options.state, "pacs", ["read"], 1, NOW)
    check_exposure(options, url, NOW)


@pytest.mark.parametrize("check", [check_exposure, lambda wrong: guard(FastAPI(), wrong)])
def test_any_origin_is_no_origin(options, check):
    with pytest.raises(SettingError, match="IMAGING_GATEWAY_ORIGINS"):
        check(dataclasses.replace(options, origins=("*",)))


def test_a_preflight_needs_no_token_and_grants_no_credentials(shared):
    asked = {
        "Origin": VIEWER,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,range,if-range,if-none-match",
    }
    answer = client_of(shared).options("/files/a", headers=asked)

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == VIEWER
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://viewer.example", "https://viewer.example:8443", "null"],
)
def test_a_preflight_of_another_origin_is_refused(shared, origin):
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    answer = client_of(shared).options("/files/a", headers=asked)

    assert answer.status_code == 400
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_answers_and_errors_are_readable_by_allowed_pages_only(shared):
    token = add_token(shared.state, "viewer", ["read"], 1, NOW)
    client = client_of(shared)
    for headers in ({"Authorization": f"Bearer {token}"}, {}):
        for path in ("/files/a", "/broken/a"):
            allowed = client.get(path, headers={**headers, "Origin": VIEWER})
            assert allowed.headers["Access-Control-Allow-Origin"] == VIEWER
            assert "Content-Range" in allowed.headers["Access-Control-Expose-Headers"]
            assert allowed.headers["Cross-Origin-Resource-Policy"] == "cross-origin"

            other = client.get(path, headers={**headers, "Origin": "https://evil.example"})
            assert "Access-Control-Allow-Origin" not in other.headers
            assert other.headers["Cross-Origin-Resource-Policy"] == "same-origin"

            assert "Origin" in client.get(path, headers=headers).headers["Vary"]
