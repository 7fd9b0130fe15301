"""Fusions on a real Prefect server, worker, gateway and simulated vendor.

How long after the callback the results are there; and what 200 jobs that wait take up.
"""

import statistics
import time
from contextlib import closing
from pathlib import Path

import httpx
import psutil

from benchmarks.fusion_lab import Lab, lab
from benchmarks.report import at_most, show_figure, show_title
from imaging.fusion.job import JobState

_CASES = 7
_WAITING = 200
_MOST_S = 15.0
_FOR_EVER_S = 86_400.0
_PATIENCE_S = 3600.0


def fusion_flows(folder: Path) -> None:
    """Measure, and print."""
    with lab(folder / "quick") as own:
        _results_after_the_callback(own)
    with lab(folder / "slow", vendor_s=_FOR_EVER_S) as own:
        _many_that_wait(own)


def _results_after_the_callback(own: Lab) -> None:
    taken, shown = [], []
    for number in range(_CASES + 1):  # the first warms up
        case = f"timed-{number}"
        own.ended(own.fuse(case))
        own.wait_for(lambda: own.job(case).collected)  # noqa: B023 - waited for in this round
        job = own.job(case)
        ended = own.end_of_collection(case)
        if number:
            taken.append(job.collected - job.rang)
            shown.append(ended - job.rang)
    show_title(f"From the callback to the results of a small case, {_CASES} cases: s")
    middle = statistics.median(shown)
    show_figure("files lie there, median", f"{statistics.median(taken):.1f}")
    show_figure("pictures and artifacts are shown, median", f"{middle:.1f}", verdict(middle))
    show_figure("the slowest", f"{max(shown):.1f}")


def verdict(seconds: float) -> str:
    """Judge a time from callback to artifacts."""
    return at_most(_MOST_S).verdict(seconds)


def _many_that_wait(own: Lab) -> None:
    """Hand in a batch to a vendor that takes for ever, and count what waits for it."""
    worklist = own.write_worklist(f"waiting-{number}" for number in range(_WAITING))
    start = time.monotonic()
    run = own.api.run("fuse-cbct-batch", {"worklist": str(worklist)})
    own.ended(run, _PATIENCE_S)
    taken_s = time.monotonic() - start
    time.sleep(5)
    jobs = [job for job in own.book.jobs(JobState.SUBMITTED) if job.case.startswith("waiting-")]
    show_title(f"{_WAITING} jobs that wait for the vendor")
    show_figure("waiting", f"{len(jobs)}", f"{own.paid} paid")
    show_figure("flow runs that are running or suspended", f"{own.unfinished_runs()}", "goal 0")
    show_figure("processes of flow runs", f"{len(own.engines())}", "goal 0")
    show_figure("to hand them in, s each", f"{taken_s / _WAITING:.2f}")
    with closing(httpx.Client()) as http:
        times = []
        for _ in range(20):
            began = time.perf_counter()
            http.get(f"{own.stack.gateway}/health").raise_for_status()
            times.append(1000 * (time.perf_counter() - began))
    show_figure("the gateway's health meanwhile, median ms", f"{statistics.median(times):.1f}")
    show_figure("CPU of worker and server together, %", f"{_idle_cpu(own):.0f}")


def _idle_cpu(own: Lab) -> float:
    """Return what the servers use of a core while all jobs wait."""
    processes = [psutil.Process(server.pid) for server in own.stack.servers]

    def spent() -> float:
        return sum(sum(each.cpu_times()[:2]) for each in processes)

    before, start = spent(), time.monotonic()
    time.sleep(10)
    return 100 * (spent() - before) / (time.monotonic() - start)
