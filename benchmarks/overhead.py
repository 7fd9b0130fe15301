"""What Prefect adds: a cohort extracted by the flow, against the same steps as plain functions."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.flow_process import EMPTY, FLOW, PLAIN
from benchmarks.measure import Cost, Rounds
from benchmarks.report import (
    at_most,
    show_costs,
    show_figure,
    show_ratio,
    show_ratio_headings,
    show_title,
)
from benchmarks.servers import fill, open_archive, orthanc_settings, patients_of, running
from deployments.orthanc_server import OrthancServer
from deployments.processes import clean_environment
from imaging.phantoms import PhantomSize

_PATIENTS = 50
_ROUNDS = 5
_GOAL = at_most(1.3)
_SIZES = {"tiny": PhantomSize.tiny(), "default": PhantomSize()}


def overhead(folder: Path) -> None:
    """Measure with each size of patient, and print."""
    for name, size in _SIZES.items():
        with running(folder / f"orthanc-{name}") as server:
            fill([server], patients_of(size, _PATIENTS), folder)
            _show(_measure(server, folder), _megabytes(server))


def _measure(server: OrthancServer, folder: Path) -> Rounds:
    """Run both ways in a process with a Prefect server of its own."""
    with TemporaryDirectory(dir=folder) as place, (folder / "prefect.log").open("ab") as log:
        environment = clean_environment(
            **orthanc_settings(server),
            IMAGING_DATA_ROOT=f"{place}/data",
            PREFECT_HOME=f"{place}/prefect",
        )
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.flow_process", str(_ROUNDS)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            check=True,
        )
    costs = json.loads(told.stdout.splitlines()[-1])
    return Rounds({name: [Cost(*cost) for cost in own] for name, own in costs.items()})


def _megabytes(server: OrthancServer) -> float:
    """Return how much the first patient has."""
    with open_archive(server) as archive:
        (patient,) = archive.patients(archive.patient_ids()[:1])
    return sum(row.size for series in patient.series for row in series.instances) / 1e6


def _show(rounds: Rounds, patient_mb: float) -> None:
    flow, plain, empty = (rounds.best(name) for name in (FLOW, PLAIN, EMPTY))
    each = (flow.wall_s - empty.wall_s - plain.wall_s) / _PATIENTS
    show_title(f"prefect: {_PATIENTS} patients of {patient_mb:.1f} MB, {_ROUNDS} rounds")
    show_costs(rounds, {}, [])
    show_ratio_headings()
    show_ratio("flow / plain functions", rounds.ratio(FLOW, PLAIN), _GOAL)
    show_figure("of the difference, a run of any flow, s", f"{empty.wall_s:.2f}")
    show_figure("of the difference, each patient, ms", f"{1000 * each:.1f}")
