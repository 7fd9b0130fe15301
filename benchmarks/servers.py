"""Orthanc servers filled with synthetic patients, and what a server itself says of its work."""

import gzip
import http.client
import json
import re
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import psutil

from deployments.orthanc_server import OrthancServer
from imaging.orthanc import OrthancArchive
from imaging.phantoms import PhantomPatient, PhantomSize

_REQUEST = re.compile(rb"\(http\) (?:GET|POST|PUT|DELETE) ")


class Reachable(Protocol):
    """An Orthanc, or what stands before one."""

    @property
    def url(self) -> str:
        """Its address."""
        ...

    @property
    def user(self) -> str:
        """Its user; empty when it asks for none."""
        ...

    @property
    def password(self) -> str:
        """That user's password."""
        ...


@dataclass(frozen=True, slots=True)
class Address:
    """Where an Orthanc is that somebody else started."""

    url: str
    user: str = ""
    password: str = ""


@contextmanager
def running(folder: Path, *, plugins: bool = True, **config: Any) -> Iterator[OrthancServer]:
    """Run an Orthanc in ``folder``; with it ends its storage.

    Debian's package leaves HTTP compression at Orthanc's default, and so does this server, unless
    ``config`` says otherwise.
    """
    server = OrthancServer(folder, plugins=plugins, **config)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def fill(
    servers: Sequence[OrthancServer], patients: Iterable[PhantomPatient], folder: Path
) -> None:
    """Store the same patients in each server, one patient at a time on disk."""
    with ExitStack() as stack:
        archives = [stack.enter_context(open_archive(server)) for server in servers]
        for patient in patients:
            paths = patient.write(folder / "patient")
            for archive in archives:
                archive.upload(paths)
            shutil.rmtree(folder / "patient")


def patients_of(size: PhantomSize, number: int) -> Iterator[PhantomPatient]:
    """Draw ``number`` patients of one size, SUB001, SUB002 and so on; always the same."""
    for n in range(1, number + 1):
        yield PhantomPatient.synthetic(n, patient_id=f"SUB{n:03d}", size=size)


def open_archive(server: Reachable, *, known: bool = False) -> "closing[OrthancArchive]":
    """Open a server as the flows do; ``known`` says that it was reached before."""
    return closing(OrthancArchive(server.url, server.user, server.password, known=known))


def orthanc_settings(server: OrthancServer) -> dict[str, str]:
    """Return the environment that makes a server the default archive of a process."""
    return {
        "IMAGING_ORTHANC_URL": server.url,
        "IMAGING_ORTHANC_USER": server.user,
        "IMAGING_ORTHANC_PASSWORD": server.password,
    }


def pid_of(server: OrthancServer) -> int:
    """Return the process id of a server that runs."""
    assert server.pid is not None  # noqa: S101 - for the type checker
    return server.pid


def headers_of(server: Reachable, encoding: str = "identity") -> dict[str, str]:
    """Return the headers every request needs, and the one that says what may be compressed."""
    token = b64encode(f"{server.user}:{server.password}".encode()).decode()
    return {"Authorization": f"Basic {token}", "Accept-Encoding": encoding}


def ask(server: OrthancServer, path: str, *, put: str | None = None) -> tuple[bytes, str]:
    """GET ``path``, or PUT a text there; return the body and its Content-Encoding."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    with closing(connection):
        method = "GET" if put is None else "PUT"
        connection.request(method, path, put, headers_of(server, "gzip"))
        response = connection.getresponse()
        body, encoding = response.read(), response.getheader("Content-Encoding", "identity")
    return (gzip.decompress(body) if encoding == "gzip" else body), encoding


def ask_json(server: OrthancServer, path: str) -> Any:
    """GET ``path`` and read its JSON."""
    return json.loads(ask(server, path)[0])


def count_requests(server: OrthancServer, work: Callable[[], object]) -> int:
    """Do the work, and return how many HTTP requests the server wrote into its log meanwhile."""
    log = server.folder / "orthanc.log"
    ask(server, "/tools/log-level", put="verbose")
    start = log.stat().st_size
    try:
        work()
    finally:
        ask(server, "/tools/log-level", put="default")
    with log.open("rb") as file:
        file.seek(start)
        return len(_REQUEST.findall(file.read())) - 1  # the last one ended the counting


def describe_machine(server: OrthancServer) -> str:
    """Say on what the figures were got: cores, Orthanc, and whether it compresses DICOM files."""
    version = ask_json(server, "/system")["Version"]
    instance = ask_json(server, "/instances?limit=1&since=0")[0]
    _, encoding = ask(server, f"/instances/{instance}/file")
    does = "are compressed" if encoding == "gzip" else "are not compressed"
    cores = psutil.cpu_count()
    return f"{cores} cores, Orthanc {version}; DICOM files {does} for clients that accept gzip"
