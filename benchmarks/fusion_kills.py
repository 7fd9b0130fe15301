"""Runs of fusions killed at random instants on a real worker: all complete, each paid for once.

An instant at which no process of the case runs (the vendor works, or the run has not begun) leaves
nothing to kill: the case goes on, and another one is killed in its place.
"""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import psutil

from benchmarks.fusion_lab import Lab, lab
from benchmarks.report import show_figure, show_title
from deployments.prefect_api import RunFailedError
from imaging.fusion.job import JobState

_KILLS = 50
_AT_ONCE = 3
_SEED = 7
_PATIENCE_S = 1800.0


def fusion_kills(folder: Path) -> None:
    """Measure, and print."""
    with lab(folder / "stack") as own:
        span_s = max(_life_s(own, f"whole-{number}") for number in range(3))
        stop = Event()
        net = Thread(target=_net, args=(own, stop))
        net.start()
        try:
            seen = _kill_cases(own, span_s)
        finally:
            stop.set()
            net.join()
        jobs = [job for job in own.book.jobs() if job.case.startswith("killed-")]
        done = sum(bool(job.collected) for job in jobs)
        paid = Counter(run["metadata"]["case"] for run in own.state()["runs"])
        times = sum(paid[job.case] for job in jobs)
    show_title(f"Killed at random instants of {span_s:.0f} s, on a real worker")
    show_figure("kills", f"{seen['killed']}", f"of {len(jobs)} cases")
    show_figure("cases complete", f"{done}", f"goal {len(jobs)}")
    show_figure("runs paid for", f"{times}", f"goal {len(jobs)}")
    show_figure("decided by a person, as the answer was lost", f"{seen['decided']}")


def _life_s(own: Lab, case: str) -> float:
    start = time.monotonic()
    own.fuse(case)
    own.wait_for(lambda: own.book.find(case) and own.job(case).collected)
    return time.monotonic() - start


def _kill_cases(own: Lab, span_s: float) -> Counter[str]:
    """Kill cases until enough of them had a process to kill."""
    instants = random.Random(_SEED)  # noqa: S311 - when to kill is no secret
    seen: Counter[str] = Counter()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for first in range(0, 4 * _KILLS, _AT_ONCE):
            if seen["killed"] >= _KILLS:
                break
            cases = [f"killed-{first + number}" for number in range(_AT_ONCE)]
            at = [instants.uniform(0, span_s) for _ in cases]
            for one in pool.map(lambda case, when: _killed_life(own, case, when), cases, at):
                seen += one
    return seen


def _killed_life(own: Lab, case: str, instant_s: float) -> Counter[str]:
    """Begin a case, kill whatever works on it at an instant, and see it through."""
    began = time.monotonic()
    run = own.fuse(case)
    time.sleep(max(0.0, instant_s - (time.monotonic() - began)))
    seen = Counter({"killed": int(_kill(own, run, case))})
    deadline = time.monotonic() + _PATIENCE_S
    while not _is_collected(own, case):
        if time.monotonic() > deadline:
            break
        run, decided = _see_through(own, case, run)
        seen["decided"] += decided
        time.sleep(2)
    return seen


def _kill(own: Lab, run: str, case: str) -> bool:
    """Kill the processes of a case's runs; tell whether there were any."""
    collecting = [row["id"] for row in own.collections(case)]
    is_killed = False
    for process in own.engines([run, *collecting]):
        try:
            process.kill()
            is_killed = True
        except psutil.NoSuchProcess:
            continue
    return is_killed


def _see_through(own: Lab, case: str, run: str) -> tuple[str, int]:
    """Do what a person would: start a run again that died early, settle what is uncertain."""
    found = own.book.find(case)
    state = found[0].state if found else None
    if state is JobState.UNCERTAIN:
        _decide(own, case)
        return own.fuse(case), 1
    is_ended = own.api.status(run).is_final
    if state in {None, JobState.REFUSED, JobState.RELEASED} and is_ended:
        return own.fuse(case), 0
    return run, 0


def _decide(own: Lab, case: str) -> None:
    """Look into the vendor's list, and adopt the run, or release the job."""
    paid = own.paid_for(case)
    decision = {"decision": "adopt", "run_id": paid[0]["run_id"]} if paid else {}
    asked = {"job": case, "decision": "release", "reviewer": "benchmark", **decision}
    own.ended(own.api.run("resolve-fusion", asked))


def _is_collected(own: Lab, case: str) -> bool:
    found = own.book.find(case)
    return bool(found and found[0].collected)


def _net(own: Lab, stop: Event) -> None:
    """Look after jobs more often than the schedule does."""
    while not stop.wait(15):
        try:
            own.ended(own.api.run("reconcile-fusions", {}))
        except (RunFailedError, TimeoutError):
            continue
