import contextlib
import time

import pytest

from tests.imaging.gateway.access.apps import ask, connected, little_app, read_to_end, serving

GET = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize("begun", [b"", b"GET /health HTTP/1.1\r\nHost: loc"])
def test_a_connection_that_says_nothing_is_closed(options, begun):
    with serving(little_app(options), header_s=0.2) as port, connected(port) as connection:
        connection.sendall(begun)
        assert read_to_end(connection) == b""


def test_headers_in_drops_are_given_up(options):
    with serving(little_app(options), header_s=0.3) as port, connected(port) as connection:
        with contextlib.suppress(ConnectionError):
            for letter in b"GET /health":
                connection.sendall(bytes([letter]))
                time.sleep(0.05)
        assert read_to_end(connection) == b""


def test_a_further_request_has_as_long_as_the_first(options):
    with serving(little_app(options), header_s=0.6) as port, connected(port) as connection:
        for _ in range(3):  # in all longer than one may take
            assert ask(connection, GET).startswith(b"HTTP/1.1 200")
            time.sleep(0.3)
        connection.sendall(b"GET /hea")
        assert read_to_end(connection) == b""


def test_a_request_underway_has_no_such_limit(options):
    # Less than the answer takes, and yet enough to ask on a busy machine.
    with serving(little_app(options), header_s=1.5) as port, connected(port) as connection:
        assert ask(connection, GET.replace(b"/health", b"/late-in-a-thread")).startswith(
            b"HTTP/1.1 200"
        )


def test_a_client_that_takes_nothing_is_let_go(options, caplog):
    caplog.set_level("INFO")
    with serving(little_app(options), stalled_s=0.3) as port, connected(port) as connection:
        connection.sendall(GET.replace(b"/health", b"/flood"))  # which has no end
        until = time.monotonic() + 20
        while "GET /flood 200" not in caplog.text:
            assert time.monotonic() < until
            time.sleep(0.02)

    assert "(cut off)" in caplog.text


def test_a_client_that_takes_its_time_is_served(options):
    with serving(little_app(options), stalled_s=1.0) as port, connected(port) as connection:
        connection.sendall(GET.replace(b"/health", b"/flood"))
        received, end = 0, time.monotonic() + 1.5
        while time.monotonic() < end:
            piece = connection.recv(1 << 20)
            assert piece, "cut off"
            received += len(piece)
            time.sleep(0.01)

    assert received > 1 << 20
