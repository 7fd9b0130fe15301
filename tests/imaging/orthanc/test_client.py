import time

import pytest

from imaging.errors import RemoteRejectedError, RemoteUnavailableError
from imaging.orthanc.answers import NotFoundError
from tests.imaging.orthanc.fakes import SYSTEM
from tests.imaging.orthanc.servers import serving


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

    assert calls == ["/system", *["/plugins"] * 4]  # three tries, the first on a stale connection


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
    idle.sock.settimeout(60)
    assert idle.sock.recv(1) == b"", "Orthanc keeps idle connections: this test shows nothing"

    assert "dicom-web" in connected.plugins()
