"""Extracts the default archive as a Prefect flow and as plain functions, in turns.

A program of its own, `python -m benchmarks.flow_process ROUNDS`, since Prefect reads its settings
when it is imported. It starts a Prefect server with a database of its own, and prints the costs as
JSON.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import astuple
from functools import partial
from pathlib import Path

import psutil
from prefect import flow, task
from prefect.testing.utilities import prefect_test_harness

from benchmarks.measure import Method, compare
from benchmarks.overhead import EMPTY, FLOW, PLAIN
from flows.extract_cohort import extract_cohort
from imaging.cohort import (
    CohortFolder,
    CohortSpecification,
    Extraction,
    Outputs,
    PatientSelection,
    choose,
    decide_batch,
    publish,
    retrieve_patient,
)
from imaging.orthanc import OrthancArchive
from imaging.settings import project_key, settings

# The cost of Prefect is measured against fetching alone: what is written would hide it.
FILES_ONLY = CohortSpecification(
    outputs=Outputs(
        image=False, masks=False, label_map=False, dose=False, pictures=False, dvh=False
    )
)
_THREADS = 4  # as the flow has
_REST_S = 20.0
_QUIET = 0.1  # of a core, what an idle Prefect server takes


def main() -> None:
    """Measure, and print the costs by method."""
    cohorts = settings().data_root / "cohorts"
    cohorts.mkdir(parents=True)
    methods = [
        Method(FLOW, lambda folder: extract_cohort(folder.name, specification=FILES_ONLY)),
        Method(PLAIN, _plainly),
        Method(EMPTY, lambda _: _empty()),
    ]
    with prefect_test_harness(server_startup_timeout=240):
        rounds = compare(methods, cohorts, int(sys.argv[1]), settle=_let_servers_rest)
    costs = {name: [astuple(cost) for cost in own] for name, own in rounds.costs.items()}
    print(json.dumps(costs))


@task
def _nothing() -> None:
    """Cost a task run."""


@flow
def _empty() -> None:
    """Cost a flow run."""
    _nothing.submit().wait()


def _plainly(folder: Path) -> None:
    """Do what the flow does, with one archive for all threads, as a script would."""
    place = settings()
    run = Extraction(CohortFolder(folder), FILES_ONLY, folder.name, project_key(place))
    password = place.orthanc_password.get_secret_value()
    archive = OrthancArchive(str(place.orthanc_url), place.orthanc_user, password)
    with closing(archive), ThreadPoolExecutor(_THREADS) as pool:
        batches = choose(archive, PatientSelection(), place.data_root)
        for batch in batches:
            notes = decide_batch(archive, batch, run)
            list(pool.map(partial(retrieve_patient, archive, cohort=run.cohort), notes))
        summary = publish([id_ for batch in batches for id_ in batch], run)
    summary.check(0)


def _let_servers_rest() -> None:
    """Wait until Prefect's server has recorded what it was told: it does so long afterwards."""
    servers = psutil.Process().children(recursive=True)
    deadline = time.monotonic() + _REST_S
    while time.monotonic() < deadline:
        before = _cpu_s(servers)
        time.sleep(0.5)
        if _cpu_s(servers) - before < 0.5 * _QUIET:
            return


def _cpu_s(processes: list[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes if process.is_running()]
    return sum(spent.user + spent.system for spent in times)


if __name__ == "__main__":
    main()
