import http.client
import json
import os
import socket
import stat
import subprocess
from base64 import b64encode
from pathlib import Path

import psutil
import pytest

from deployments import orthanc_install, orthanc_server
from deployments.orthanc_install import SKIP_VARIABLE, find_or_install_orthanc, find_orthanc
from deployments.orthanc_server import OrthancServer
from deployments.processes import free_ports, server_of
from imaging.errors import RemoteUnavailableError


def ask(server: OrthancServer, path: str, password: str | None = None) -> tuple[int, bytes]:
    token = b64encode(f"{server.user}:{password or server.password}".encode()).decode()
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    connection.request("GET", path, headers={"Authorization": f"Basic {token}"})
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


@pytest.fixture
def server(orthanc_program, tmp_path):
    made = OrthancServer(tmp_path / "orthanc", program=orthanc_program)
    yield made
    made.kill()


@pytest.mark.orthanc
def test_a_server_answers_its_user_only_and_from_here_only(server):
    server.start()

    assert server.url.startswith("http://127.0.0.1:")
    assert ask(server, "/system")[0] == 200
    assert ask(server, "/system", "wrong")[0] == 401
    config = json.loads((server.folder / "orthanc.json").read_text())
    assert config["RemoteAccessAllowed"] is False
    assert config["DicomServerEnabled"] is False
    listening = {
        connection.laddr.port
        for connection in psutil.Process(server.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {int(server.url.rpartition(":")[2])}


@pytest.mark.orthanc
def test_the_password_is_made_up_and_kept_private(server, orthanc_program, tmp_path):
    other = OrthancServer(tmp_path / "other", program=orthanc_program)
    server.start()

    assert len(server.password) >= 16
    assert server.password != other.password
    assert stat.S_IMODE((server.folder / "orthanc.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
    assert server.password not in (server.folder / "orthanc.log").read_text()


@pytest.mark.orthanc
def test_a_killed_server_starts_again_where_it_was(server):
    server.start()
    url, pid = server.url, server.pid
    server.kill()

    assert server.pid is None
    assert not psutil.pid_exists(pid)
    server.start()

    assert server.url == url
    assert ask(server, "/system")[0] == 200


@pytest.mark.orthanc
def test_stopping_ends_the_process_in_good_order(server):
    with server:
        pid = server.pid
        assert ask(server, "/system")[0] == 200

    assert not psutil.pid_exists(pid)
    assert "Orthanc has stopped" in (server.folder / "orthanc.log").read_text()


@pytest.mark.orthanc
def test_a_detached_server_is_found_again_and_stopped_by_its_pid(server, orthanc_program):
    server.start(detached=True)
    later = OrthancServer(server.folder, program=orthanc_program)

    assert os.getsid(server.pid) == server.pid
    assert (later.url, later.password) == (server.url, server.password)
    assert ask(later, "/system")[0] == 200
    process = server_of("orthanc", server.pid)
    assert process.stop()
    assert not process.stop()


@pytest.mark.orthanc
def test_plugins_are_a_choice(server, orthanc_program, tmp_path):
    plain = OrthancServer(tmp_path / "plain", plugins=False, program=orthanc_program)
    server.start()
    plain.start()

    assert b"dicom-web" in ask(server, "/plugins")[1]
    assert b"dicom-web" not in ask(plain, "/plugins")[1]
    plain.kill()


@pytest.mark.orthanc
def test_options_reach_the_configuration(orthanc_program, tmp_path):
    server = OrthancServer(tmp_path, program=orthanc_program, Name="another", HttpThreadsCount=5)
    server.start()

    assert json.loads(ask(server, "/system")[1])["Name"] == "another"
    server.kill()


@pytest.mark.orthanc
def test_a_port_taken_in_between_is_no_obstacle(server, orthanc, monkeypatch):
    taken = int(orthanc.url.rpartition(":")[2])
    choices = [[taken, *free_ports(1)]]
    chosen = lambda count: choices.pop() if choices else free_ports(count)  # noqa: E731
    monkeypatch.setattr(orthanc_server, "free_ports", chosen)

    server.start()

    assert server.url != orthanc.url
    assert ask(server, "/system")[0] == 200


@pytest.mark.orthanc
def test_a_kept_port_that_was_taken_meanwhile_is_given_up(server, orthanc_program):
    server.start()
    before = server.url
    server.stop()
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # callers of before linger
        stranger.bind(("127.0.0.1", int(before.rpartition(":")[2])))
        stranger.listen()
        with OrthancServer(server.folder, program=orthanc_program) as again:
            assert again.url != before
            assert ask(again, "/system")[0] == 200


def test_a_program_that_ends_at_once_is_told_with_its_log(tmp_path):
    server = OrthancServer(tmp_path, program=Path("/bin/false"))

    with pytest.raises(RemoteUnavailableError, match=r"orthanc\.log"):
        server.start()

    assert server.pid is None


def test_the_variable_hides_the_program(monkeypatch):
    monkeypatch.setenv(SKIP_VARIABLE, "1")

    assert find_orthanc() is None
    assert find_or_install_orthanc() == (None, f"{SKIP_VARIABLE} is set")


class Machine:
    """A machine without Orthanc; remembers what was run."""

    def __init__(self, monkeypatch, *, root: bool, tools: set[str], fails: tuple[str, ...] = ()):
        self.commands: list[list[str]] = []
        self.installed: Path | None = None
        self.fails = fails
        monkeypatch.delenv(SKIP_VARIABLE, raising=False)
        monkeypatch.setattr(orthanc_install, "find_orthanc", lambda: self.installed)
        monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)
        monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}" if name in tools else None)

    def run(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        self.commands.append(command)
        failed = any(word in self.fails for word in command)
        if "sh" in command and not failed:
            self.installed = Path("/usr/sbin/Orthanc")
        return subprocess.CompletedProcess(command, int(failed), "", "E: first\nE: last" * failed)


def test_root_installs_the_package(monkeypatch):
    machine = Machine(monkeypatch, root=True, tools={"apt-get"})

    assert find_or_install_orthanc(machine.run) == (Path("/usr/sbin/Orthanc"), "")
    ((shell, *_, first, second),) = machine.commands
    assert shell == "sh"
    assert (first, second) == ("orthanc", "orthanc-dicomweb")


def test_another_user_installs_with_sudo_where_it_asks_nothing(monkeypatch):
    machine = Machine(monkeypatch, root=False, tools={"apt-get", "sudo"})

    program, _ = find_or_install_orthanc(machine.run)

    assert program
    assert machine.commands[0] == ["sudo", "-n", "true"]
    assert machine.commands[1][:3] == ["sudo", "-n", "sh"]


@pytest.mark.parametrize(
    ("machine", "reason"),
    [
        ({"root": True, "tools": set()}, "no apt-get"),
        ({"root": False, "tools": {"apt-get"}}, "may not install"),
        ({"root": False, "tools": {"apt-get", "sudo"}, "fails": ("true",)}, "may not install"),
        ({"root": True, "tools": {"apt-get"}, "fails": ("sh",)}, "E: last"),
    ],
)
def test_what_stands_in_the_way_is_said_in_words(monkeypatch, machine, reason):
    program, told = find_or_install_orthanc(Machine(monkeypatch, **machine).run)

    assert program is None
    assert reason in told
