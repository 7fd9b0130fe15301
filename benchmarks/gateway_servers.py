"""Servers of files to compare: the gateway in a process of its own, and nginx if it is there."""

import http.client
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from deployments.processes import free_port

_STARTUP_S = 60
_BUFFER = bytearray(1 << 20)
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")
_NGINX = """
daemon off; worker_processes 1; pid {place}/pid; error_log {place}/errors; {user}
events {{ worker_connections 64; }}
http {{
  access_log off; sendfile on;
  client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c;
  uwsgi_temp_path {place}/d; scgi_temp_path {place}/e;
  server {{ listen 127.0.0.1:{port}; location /files/ {{ alias {root}/; }} }}
}}
"""


@dataclass(frozen=True, slots=True)
class FileServer:
    """A server of one folder, under ``/files/``.

    Attributes:
        port: On loopback.
        pids: Its processes, whose CPU time counts.
    """

    port: int
    pids: tuple[int, ...]

    def first_byte_s(self, target: str) -> float:
        """Ask, and return how long the first byte of the content takes; the rest is not read."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        start = time.perf_counter()
        connection.request("GET", target)
        answer = connection.getresponse()
        answer.read(1)
        taken = time.perf_counter() - start
        connection.close()
        if answer.status != http.HTTPStatus.OK:
            msg = f"the server answered {answer.status}"
            raise RuntimeError(msg)
        return taken

    def receive(self, target: str, start: int, size: int) -> None:
        """Take a range of a file, and throw it away."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request("GET", target, headers={"Range": f"bytes={start}-{start + size - 1}"})
        answer = connection.getresponse()
        taken = sum(iter(lambda: answer.readinto(_BUFFER), 0))
        connection.close()
        if taken != size:
            msg = f"{taken} bytes came, and {size} were asked for"
            raise RuntimeError(msg)


@contextmanager
def gateway(root: Path) -> Iterator[FileServer]:
    """Run the gateway as a person does, for the block."""
    command = [sys.executable, "-m", "imaging.gateway", "--port", "0", "--data-root", str(root)]
    log = root.with_name("gateway.log")
    with log.open("w") as output:
        process = subprocess.Popen(command, stderr=output)
    try:
        _wait(lambda: _ADDRESS.search(log.read_text()) is not None, process)
        found = _ADDRESS.search(log.read_text())
        yield FileServer(int(found[1]) if found else 0, (process.pid,))
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def nginx(root: Path) -> Iterator[FileServer | None]:
    """Run nginx for the block; None where it is not installed (``apt-get install nginx-light``)."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/opt/homebrew/bin")
    if program is None:
        yield None
        return
    place = root.with_name("nginx")
    place.mkdir()
    port = free_port()
    user = "user root;" if psutil.Process().username() == "root" else ""
    configuration = place / "conf"
    configuration.write_text(_NGINX.format(place=place, root=root, port=port, user=user))
    process = subprocess.Popen([program, "-p", str(place), "-c", str(configuration)])
    try:
        _wait(lambda: _answers(port), process)
        workers = psutil.Process(process.pid).children()
        yield FileServer(port, (process.pid, *(worker.pid for worker in workers)))
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _wait(is_ready: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _STARTUP_S
    while not is_ready():
        if process.poll() is not None or time.monotonic() > until:
            msg = "a server did not start"
            raise RuntimeError(msg)
        time.sleep(0.05)
