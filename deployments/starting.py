"""Start the servers of the project: Orthanc, Prefect's server, a worker, the gateway.

Each listens on a free loopback port and keeps everything in the stack's folder, so nothing that
runs already, and no profile of the user's, is touched.
"""

import subprocess
import sys
import time
from collections.abc import Callable

import httpx

from deployments.orthanc_install import find_or_install_orthanc
from deployments.orthanc_server import OrthancServer
from deployments.prefect_api import PrefectApi
from deployments.processes import free_port, server_of, start_server
from deployments.stack import Stack, StackError
from deployments.vendor import SIMULATED_S, start_vendor
from imaging.settings import PROJECT_ROOT

WORK_POOL = "imaging"
GATEWAY_PORT = 8888
_START_TIMEOUT_S = 180.0


def start_stack(
    stack: Stack,
    say: Callable[[str], None],
    *,
    own_archive: bool = True,
    vendor_s: float = SIMULATED_S,
) -> Stack:
    """Start Prefect's server, the gateway and a worker, apply prefect.yaml, and give it an archive.

    On any failure, what was started is stopped again.

    Args:
        stack: Where, and with which settings; filled in as servers start.
        say: Takes a line for the person who waits.
        own_archive: Start a private Orthanc, and a simulator in place of the vendor of fusions;
            otherwise the settings say where they are.
        vendor_s: How long the simulator takes for a fusion.

    Raises:
        StackError: A server did not start.
    """
    try:
        # Compiled while the servers start: a worker that takes runs has nothing left to compile.
        warming = subprocess.Popen([sys.executable, "-m", "imaging.rt.warm"], cwd=PROJECT_ROOT)
        _start_prefect(stack)
        if own_archive:
            _start_archive(stack, say)
        start_gateway(stack)
        if own_archive:
            _start_vendor(stack, vendor_s)
        _wait_for_prefect(stack)
        warming.wait(_START_TIMEOUT_S)
        _start_worker(stack)
        _deploy(stack)
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
    stack.prefect_api = f"http://127.0.0.1:{free_port()}/api"
    start_prefect(stack, "prefect-server")


def start_gateway(stack: Stack) -> None:
    """Start the gateway on the data root; flows that are started later know its address.

    Raises:
        StackError: It did not start.
    """
    port = free_port(GATEWAY_PORT)  # the same each time, so that links in artifacts stay right
    try:
        _start_gateway_at(stack, port)
    except StackError:
        if free_port(port) == port:
            raise
        # Another stack that starts at the same moment found the port free too, and was faster.
        _start_gateway_at(stack, free_port())


def _start_gateway_at(stack: Stack, port: int) -> None:
    words = ["--host", "127.0.0.1", "--port", str(port)]  # of one person, whatever the settings say
    command = [sys.executable, "-m", "deployments.gateway", *words]
    stack.gateway = f"http://127.0.0.1:{port}"
    server = start_server("gateway", command, stack.variables, stack.folder)
    stack.servers = [*(other for other in stack.servers if other.name != "gateway"), server]
    stack.save()
    _wait(stack, "gateway", lambda: server.listens_on(port))


def _start_vendor(stack: Stack, seconds: float) -> None:
    """Start a simulator of the vendor; runs that are started later have their account there."""
    server, account = start_vendor(stack.folder, stack.gateway, seconds)
    stack.servers.append(server)
    stack.vendor = account["IMAGING_FUSION_URL"]
    stack.environment = {**stack.environment, **account}
    stack.save()


def _wait_for_prefect(stack: Stack) -> None:
    api = PrefectApi(stack.prefect_api)
    try:
        _wait(stack, "prefect-server", api.is_healthy)
    finally:
        api.close()


def _start_worker(stack: Stack) -> None:
    """Start a process worker, which makes its work pool."""
    start_prefect(stack, "prefect-worker")
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
                env=stack.variables,
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


def start_prefect(stack: Stack, name: str) -> None:
    """Start Prefect's server or worker, for the first time or again, at the stack's address."""
    port = str(httpx.URL(stack.prefect_api).port)
    words = {
        "prefect-server": ["server", "start", "--host", "127.0.0.1", "--port", port],
        "prefect-worker": ["worker", "start", "--pool", WORK_POOL, "--type", "process"],
    }
    command = [sys.executable, "-m", "prefect", *words[name]]
    server = start_server(name, command, stack.variables, stack.folder)
    stack.servers = [*(other for other in stack.servers if other.name != name), server]
    stack.save()


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
