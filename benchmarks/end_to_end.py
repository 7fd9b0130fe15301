"""From the server to NIfTI: whole patients, in time beside PDCP's way, and in memory."""

import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.extraction import EVERY, FEW, extract, run_in
from benchmarks.files import fetch_at_once, rows_of
from benchmarks.measure import Method, compare
from benchmarks.pdcp import extract_as_pdcp, fetch_as_pdcp
from benchmarks.report import (
    Goal,
    at_least,
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
    orthanc_settings,
    patients_of,
    pid_of,
    running,
)
from deployments.orthanc_server import OrthancServer
from deployments.processes import clean_environment
from imaging.cohort import Outputs
from imaging.phantoms import PhantomSize

_FEW = "this project: image, masks, dose"
_EVERY = "this project: every output"
_PDCP = "PDCP's way: image, masks, dose"
_FETCH = "this project: files"
_PDCP_FETCH = "PDCP's way: files"
_PATIENTS = 2
_FETCH_ROUNDS = 5
_ROUNDS = 2  # with compression, PDCP's way takes most of a minute
_CT_MB = 63
_MEMORY_MB = _CT_MB + 150


def end_to_end(folder: Path) -> None:
    """Measure on a server that compresses and on one that does not, and print."""
    for compression in (True, False):
        with running(folder / "end-to-end", HttpCompressionEnabled=compression) as server:
            fill([server], patients_of(PhantomSize.clinical(), _PATIENTS), folder)
            print(f"\n{describe_machine(server)}")
            _compare(server, folder, at_least(15) if compression else None)
            _compare_files(server, folder, at_least(30) if compression else at_least(6))
            if not compression:
                _show_memory(server, folder)


def _compare(server: OrthancServer, folder: Path, goal: Goal | None) -> None:
    pids = (pid_of(server),)
    methods = [
        Method(_FEW, partial(_extract, server, FEW), pids),
        Method(_EVERY, partial(_extract, server, EVERY), pids),
        Method(_PDCP, partial(extract_as_pdcp, server), pids),
    ]
    rounds = compare(methods, folder, _ROUNDS)
    show_title(f"end_to_end: {_PATIENTS} patients, {_ROUNDS} rounds, one process")
    show_costs(rounds, {}, [])
    show_ratio_headings()
    show_ratio("PDCP's way / ours, the same outputs", rounds.ratio(_PDCP, _FEW), goal)
    show_ratio("PDCP's way / ours, every output", rounds.ratio(_PDCP, _EVERY))


def _compare_files(server: OrthancServer, folder: Path, goal: Goal) -> None:
    pids = (pid_of(server),)
    methods = [
        Method(_FETCH, partial(fetch_at_once, server, rows_of(server)), pids),
        Method(_PDCP_FETCH, partial(fetch_as_pdcp, server), pids),
    ]
    rounds = compare(methods, folder, _FETCH_ROUNDS)
    show_costs(rounds, {}, [])
    show_ratio_headings()
    show_ratio("PDCP's way / ours, files to disk", rounds.ratio(_PDCP_FETCH, _FETCH), goal)


def _extract(server: OrthancServer, outputs: Outputs, folder: Path) -> None:
    extract(server, run_in(folder, outputs))


def _show_memory(server: OrthancServer, folder: Path) -> None:
    """Extract in a process of its own, which tells by how much it grew over its imports."""
    for name, outputs in {"image, masks, dose": "few", "every output": "every"}.items():
        command = [sys.executable, "-m", "benchmarks.cohort_memory", outputs]
        with TemporaryDirectory(dir=folder) as place:
            told = subprocess.run(
                [*command, place],
                env=clean_environment(**orthanc_settings(server)),
                stdout=subprocess.PIPE,
                check=True,
            )
        growth_mb = int(told.stdout) / 1e6
        verdict = at_most(_MEMORY_MB).verdict(growth_mb)
        show_figure(f"peak over the imports, {name}, MB", f"{growth_mb:.0f}", verdict)
