"""Asks Orthanc as most programs do, with a request for every single instance.

This is the method of PDCP (AustralianCancerDataNetwork/PDCP): patients, studies and series one by
one, then the simplified tags of each instance, from 30 threads, each request over a TCP connection
of its own, as `requests.get` makes it. It is written anew, and leaner than the original: with
http.client, without data frames, without a second look at the patients.
"""

import gzip
import http.client
import json
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from benchmarks.servers import headers_of
from deployments.orthanc_server import OrthancServer

Ask = Callable[[str], bytes]


class NewConnections:
    """A connection for each request, and compressed answers, as `requests.get` has them."""

    def __init__(self, server: OrthancServer) -> None:
        self._place = urlsplit(server.url).netloc
        self._headers = headers_of(server, "gzip, deflate")

    def __call__(self, path: str) -> bytes:
        with closing(http.client.HTTPConnection(self._place, timeout=60)) as connection:
            return _get(connection, path, self._headers)

    def close(self) -> None:
        """Nothing is left open."""


class KeptConnections:
    """A connection for each thread, kept open, and answers as they are."""

    def __init__(self, server: OrthancServer) -> None:
        self._place = urlsplit(server.url).netloc
        self._headers = headers_of(server)
        self._local = threading.local()
        self._open: list[http.client.HTTPConnection] = []

    def __call__(self, path: str) -> bytes:
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection(self._place, timeout=60)
            self._open.append(self._local.connection)
        return _get(self._local.connection, path, self._headers)

    def close(self) -> None:
        """Close all connections."""
        for connection in self._open:
            connection.close()


def tags_of_everything(ask: Ask, threads: int) -> list[dict[str, Any]]:
    """Return the simplified tags of every instance, one request each."""
    with ThreadPoolExecutor(threads) as pool:

        def all_of(paths: Iterable[str]) -> list[Any]:
            return [json.loads(body) for body in pool.map(ask, paths)]

        (patient_ids,) = all_of(["/patients"])
        patients = all_of(f"/patients/{id_}" for id_ in patient_ids)
        studies = all_of(f"/studies/{id_}" for row in patients for id_ in row["Studies"])
        series = all_of(f"/series/{id_}" for row in studies for id_ in row["Series"])
        return all_of(
            f"/instances/{id_}/simplified-tags" for row in series for id_ in row["Instances"]
        )


def _get(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> bytes:
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    if response.status != http.client.OK:
        msg = f"{path}: {response.status}"
        raise OSError(msg)
    return gzip.decompress(body) if response.getheader("Content-Encoding") == "gzip" else body
