"""The servers of the project on one machine: Orthanc, Prefect's server, a worker, the gateway.

Each listens on a free loopback port and keeps everything in the stack's folder, so nothing that
runs already, and no profile of the user's, is touched.
"""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx

from deployments.orthanc_install import find_or_install_orthanc
from deployments.orthanc_server import OrthancServer
from deployments.prefect_api import PrefectApi
from deployments.processes import Server, clean_environment, free_port, server_of, start_server
from imaging.files import write_json
from imaging.settings import PROJECT_ROOT

WORK_POOL = "imaging"
GATEWAY_PORT = 8888
_START_TIMEOUT_S = 180.0


class StackError(Exception):
    """A server did not start; the message names its log."""


@dataclass(slots=True)
class Stack:
    """Running servers and where they are.

    Attributes:
        folder: Everything of theirs lies here; `stack.json` in it says what runs.
        keep: Whether they are to live on after the command that started them.
        prefect_api: Address of Prefect's REST API.
        gateway: Address of the gateway, which serves the results.
        archive: The settings by which flows find their archive.
        environment: Further settings of Prefect's.
        why_no_orthanc: Why the archive is a folder of files; "" when it is Orthanc.
    """

    folder: Path
    keep: bool = False
    prefect_api: str = ""
    gateway: str = ""
    archive: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    why_no_orthanc: str = ""
    servers: list[Server] = field(default_factory=list)

    @property
    def data_root(self) -> Path:
        """Where the flows put results, unless the archive's settings say otherwise."""
        return self.folder / "data"

    @property
    def is_running(self) -> bool:
        """Whether all of it still runs."""
        return bool(self.servers) and all(server.is_running for server in self.servers)

    @property
    def ui(self) -> str:
        """Where a person looks."""
        return self.prefect_api.removesuffix("/api")

    def save(self) -> None:
        """Write down what runs, readable by its owner only, as it names a password."""
        path = write_json(self.folder / "stack.json", {**asdict(self), "folder": str(self.folder)})
        path.chmod(0o600)

    @classmethod
    def load(cls, folder: Path) -> "Stack | None":
        """Read what was started in a folder; None where nothing was."""
        path = folder / "stack.json"
        if not path.exists():
            return None
        value = json.loads(path.read_text())
        value["servers"] = [Server(**server) for server in value["servers"]]
        return cls(**{**value, "folder": folder})

    def stop(self) -> list[str]:
        """Stop what still runs, the last started first; return the names."""
        stopped = [server.name for server in reversed(self.servers) if server.stop()]
        (self.folder / "stack.json").unlink(missing_ok=True)
        return stopped


def start_stack(stack: Stack, say: Callable[[str], None], *, own_archive: bool = True) -> Stack:
    """Start Prefect's server and a worker, apply prefect.yaml, and give it an archive.

    On any failure, what was started is stopped again.

    Args:
        stack: Where, and with which settings; filled in as servers start.
        say: Takes a line for the person who waits.
        own_archive: Start a private Orthanc; otherwise `stack.archive` says where it is.

    Raises:
        StackError: A server did not start.
    """
    try:
        # Compiled while the servers start: a worker that takes runs has nothing left to compile.
        warming = subprocess.Popen([sys.executable, "-m", "imaging.rt.warm"], cwd=PROJECT_ROOT)
        _start_prefect(stack)
        if own_archive:
            _start_archive(stack, say)
        _start_gateway(stack)
        _wait_for_prefect(stack)
        warming.wait(_START_TIMEOUT_S)
        _start_worker(stack)
        _deploy(stack)
        _wait_for_gateway(stack)
    except BaseException:
        stack.stop()
        raise
    return stack


def _start_archive(stack: Stack, say: Callable[[str], None]) -> None:
    """Start a private Orthanc, or fall back on a folder of files and say why."""
    program, why = find_or_install_orthanc()
    if program is None:
        say(f"No Orthanc: {why}. The archive is a folder of DICOM files instead.")
        stack.why_no_orthanc = why
        stack.archive = {
            "IMAGING_ORTHANC_URL": "",
            "IMAGING_DICOM_FOLDER": str(stack.folder / "phantoms"),
        }
        return
    orthanc = OrthancServer(stack.folder / "orthanc", program=program)
    orthanc.start(detached=True)
    if orthanc.pid is None:
        msg = "Orthanc has no process"
        raise StackError(msg)
    stack.servers.insert(0, server_of("orthanc", orthanc.pid))
    stack.archive = {
        "IMAGING_ORTHANC_URL": orthanc.url,
        "IMAGING_ORTHANC_USER": orthanc.user,
        "IMAGING_ORTHANC_PASSWORD": orthanc.password,
    }
    stack.save()


def _start_prefect(stack: Stack) -> None:
    """Start Prefect's server on SQLite; it answers some seconds later."""
    port = free_port()
    stack.prefect_api = f"http://127.0.0.1:{port}/api"
    command = ["server", "start", "--host", "127.0.0.1", "--port", str(port)]
    stack.servers.append(_prefect(stack, "prefect-server", command))
    stack.save()


def _start_gateway(stack: Stack) -> None:
    """Start the gateway on the data root; flows that are started later know its address."""
    port = free_port(GATEWAY_PORT)  # the same each time, so that links in artifacts stay right
    words = ["--host", "127.0.0.1", "--port", str(port)]  # of one person, whatever the settings say
    command = [sys.executable, "-m", "imaging.gateway", *words]
    stack.gateway = f"http://127.0.0.1:{port}"
    stack.servers.append(start_server("gateway", command, _environment(stack), stack.folder))
    stack.save()


def _wait_for_gateway(stack: Stack) -> None:
    _wait(stack, "gateway", lambda: _answers(f"{stack.gateway}/health"))


def _answers(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(url).is_success
    return False


def _wait_for_prefect(stack: Stack) -> None:
    api = PrefectApi(stack.prefect_api)
    try:
        _wait(stack, "prefect-server", api.is_healthy)
    finally:
        api.close()


def _start_worker(stack: Stack) -> None:
    """Start a process worker, which makes its work pool."""
    command = ["worker", "start", "--pool", WORK_POOL, "--type", "process", "--name", "imaging"]
    stack.servers.append(_prefect(stack, "prefect-worker", command))
    stack.save()
    api = PrefectApi(stack.prefect_api)
    try:
        _wait(stack, "prefect-worker", lambda: api.has_work_pool(WORK_POOL))
    finally:
        api.close()


def _deploy(stack: Stack) -> None:
    """Apply prefect.yaml, and tell the server of the blocks that name an archive."""
    commands = [
        ["--no-prompt", "deploy", "--all"],
        ["block", "register", "--module", "tasks.connections"],
    ]
    log = stack.folder / "deploy.log"
    with log.open("wb") as output:
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "prefect", *words],
                env=_environment(stack),
                cwd=PROJECT_ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            for words in commands
        ]
        codes = [process.wait() for process in running]
    if any(codes):
        msg = f"prefect.yaml could not be applied; see {log}"
        raise StackError(msg)


def _prefect(stack: Stack, name: str, words: list[str]) -> Server:
    command = [sys.executable, "-m", "prefect", *words]
    return start_server(name, command, _environment(stack), stack.folder)


def _environment(stack: Stack) -> dict[str, str]:
    return clean_environment(
        PREFECT_HOME=str(stack.folder / "prefect"),
        PREFECT_API_URL=stack.prefect_api,
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        PREFECT_WORKER_QUERY_SECONDS="2",
        IMAGING_GATEWAY_URL=stack.gateway,
        **{"IMAGING_DATA_ROOT": str(stack.data_root), **stack.archive, **stack.environment},
    )


def _wait(stack: Stack, name: str, is_ready: Callable[[], bool]) -> None:
    """Wait for a server of ours; one that has ended will never be ready."""
    server = next(server for server in stack.servers if server.name == name)
    deadline = time.monotonic() + _START_TIMEOUT_S
    while server.is_running and time.monotonic() < deadline:
        if is_ready():
            return
        time.sleep(0.1)
    msg = f"{name} did not start; see {stack.folder / f'{name}.log'}"
    raise StackError(msg)
