import socket
import threading

import pytest

from deployments.orthanc_server import OrthancServer
from imaging.errors import RemoteUnavailableError, SettingError
from imaging.orthanc.client import OrthancClient
from tests.imaging.orthanc.fakes import SYSTEM
from tests.imaging.orthanc.servers import serving


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
