"""Servers that outlive the command that started them, stopped by pid and by nothing else."""

import atexit
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psutil

_GRACE_S = 20.0
_NEVER_GIVEN = range(20_000, 32_768)  # by Linux, to who asks for any port that is free
_DRAWS = 100

_left_running: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class Server:
    """A process we started.

    Attributes:
        name: What it is, in words.
        pid: Its process id.
        created: When it was created, by the kernel's clock: a pid is used again, a pair is not.
    """

    name: str
    pid: int
    created: float

    @property
    def is_running(self) -> bool:
        """Whether this very process still runs."""
        return self._process() is not None

    def listens_on(self, port: int) -> bool:
        """Whether this very process, and not another's, takes connections at a port."""
        process = self._process()
        with contextlib.suppress(psutil.Error):
            sockets = process.net_connections("tcp") if process else []
            return any(
                socket.status == psutil.CONN_LISTEN and socket.laddr.port == port
                for socket in sockets
            )
        return False

    def stop(self) -> bool:
        """End it and the processes it started, first by request, then by force.

        Returns:
            Whether it was there to be stopped.
        """
        process = self._process()
        if process is None:
            return False
        family = [process]
        with contextlib.suppress(psutil.NoSuchProcess):
            family += process.children(recursive=True)
            process.terminate()
        _, left = psutil.wait_procs([process], timeout=_GRACE_S)
        survivors = [member for member in {*family, *left} if member.is_running()]
        for member in survivors:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        psutil.wait_procs(survivors, timeout=_GRACE_S)
        return True

    def _process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < 1.0
            alive = process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same and alive else None


def start_server(
    name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> Server:
    """Start a process in a session of its own, its output in `<folder>/<name>.log`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    let_go(process)
    return server_of(name, process.pid)


def end_on_signals() -> None:
    """Turn SIGTERM and SIGHUP into an exit that stops what was started, as Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))


def let_go(process: subprocess.Popen[bytes]) -> None:
    """Leave a process running when its object is forgotten; Python would warn of that."""
    if not _left_running:
        atexit.register(lambda: [process.poll() for process in _left_running])
    _left_running.append(process)


def server_of(name: str, pid: int) -> Server:
    """Describe a process that runs now."""
    return Server(name, pid, psutil.Process(pid).create_time())


def free_port(wanted: int = 0) -> int:
    """Return a loopback port that nothing listens on now: the one that is wanted, if it is free.

    Raises:
        OSError: None is free.
    """
    return wanted if wanted and _is_free(wanted) else free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return some loopback ports that nothing listens on now, each another.

    They are none that the system gives to another program in the meantime: Prefect's server listens
    only seconds after its port was chosen.

    Raises:
        OSError: There are not so many.
    """
    drawn = secrets.SystemRandom().sample(_NEVER_GIVEN, _DRAWS)
    free = list(islice(filter(_is_free, drawn), count))
    if len(free) < count:
        msg = f"fewer than {count} of {_DRAWS} ports are free"
        raise OSError(msg)
    return free


def _is_free(port: int) -> bool:
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # not what is closing still
        probe.bind(("127.0.0.1", port))
        return True
    return False


def clean_environment(**settings: str) -> dict[str, str]:
    """Return this process's environment without what would lead a server elsewhere, plus settings.

    A PREFECT_API_URL of the user's would make our worker work for another server.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "IMAGING_"))}
    return {**kept, **settings}
