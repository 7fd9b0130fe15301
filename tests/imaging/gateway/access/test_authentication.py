import pytest

from imaging.gateway.access.tokens import DAY_S, add_token, revoke_token
from tests.imaging.gateway.access.apps import (
    HERE,
    NOW,
    ask,
    client_of,
    connected,
    little_app,
    serving,
)

FILE = "output/P1/CT.nii.gz"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def reader(exposed):
    return add_token(exposed.state, "reader", ["read"], 1, NOW)


@pytest.fixture
def runner(exposed):
    return add_token(exposed.state, "runner", ["run"], 1, NOW)


@pytest.mark.parametrize(
    "path", ["/", "/health", "/favicon.ico", "/view?image=a&link=b", "/viewer/v1/viewer.js"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_holds_no_data_needs_no_token(exposed, path, method):
    assert client_of(exposed).request(method, path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        f"/{FILE}",
        f"/files/{FILE}",
        "/filtered-scans/P1/CT.nii.gz",
        "/late",
        "/docs/",
        "/openapi.json/x",
        "/viewer",
        "/viewer/",
        "/viewer/x",
        "/viewer/v/x/y",
        "/viewer/%2e%2e/output",
        "/viewer/v/..%2fx",
        "/view/",
        "/view%0a",
        "/health/",
        "/favicon_ico",
        "/nothing",
    ],
)
def test_all_else_needs_one_beyond_loopback(exposed, path):
    answer = client_of(exposed).get(path)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/", "/health", "/view", "/dvh"])
def test_to_post_needs_one_everywhere(exposed, path):
    assert client_of(exposed).post(path).status_code == 401


def test_a_scope_is_for_its_own_kind_of_request(exposed, reader, runner):
    client = client_of(exposed)

    assert client.get(f"/{FILE}", headers=bearer(reader)).status_code == 200
    assert client.head(f"/{FILE}", headers=bearer(reader)).status_code == 200
    assert client.post("/dvh", headers=bearer(runner), content=b"12345").json() == 5
    for refused in (
        client.get(f"/{FILE}", headers=bearer(runner)),
        client.post("/dvh", headers=bearer(reader)),
        client.delete(f"/{FILE}", headers=bearer(reader)),
    ):
        assert refused.status_code == 403
        assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]


def test_the_scheme_is_spelled_in_any_case(exposed, reader):
    headers = {"Authorization": f"bEARER  {reader} "}

    assert client_of(exposed).get(f"/{FILE}", headers=headers).status_code == 200


def test_all_refused_tokens_get_the_same_answer(exposed, reader, clock):
    client = client_of(exposed, clock)
    revoked = add_token(exposed.state, "revoked", ["read"], 1, NOW)
    revoke_token(exposed.state, "revoked")
    given = [
        [],
        [("Authorization", f"Bearer {revoked}")],
        [("Authorization", "Bearer ifg_" + "A" * 43)],
        [("Authorization", "Bearer")],
        [("Authorization", "")],
        [("Authorization", reader)],
        [("Authorization", f"Basic {reader}")],
        [("Authorization", f"Bearer {reader}, Bearer {reader}")],
        [("Authorization", b"Bearer \xff\xfe" + reader.encode())],
        [("Authorization", f"Bearer {reader}" + "A" * 6000)],
        [("Authorization", f"Bearer {reader}"), ("Authorization", f"Bearer {reader}")],
        [("Cookie", f"token={reader}")],
    ]
    answers = [client.get(f"/{FILE}", headers=headers) for headers in given]
    answers += [client.get(f"/{FILE}?{key}={reader}") for key in ("token", "access_token", "link")]
    assert client.get(f"/{FILE}", headers=bearer(reader)).status_code == 200
    clock.now += DAY_S
    answers.append(client.get(f"/{FILE}", headers=bearer(reader)))

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1


def test_a_revoked_token_ends_on_a_connection_that_is_kept(exposed, reader):
    request = f"GET /x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {reader}\r\n\r\n".encode()

    with serving(little_app(exposed)) as port, connected(port) as connection:
        assert ask(connection, request).startswith(b"HTTP/1.1 200")
        revoke_token(exposed.state, "reader")
        assert ask(connection, request).startswith(b"HTTP/1.1 401")


def test_loopback_asks_for_nothing_until_a_token_is_made(options):
    client = client_of(options)
    assert client.get(f"/{FILE}").status_code == 200
    assert client.post("/dvh", content=b"1").status_code == 200
    assert client.get(f"/{FILE}", headers=bearer("wrong")).status_code == 401
    assert client.get(f"/{FILE}?link=wrong").status_code == 401

    token = add_token(options.state, "proxy", ["read"], 1, NOW)
    assert client.get(f"/{FILE}").status_code == 401
    assert client.get(f"/{FILE}", headers=bearer(token)).status_code == 200
    revoke_token(options.state, "proxy")
    assert client.get(f"/{FILE}").status_code == 401


@pytest.mark.parametrize(
    "name", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Via"]
)
def test_what_a_proxy_passed_on_is_not_local(options, name):
    assert client_of(options).get(f"/{FILE}", headers={name: "x"}).status_code == 401


@pytest.mark.parametrize("host", ["attacker.example:8888", "localhost.attacker.example", ""])
def test_a_strangers_name_for_this_machine_is_refused(options, host):
    answer = client_of(options).get(f"/{FILE}", headers={"Host": host})

    assert answer.status_code == 403
    assert "http://localhost" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": HERE, "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "https://viewer.example", "Sec-Fetch-Site": "cross-site"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://viewer.example.evil"}, 403),
        ({"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_page_of_another_origin_cannot_post(tmp_path, options, headers, status):
    allowing = type(options)(data_root=tmp_path, origins=("https://viewer.example",))

    assert client_of(allowing).post("/dvh", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors"}, 200),
    ],
)
def test_a_page_of_another_site_may_link_but_not_embed(options, headers, status):
    assert client_of(options).get(f"/{FILE}", headers=headers).status_code == status


def test_failures_are_counted_in_the_log_but_cannot_fill_it(exposed, caplog):
    client = client_of(exposed)
    for _ in range(9):
        client.get(f"/{FILE}", headers=bearer("ifg_planted"))

    counts = [record.args[0] for record in caplog.records if "valid token" in record.msg]
    assert counts == [1, 2, 4, 8]
    assert "planted" not in caplog.text
