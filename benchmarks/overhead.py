"""What Prefect adds: a cohort extracted by the flow, against the same steps as plain functions."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Cost, Rounds
from benchmarks.report import (
    at_most,
    show_costs,
    show_figure,
    show_ratio,
    show_ratio_headings,
    show_title,
)
from benchmarks.servers import (
    describe_machine,
    fill,
    open_archive,
    orthanc_settings,
    patients_of,
    running,
)
from deployments.orthanc_server import OrthancServer
from deployments.processes import clean_environment
from imaging.phantoms import PhantomSize

FLOW = "the flow extract-cohort"
PLAIN = "the same as plain functions"
EMPTY = "a flow of one task that does nothing"
_PATIENTS = 50
_LIMIT = 1.3
_ROUNDS_OF = {PhantomSize.tiny(): 5, PhantomSize(): 3}


def overhead(folder: Path) -> None:
    """Measure with each size of patient, and print."""
    for size, rounds in _ROUNDS_OF.items():
        with running(folder / "orthanc-of-flows") as server:
            fill([server], patients_of(size, _PATIENTS), folder)
            print(f"\n{describe_machine(server)}")
            _show(_measure(server, rounds, folder), _megabytes(server))


def _measure(server: OrthancServer, rounds: int, folder: Path) -> Rounds:
    """Run both ways in a process with a Prefect server of its own."""
    command = [sys.executable, "-m", "benchmarks.flow_process", str(rounds)]
    with TemporaryDirectory(dir=folder) as place:
        environment = clean_environment(
            **orthanc_settings(server),
            IMAGING_DATA_ROOT=f"{place}/data",
            PREFECT_HOME=f"{place}/prefect",
        )
        told = subprocess.run(command, env=environment, capture_output=True, check=False)
    if told.returncode:
        raise RuntimeError(told.stderr.decode()[-2000:])
    costs = json.loads(told.stdout.splitlines()[-1])
    return Rounds({name: [Cost(*cost) for cost in own] for name, own in costs.items()})


def _megabytes(server: OrthancServer) -> float:
    """Return how much the first patient has."""
    with open_archive(server) as archive:
        (patient,) = archive.patients(archive.patient_ids()[:1])
    return sum(row.size for series in patient.series for row in series.instances) / 1e6


def _show(rounds: Rounds, patient_mb: float) -> None:
    number = len(rounds.costs[FLOW])
    what = f"{_PATIENTS} patients of {patient_mb:.1f} MB"
    show_title(f"prefect: {what}, {number} rounds, CPU without servers")
    show_costs(rounds, {}, [])
    show_ratio_headings()
    show_ratio("flow / plain functions", rounds.ratio(FLOW, PLAIN), at_most(_LIMIT))
    flow_s, plain_s, empty_s = (rounds.best(name).wall_s for name in (FLOW, PLAIN, EMPTY))
    each_ms = 1000 / _PATIENTS
    show_figure("of the difference, at most: for any flow, s", f"{empty_s:.2f}")
    least_ms = max(0.0, flow_s - plain_s - empty_s) * each_ms
    show_figure("of the difference, at least: for a patient, ms", f"{least_ms:.0f}")
    show_figure("plain work of a patient, ms", f"{plain_s * each_ms:.0f}")
    needed_ms = (flow_s - plain_s) / (_LIMIT - 1) * each_ms
    show_figure(f"plain work of a patient that makes it {_LIMIT}x, ms", f"{needed_ms:.0f}")
