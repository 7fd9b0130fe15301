"""A long way loses nothing, and keeps every byte for a while; how long at most is not tested."""

import socket
import threading
import time

import pytest

from benchmarks.delay import delayed

DELAY_MS = 40.0


@pytest.fixture
def echo():
    """A server that sends everything back until the client goes; gives its port and its end."""
    ended = threading.Event()

    def serve(listener):
        connection, _ = listener.accept()
        with connection:
            while content := connection.recv(1 << 16):
                connection.sendall(content)
        ended.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1], ended
        thread.join(60)


def received(connection, size):
    content = b""
    while len(content) < size and (more := connection.recv(1 << 16)):
        content += more
    return content


def test_every_byte_comes_back_in_order_and_not_before_its_time(echo):
    port, ended = echo
    content = bytes(range(256)) * 8192  # several chunks
    with delayed(port, DELAY_MS) as begins:
        start = time.monotonic()  # the way may take the connection before we hear of it
        with socket.create_connection(("127.0.0.1", begins), timeout=60) as connection:
            sending = threading.Thread(target=connection.sendall, args=(content,))
            sending.start()
            back = received(connection, len(content))
            elapsed_s = time.monotonic() - start
            sending.join(60)
        is_told_of_the_end = ended.wait(60)

    assert back == content
    # There and back twice: the connection is opened first, which is a round trip of its own.
    assert elapsed_s >= 4 * DELAY_MS / 1000
    assert is_told_of_the_end
