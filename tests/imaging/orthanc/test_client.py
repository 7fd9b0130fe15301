import socket
import threading
import time

import pytest

from deployments.orthanc_server import OrthancServer
from imaging.errors import RemoteRejectedError, RemoteUnavailableError, SettingError
from imaging.orthanc.answers import NotFoundError
from imaging.orthanc.client import OrthancClient
from tests.imaging.orthanc.servers import Answer, serving

SYSTEM: Answer = (200, {}, b'{"ApiVersion": 16, "Version": "1.10.1"}')


@pytest.fixture
def client():
    """Makes clients, and closes them."""
    made: list[OrthancClient] = []

    def make(url: str, *credentials: str, timeout_s: float = 5) -> OrthancClient:
        made.append(OrthancClient(url, *credentials, timeout_s=timeout_s))
        return made[-1]

    yield make
    for each in made:
        each.close()


def orthanc_but(**special):
    """Answer like an Orthanc, but for some paths."""

    def answer(_: str, path: str):
        return special.get(path.strip("/").replace("/", "_"), SYSTEM)

    return answer


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_worth_trying_again(client, status):
    with serving(orthanc_but(plugins=(status, {}, b""))) as url:
        connected = client(url)
        connected.check()

        with pytest.raises(RemoteUnavailableError, match=str(status)):
            connected.plugins()


@pytest.mark.parametrize("status", [301, 400, 405, 409, 501])
def test_another_refusal_is_not(client, status):
    with serving(orthanc_but(plugins=(status, {}, b""))) as url:
        connected = client(url)
        connected.check()

        with pytest.raises(RemoteRejectedError, match=str(status)):
            connected.plugins()


def test_what_is_not_there_is_told_apart(client):
    with serving(orthanc_but(plugins=(404, {}, b""))) as url:
        connected = client(url)
        connected.check()

        with pytest.raises(NotFoundError):
            connected.plugins()


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_name_their_settings(client, status):
    with (
        serving(lambda *_: (status, {}, b"")) as url,
        pytest.raises(SettingError, match="IMAGING_ORTHANC_USER, IMAGING_ORTHANC_PASSWORD"),
    ):
        client(url, "someone", "wrong").check()


@pytest.mark.parametrize(
    "answer",
    [
        (404, {}, b"nothing here"),
        (200, {}, b"<html>a login page</html>"),
        (200, {}, b"[1, 2]"),
        (200, {}, b"{}"),
        (302, {"Location": "/login"}, b""),
        (501, {}, b""),
    ],
)
def test_another_program_at_the_address_names_the_setting(client, answer):
    with serving(lambda *_: answer) as url:
        for question in (client(url).check, client(url).plugins):
            if question.__name__ == "plugins" and answer[2] in {b"[1, 2]", b"{}"}:
                continue
            with pytest.raises(SettingError, match="IMAGING_ORTHANC_URL"):
                question()


def test_a_server_that_does_not_speak_http_names_the_setting(client):
    listener = socket.create_server(("127.0.0.1", 0))

    def greet():
        connection, _ = listener.accept()
        connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        connection.recv(1 << 16)
        connection.close()

    thread = threading.Thread(target=greet)
    thread.start()
    with pytest.raises(SettingError, match="does not speak HTTP"):
        client(f"http://127.0.0.1:{listener.getsockname()[1]}").check()
    thread.join()
    listener.close()


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}", "http://no-such-host.invalid"])
def test_an_address_where_nothing_answers_names_the_setting(client, address):
    with pytest.raises(SettingError, match="IMAGING_ORTHANC_URL"):
        client(address.format(port=closed_port())).check()


def test_http_at_an_https_address_names_the_setting(client):
    with (
        serving(lambda *_: SYSTEM) as url,
        pytest.raises(SettingError, match="IMAGING_ORTHANC_URL"),
    ):
        client(url.replace("http:", "https:")).check()


def test_a_server_that_was_there_and_is_not_is_worth_trying_again(client):
    with serving(lambda *_: (SYSTEM[0], {"Connection": "close"}, SYSTEM[2])) as url:
        connected = client(url)
        connected.check()

    with pytest.raises(RemoteUnavailableError, match="ConnectionRefusedError"):
        connected.plugins()


@pytest.mark.parametrize("address", ["", "localhost:8042", "ftp://host", "http://", "http://u:p@h"])
def test_what_is_no_address_names_the_setting(address):
    with pytest.raises(SettingError, match="IMAGING_ORTHANC_URL"):
        OrthancClient(address)


def test_silence_is_worth_trying_again(client):
    def slowly(*_):
        time.sleep(1.0)
        return SYSTEM

    with serving(slowly) as url, pytest.raises(RemoteUnavailableError, match="TimeoutError"):
        client(url, timeout_s=0.2).check()


def test_an_answer_that_ends_early_is_worth_trying_again(client):
    short = (200, {"Content-Length": "100", "Connection": "close"}, b'{"a": ')
    with (
        serving(orthanc_but(plugins=short)) as url,
        pytest.raises(RemoteUnavailableError, match="IncompleteRead"),
    ):
        client(url).plugins()


def test_a_connection_closed_while_idle_is_replaced_once(client):
    calls: list[str] = []

    def answer(_: str, path: str):
        calls.append(path)
        return (0, {}, b"") if len(calls) == 2 else SYSTEM

    with serving(answer) as url:
        connected = client(url)
        connected.check()
        connected.plugins()

    assert calls == ["/system", "/plugins", "/plugins"]


def test_a_server_that_always_hangs_up_is_not_asked_for_ever(client):
    calls: list[str] = []

    def answer(_: str, path: str):
        calls.append(path)
        return SYSTEM if len(calls) == 1 else (0, {}, b"")

    with serving(answer) as url:
        connected = client(url)
        connected.check()

        with pytest.raises(RemoteUnavailableError):
            connected.plugins()

    assert calls == ["/system", "/plugins", "/plugins"]


def test_connections_are_kept(client):
    peers: set[int] = set()

    with serving(lambda *_: SYSTEM) as url:
        connected = client(url)
        for _ in range(5):
            connected.plugins()
            (idle,) = connected._transport._idle
            peers.add(idle.sock.getsockname()[1])

    assert len(peers) == 1


def test_a_path_of_a_reverse_proxy_is_kept(client):
    paths: list[str] = []

    def answer(_: str, path: str):
        paths.append(path)
        return SYSTEM

    with serving(answer) as url:
        client(f"{url}/pacs/orthanc/").check()

    assert paths == ["/pacs/orthanc/system"]


def test_a_message_holds_no_credentials(client):
    with (
        serving(lambda *_: (503, {}, b"")) as url,
        pytest.raises(RemoteUnavailableError) as caught,
    ):
        client(url, "someone", "hunter2").check()

    assert "someone" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.orthanc
def test_orthanc_that_hung_up_after_a_second_is_asked_again(client, orthanc):
    connected = client(orthanc.url, orthanc.user, orthanc.password)
    connected.check()
    (idle,) = connected._transport._idle
    time.sleep(1.5)
    assert idle.sock.recv(1) == b"", "Orthanc keeps idle connections: this test shows nothing"

    assert "dicom-web" in connected.plugins()


@pytest.mark.orthanc
def test_a_wrong_password_names_its_setting(client, orthanc):
    with pytest.raises(SettingError, match="IMAGING_ORTHANC_PASSWORD"):
        client(orthanc.url, orthanc.user, "wrong").find("Study", {})


@pytest.mark.orthanc
def test_a_password_beyond_ascii_is_sent_as_utf8(client, orthanc_program, tmp_path):
    server = OrthancServer(
        tmp_path, program=orthanc_program, RegisteredUsers={OrthancServer.user: "pässwörd"}
    )
    server.start()
    try:
        client(server.url, server.user, server.password).check()
    finally:
        server.kill()
