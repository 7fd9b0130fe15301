import pytest

from tests.imaging.gateway.access.apps import client_of

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/files/a", 200),
        ("GET", "/broken/a", 500),
        ("PUT", "/dvh", 405),
        ("POST", "/nothing", 405),
        ("GET", "/files/" + "a" * 9000, 414),
    ],
)
def test_every_answer_has_the_headers_errors_too(options, method, path, status):
    answer = client_of(options).request(method, path)

    assert answer.status_code == status
    assert {name: answer.headers[name] for name in EXPECTED} == EXPECTED
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]


def test_a_refusal_has_them_too(exposed):
    answer = client_of(exposed).get("/files/a")

    assert answer.status_code == 401
    assert {name: answer.headers[name] for name in EXPECTED} == EXPECTED


def test_what_a_route_says_itself_stands(options):
    headers = client_of(options).get("/own-headers").headers

    assert headers.get_list("Content-Security-Policy") == ["sandbox"]
    assert headers.get_list("Cache-Control") == ["public, max-age=60"]


def test_an_unforeseen_error_is_logged_by_place_and_told_without_its_message(options, caplog):
    answer = client_of(options).get("/broken/DOE^JOHN")

    assert answer.status_code == 500
    assert answer.json() == {"detail": "The gateway failed; its log says where"}
    assert "FileNotFoundError at apps.py:" in caplog.text
    assert "DOE" not in caplog.text
