"""Thousands of patients at a simulated Orthanc: whether time is linear, and memory constant."""

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Cost, Rounds
from benchmarks.report import at_most, show_costs, show_figure, show_title
from deployments.processes import clean_environment
from imaging.phantoms.server import SimulatedOrthanc

_FEW, _MANY = 1_000, 10_000
_ORDER = (_FEW, _MANY, _FEW)  # the few before and after: a machine changes within minutes
_PASSES = {"first": "all new", "second": "nothing new"}
_LINEAR = 1.2
_KB_EACH = 4.0  # of the list of studies, which is held


@dataclass(frozen=True, slots=True)
class Pass:
    """What judging everyone once took.

    Attributes:
        cost: Of the program that judged; CPU without the server.
        requests: To the server.
        grown_bytes: At the program's peak, over its imports.
        to_retrieve: How many patients are to be retrieved.
        task_runs: How many the flow would make.
    """

    cost: Cost
    requests: int
    grown_bytes: int
    to_retrieve: int
    task_runs: int


Key = tuple[int, str]
"""How many patients, and which pass."""


def scale(folder: Path) -> None:
    """Measure, and print."""
    found: dict[Key, list[Pass]] = {(n, name): [] for name in _PASSES for n in (_FEW, _MANY)}
    for patients in _ORDER:
        for name, measured in _judge_twice(patients, folder).items():
            found[patients, name].append(measured)
    _show(found)
    _show_growth(found)


def _judge_twice(patients: int, folder: Path) -> dict[str, Pass]:
    """Judge everyone, and once more; a process each."""
    with TemporaryDirectory(dir=folder) as place, SimulatedOrthanc(patients) as server:
        return {name: _judge(server, patients, Path(place), name) for name in _PASSES}


def _judge(server: SimulatedOrthanc, patients: int, folder: Path, name: str) -> Pass:
    """Judge everyone.

    Raises:
        RuntimeError: Somebody is not to be retrieved: then less was done than is measured.
    """
    before = server.counts["all"]
    command = [sys.executable, "-m", "benchmarks.scale_process", server.url, str(folder), name]
    told = subprocess.run(command, env=clean_environment(), stdout=subprocess.PIPE, check=True)
    found = json.loads(told.stdout)
    if found["to_retrieve"] != patients:
        msg = f"{found['to_retrieve']} of {patients} patients are to be retrieved"
        raise RuntimeError(msg)
    cost = Cost(found.pop("wall_s"), found.pop("cpu_s"))
    return Pass(cost, server.counts["all"] - before, **found)


def _show(found: dict[Key, list[Pass]]) -> None:
    """Print a line for each size and pass."""
    names = {key: f"{key[0]:,} patients, {_PASSES[key[1]]}" for key in found}
    rounds = Rounds({names[key]: [one.cost for one in passes] for key, passes in found.items()})
    columns = {
        names[key]: [
            f"{passes[0].requests}",
            f"{_grown_mb(passes):.1f}",
            f"{passes[0].task_runs}",
        ]
        for key, passes in found.items()
    }
    show_title("scale: everyone at a simulated Orthanc judged, notes written; CPU without server")
    show_costs(rounds, columns, ["requests", "MB", "task runs"])


def _show_growth(found: dict[Key, list[Pass]]) -> None:
    """Print what ten times as many patients cost, each."""
    for name, what in _PASSES.items():
        few, many = found[_FEW, name], found[_MANY, name]
        linear = _cpu_s(many) / _MANY / (_cpu_s(few) / _FEW)
        goal = at_most(_LINEAR)
        show_figure(f"CPU of a patient, many / few, {what}", f"{linear:.2f}x", goal.verdict(linear))
        each_kb = 1000 * (_grown_mb(many) - _grown_mb(few)) / (_MANY - _FEW)
        verdict = at_most(_KB_EACH).verdict(each_kb)
        show_figure(f"memory of a further patient, {what}, kB", f"{each_kb:.2f}", verdict)


def _cpu_s(passes: list[Pass]) -> float:
    return statistics.mean(one.cost.cpu_s for one in passes)


def _grown_mb(passes: list[Pass]) -> float:
    return max(one.grown_bytes for one in passes) / 1e6
