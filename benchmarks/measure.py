"""Ways of doing the same work, one after the other and round after round, in wall and CPU time.

A machine that others use too is slow in one minute and fast in the next. What is compared therefore
takes turns, and what is told is a ratio: of the best rounds, and the median over the rounds.
"""

import gc
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took.

    Attributes:
        wall_s: From start to end.
        cpu_s: Used by this process and by the servers that took part.
    """

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Method:
    """One way of doing the work.

    Attributes:
        name: What the table calls it.
        run: Does it once. Gets an empty folder of its own, removed afterwards, off the clock.
        pids: The servers that take part; the kernel tells their CPU time in steps of 10 ms.
    """

    name: str
    run: Callable[[Path], object]
    pids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times the cost of one method another took.

    Attributes:
        best: Of the wall times of the best rounds.
        median: Of the wall times, the median over the rounds.
        cpu: Of the CPU times, the median over the rounds.
    """

    best: float
    median: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Rounds:
    """What was measured: by method's name, a cost a round."""

    costs: dict[str, list[Cost]]

    def best(self, name: str) -> Cost:
        """Return the least wall time and the least CPU time of a method."""
        own = self.costs[name]
        return Cost(min(cost.wall_s for cost in own), min(cost.cpu_s for cost in own))

    def ratio(self, name: str, base: str) -> Ratio:
        """Return the cost of ``name`` in units of the cost of ``base``."""
        pairs = list(zip(self.costs[name], self.costs[base], strict=True))
        return Ratio(
            best=self.best(name).wall_s / self.best(base).wall_s,
            median=statistics.median(one.wall_s / other.wall_s for one, other in pairs),
            cpu=statistics.median(one.cpu_s / other.cpu_s for one, other in pairs),
        )


def compare(
    methods: Sequence[Method],
    folder: Path,
    rounds: int,
    settle: Callable[[], None] = lambda: None,
) -> Rounds:
    """Run each method once a round; a round before the first one warms up and is not counted.

    Args:
        methods: In the order of the first round; every other round goes backwards, so that what one
            leaves behind does not always meet the same other.
        folder: Where the methods' folders are made.
        rounds: How many are counted.
        settle: Called before each run, off the clock: returns when servers have come to rest.
    """
    costs: dict[str, list[Cost]] = {method.name: [] for method in methods}
    for number in range(rounds + 1):
        for method in methods if number % 2 == 0 else reversed(methods):
            settle()
            cost = measure(method, folder)
            if number:
                costs[method.name].append(cost)
    return Rounds(costs)


def measure(method: Method, folder: Path) -> Cost:
    """Run one method once."""
    place = Path(tempfile.mkdtemp(prefix="round-", dir=folder))
    gc.collect()  # what earlier runs left is theirs
    try:
        cpu_s, start = _cpu_s(method.pids), time.perf_counter()
        method.run(place)
        return Cost(time.perf_counter() - start, _cpu_s(method.pids) - cpu_s)
    finally:
        shutil.rmtree(place)


def _cpu_s(pids: tuple[int, ...]) -> float:
    """Return the CPU time of this process and of the ``pids`` so far."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return time.process_time() + sum(spent.user + spent.system for spent in times)
