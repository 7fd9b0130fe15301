"""Asks Orthanc as most programs do, with a request for every single instance.

This is the method of PDCP (AustralianCancerDataNetwork/PDCP): patients, studies and series one by
one, then the simplified tags of each instance, from 30 threads, each with a `requests.get` of its
own: a new client, a new TCP connection, a compressed answer. It is written anew, without data
frames, errors or a second look at the patients. `httpx.get` stands for `requests.get`: the two cost
the same within a tenth.
"""

import http.client
import json
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from benchmarks.servers import Reachable, headers_of


class Asking(Protocol):
    """Gets what is at a path, from any thread."""

    def __call__(self, path: str) -> bytes:
        """Return the body."""
        ...

    def close(self) -> None:
        """Give up connections."""
        ...


class NewClients:
    """Everything anew for each request, and compressed answers: what `httpx.get` does unasked."""

    def __init__(self, server: Reachable) -> None:
        self._url = server.url
        self._auth = (server.user, server.password)

    def __call__(self, path: str) -> bytes:
        """Get by a client that lives for this request."""
        url = self._url + path
        answer = httpx.get(url, auth=self._auth, verify=False, timeout=60)  # noqa: S501 - as PDCP
        return answer.raise_for_status().content

    def close(self) -> None:
        """Nothing is left open."""


class NewConnections:
    """A connection for each request, by the leanest client there is."""

    def __init__(self, server: Reachable) -> None:
        self._place = urlsplit(server.url).netloc
        self._headers = headers_of(server)

    def __call__(self, path: str) -> bytes:
        """Get over a connection that lives for this request."""
        with closing(http.client.HTTPConnection(self._place, timeout=60)) as connection:
            return _get(connection, path, self._headers)

    def close(self) -> None:
        """Nothing is left open."""


class KeptConnections:
    """A connection for each thread, kept open, and answers as they are."""

    def __init__(self, server: Reachable) -> None:
        self._place = urlsplit(server.url).netloc
        self._headers = headers_of(server)
        self._local = threading.local()
        self._open: list[http.client.HTTPConnection] = []

    def __call__(self, path: str) -> bytes:
        """Get over the thread's own connection."""
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection(self._place, timeout=60)
            self._open.append(self._local.connection)
        return _get(self._local.connection, path, self._headers)

    def close(self) -> None:
        """Close all connections."""
        for connection in self._open:
            connection.close()


def tags_of_everything(ask: Asking, threads: int) -> list[dict[str, Any]]:
    """Return the simplified tags of every instance, one request each."""
    with ThreadPoolExecutor(threads) as pool:

        def all_of(paths: Iterable[str]) -> list[Any]:
            return [json.loads(body) for body in pool.map(ask, paths)]

        series = all_series(all_of)
        return all_of(
            f"/instances/{id_}/simplified-tags" for row in series for id_ in row["Instances"]
        )


def all_series(all_of: Callable[[Iterable[str]], list[Any]]) -> list[dict[str, Any]]:
    """Walk from the patients down to every series; ``all_of`` reads the JSON of some paths."""
    (patient_ids,) = all_of(["/patients"])
    patients = all_of(f"/patients/{id_}" for id_ in patient_ids)
    studies = all_of(f"/studies/{id_}" for row in patients for id_ in row["Studies"])
    return all_of(f"/series/{id_}" for row in studies for id_ in row["Series"])


def _get(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> bytes:
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    if response.status != http.client.OK:
        msg = f"{path}: {response.status}"
        raise OSError(msg)
    return body
