"""What is there, and which objects belong together: against asking for every instance."""

import http.client
import json
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.measure import Method, compare
from benchmarks.peers import Asking, KeptConnections, NewClients, NewConnections, tags_of_everything
from benchmarks.report import (
    at_least,
    at_most,
    show_costs,
    show_figure,
    show_ratio,
    show_ratio_headings,
    show_title,
)
from benchmarks.servers import count_requests, headers_of, open_archive, pid_of
from deployments.orthanc_server import OrthancServer
from imaging.cohort import CohortSpecification, decide
from imaging.dicom import PatientRow

_OURS = "this project: listing and links"
_PDCP = "a request an instance as PDCP has it, 30 threads"
_LEAN = "a request an instance, 30 threads, http.client"
_KEPT = "a request an instance, 8 kept connections, http.client"
_FLOOR = "the three queries of the listing alone"
_ROUNDS = 5
_IMAGES = {"CT", "MR", "PT"}


def summaries(server: OrthancServer, folder: Path) -> None:
    """Measure, and print."""
    work: dict[str, Callable[[], object]] = {
        _OURS: partial(_decide_all, server),
        _PDCP: partial(_ask_each, server, 30, NewClients),
        _LEAN: partial(_ask_each, server, 30, NewConnections),
        _KEPT: partial(_ask_each, server, 8, KeptConnections),
        _FLOOR: partial(_three_queries, server),
    }
    pids = (pid_of(server),)
    methods = [Method(name, partial(_without_folder, run), pids) for name, run in work.items()]
    rounds = compare(methods, folder, _ROUNDS)
    requests = {name: count_requests(server, run) for name, run in work.items()}

    patients = _decide_all(server)
    instances = sum(len(row.instances) for patient in patients for row in patient.series)
    show_title(f"summaries: {len(patients)} patients, {instances} instances, {_ROUNDS} rounds")
    show_costs(rounds, {name: [str(count)] for name, count in requests.items()}, ["requests"])
    show_ratio_headings()
    show_ratio("PDCP's way / this project", rounds.ratio(_PDCP, _OURS), at_least(10))
    show_ratio("the same by http.client / this project", rounds.ratio(_LEAN, _OURS))
    show_ratio("kept connections / this project", rounds.ratio(_KEPT, _OURS))
    show_ratio("this project / its three queries", rounds.ratio(_OURS, _FLOOR), at_most(2))
    goal = at_most(_fewest_requests(patients))
    show_figure("requests of this project", str(requests[_OURS]), goal.verdict(requests[_OURS]))


def _without_folder(run: Callable[[], object], _: Path) -> None:
    run()


def _decide_all(server: OrthancServer) -> list[PatientRow]:
    with open_archive(server) as archive:
        patients = list(archive.patients(archive.patient_ids()))
    for patient in patients:
        decide(patient, CohortSpecification())
    return patients


def _ask_each(server: OrthancServer, threads: int, kind: Callable[[OrthancServer], Asking]) -> None:
    with closing(kind(server)) as ask:
        tags_of_everything(ask, threads)


def _three_queries(server: OrthancServer) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    with closing(connection):
        for level in ("Study", "Series", "Instance"):
            content = json.dumps({"Level": level, "Query": {}, "Expand": True})
            connection.request("POST", "/tools/find", content, headers_of(server))
            json.loads(connection.getresponse().read())


def _fewest_requests(patients: list[PatientRow]) -> int:
    """Three queries, one for each RT object, and one for each series of images."""
    series = [row for patient in patients for row in patient.series]
    return 3 + sum(1 if row.modality in _IMAGES else len(row.instances) for row in series)
