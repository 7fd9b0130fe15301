"""Patients from far away: what round trips cost, against a request for each instance in turn."""

import json
import statistics
import time
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.delay import delayed
from benchmarks.files import fetch_at_once
from benchmarks.measure import Method, compare
from benchmarks.peers import KeptConnections, all_series
from benchmarks.report import (
    at_least,
    show_costs,
    show_figure,
    show_ratio,
    show_ratio_headings,
    show_title,
)
from benchmarks.servers import (
    Address,
    Reachable,
    count_requests,
    fill,
    open_archive,
    patients_of,
    pid_of,
    running,
)
from deployments.orthanc_server import OrthancServer
from imaging.phantoms import PhantomSize

_OURS = "this project: listing and files"
_SERIAL = "a request an instance, one connection"
_PATIENTS = 2
_EACH_WAY_MS = 10.0
_ROUNDS = 5


def latency(folder: Path) -> None:
    """Measure, and print."""
    with running(folder / "far-away") as server:
        fill([server], patients_of(PhantomSize.clinical(), _PATIENTS), folder)
        port = urlsplit(server.url).port
        assert port is not None  # noqa: S101 - for the type checker
        with delayed(port, _EACH_WAY_MS) as begins:
            url = f"http://127.0.0.1:{begins}"
            _compare(server, Address(url, server.user, server.password), folder)


def _compare(server: OrthancServer, far: Reachable, folder: Path) -> None:
    work = {_OURS: _fetch, _SERIAL: _fetch_serially}
    pids = (pid_of(server),)
    methods = [Method(name, partial(run, far), pids) for name, run in work.items()]
    rounds = compare(methods, folder, _ROUNDS)
    requests = {
        name: [str(count_requests(server, partial(run, server, folder / name)))]
        for name, run in work.items()
    }
    show_title(f"latency: {_PATIENTS} patients, {2 * _EACH_WAY_MS:g} ms away, {_ROUNDS} rounds")
    show_costs(rounds, requests, ["requests"])
    show_figure("a round trip as measured, ms", f"{_round_trip_ms(far):.1f}")
    show_ratio_headings()
    show_ratio("request after request / ours", rounds.ratio(_SERIAL, _OURS), at_least(6))


def _fetch(server: Reachable, folder: Path) -> None:
    with open_archive(server) as archive:
        patients = list(archive.patients(archive.patient_ids()))
    fetch_at_once(server, patients, folder)


def _fetch_serially(server: Reachable, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with closing(KeptConnections(server)) as ask:

        def all_of(paths: Iterable[str]) -> list[Any]:
            return [json.loads(ask(path)) for path in paths]

        for series in all_series(all_of):
            for instance in series["Instances"]:
                (folder / f"{instance}.dcm").write_bytes(ask(f"/instances/{instance}/file"))


def _round_trip_ms(server: Reachable) -> float:
    """Time small answers over one connection, the first of which opens it."""
    times_s = []
    with closing(KeptConnections(server)) as ask:
        for _ in range(10):
            start = time.perf_counter()
            ask("/system")
            times_s.append(time.perf_counter() - start)
    return 1000 * statistics.median(times_s)
