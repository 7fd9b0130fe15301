"""Look after all jobs that wait: the net under lost callbacks and killed workers.

One bad job never keeps the others from being looked at.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imaging.errors import RemoteRejectedError, RemoteUnavailableError
from imaging.fusion.job import Job, JobState
from imaging.fusion.journey.inputs import tidy_work
from imaging.fusion.journey.waiting import poll
from imaging.fusion.journey.watching import in_words
from imaging.fusion.journey.words import moment
from imaging.fusion.ledger import Ledger
from imaging.fusion.vendor import FusionClient

log = logging.getLogger(__name__)

_THREADS = 4
_LONGEST_S = 120.0  # of asking: a vendor that hangs holds the worker, and collections, no longer
_PATIENCE_S = 30.0  # a collection that fails is begun again after twice the time, and twice that
_SOON, _RAREST = 4, 16  # collections that wait for nothing; after so many they wait no longer

_LOST = "uncertain: its answer was lost, decide with resolve-fusion"
_OVERDUE = "overdue: ask the vendor, and decide with resolve-fusion"
_UNREACHED = "the vendor cannot be reached"
_LATER = "asked about next time, the vendor is slow"
_COLLECTING, _RESTARTED = "collection started", "preparation begun anew"
_PAUSING = "its collection fails again and again"
_DECIDE = "; resolve-fusion ends it"


@dataclass(frozen=True, slots=True)
class LookedAfter:
    """What was found of a job, or done for it.

    Attributes:
        job: As it stands now.
        found: In words, the same for the same.
        reason: Why, where something failed.
    """

    job: Job
    found: str
    reason: str = ""

    def row(self) -> dict[str, Any]:
        """Return it for a table."""
        return {
            "job": self.job.name,
            "case": self.job.case,
            "state": str(self.job.state),
            "found": self.found,
            "reason": self.reason or self.job.reason,
            "submitted": moment(self.job.submitted),
            "run id": self.job.run_id,
        }


@dataclass(frozen=True, slots=True)
class Rounds:
    """What came of looking after all jobs.

    Attributes:
        found: Of each job that something was found of, or done for.
        waiting: How many jobs the vendor still works on.
    """

    found: tuple[LookedAfter, ...]
    waiting: int

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Rows of a table."""
        return [each.row() for each in self.found]

    @property
    def in_words(self) -> str:
        """One line for a log."""
        counts = Counter(each.found.partition(":")[0] for each in self.found)
        told = [f"{count} {found}" for found, count in counts.items()]
        return "; ".join([f"{self.waiting} jobs wait for the vendor", *told])


class _Clients:
    """A client for each account, made when it is first needed."""

    def __init__(self, client_of: Callable[[str], FusionClient], stack: ExitStack) -> None:
        self._client_of, self._stack = client_of, stack
        self._made: dict[str, FusionClient | Exception] = {}

    def get(self, connection: str) -> FusionClient:
        """Return an account's client.

        Raises:
            Exception: What was raised when it was first made.
        """
        if connection not in self._made:
            try:
                client = self._client_of(connection)
                self._made[connection] = self._stack.enter_context(client)
            except Exception as error:  # noqa: BLE001 - an account's boundary: told of its jobs
                self._made[connection] = error
        made = self._made[connection]
        if isinstance(made, Exception):
            raise made
        return made


def look_after(  # noqa: PLR0913 - what it needs, and what may be chosen
    ledger: Ledger,
    client_of: Callable[[str], FusionClient],
    start: Callable[[Job], object],
    restart: Callable[[Job], object],
    *,
    data_root: Path | None = None,
    now: Callable[[], float] = time.time,
) -> Rounds:
    """Ask about every job whose time it is, and start what must follow.

    Args:
        ledger: Of the jobs.
        client_of: Makes a client of an account, by its name.
        start: Starts the collection of a job; to start it twice is harmless.
        restart: Begins a preparation anew whose worker was killed; likewise.
        data_root: Where killed workers left packed inputs that nobody needs; they are removed.
        now: Tells the time in seconds since 1970, as the ledger's clock does.

    Raises:
        RemoteUnavailableError: The ledger cannot be read now.
    """
    found = [LookedAfter(job, _LOST) for job in ledger.sweep()]
    swept = {each.job.key for each in found}
    lost = ledger.jobs(JobState.UNCERTAIN)
    found += [LookedAfter(job, _LOST) for job in lost if job.key not in swept]
    found += (asked := _asked(ledger, client_of, now))
    told = {each.job.key for each in asked}
    submitted = (job for job in ledger.jobs(JobState.SUBMITTED) if job.key not in told)
    found += [LookedAfter(job, _OVERDUE) for job in submitted if now() >= job.deadline]
    found += [_begun(job, start, now()) for job in ledger.to_collect()]
    found += [_done(job, restart, _RESTARTED) for job in ledger.abandoned()]
    if data_root is not None and (removed := tidy_work(ledger, data_root, now())):
        log.info("the packed inputs of %d jobs were removed", removed)
    return Rounds(tuple(found), len(ledger.jobs(JobState.SUBMITTED)))


def _asked(
    ledger: Ledger, client_of: Callable[[str], FusionClient], now: Callable[[], float]
) -> list[LookedAfter]:
    # Who was not asked about this time is the first next time.
    due = sorted(ledger.due(), key=lambda job: job.next_poll)
    end = now() + _LONGEST_S
    with ExitStack() as stack, ThreadPoolExecutor(_THREADS, "fusion-poll") as pool:
        clients = _Clients(client_of, stack)
        looks: list[LookedAfter] = []
        waiting = []
        for job in due:
            try:
                client = clients.get(job.connection)
            except Exception as error:  # noqa: BLE001 - the job's boundary, as below
                looks.append(_failed(job, error))
            else:
                waiting.append(pool.submit(_look, job, ledger, client, now, end))
        looks += [look for done in waiting if (look := done.result()) is not None]
    return looks


def _look(
    job: Job, ledger: Ledger, client: FusionClient, now: Callable[[], float], end: float
) -> LookedAfter | None:
    """Ask about one job until the round's end; None where it goes on as it should."""
    if now() >= end:
        return LookedAfter(job, _LATER)
    try:
        after = poll(job, ledger=ledger, client=client, now=now())
    except Exception as error:  # noqa: BLE001 - the job's boundary: told, the others go on
        return _unanswered(job, error, now())
    if after.state is not JobState.SUBMITTED:
        return LookedAfter(after, f"the vendor says: {after.state}")
    return LookedAfter(after, _OVERDUE) if now() >= after.deadline else None


def _unanswered(job: Job, error: Exception, now: float) -> LookedAfter:
    if isinstance(error, RemoteUnavailableError):
        return LookedAfter(job, _UNREACHED, in_words(error))
    if isinstance(error, RemoteRejectedError) and now >= job.deadline:
        return LookedAfter(job, _OVERDUE, in_words(error))  # it may have forgotten the run
    return _failed(job, error)


def _begun(job: Job, start: Callable[[Job], object], now: float) -> LookedAfter:
    """Start a collection; each one that failed makes the next wait longer, since submission."""
    begins = job.submitted + _PATIENCE_S * 2.0 ** min(job.collections, _RAREST)
    if job.collections > _SOON and now < begins:
        next_time = f"tried again at {moment(begins)}, or when you run collect-fusion{_DECIDE}"
        return LookedAfter(job, f"{_PAUSING}: {next_time}")
    return _done(job, start, _COLLECTING)


def _done(job: Job, act: Callable[[Job], object], found: str) -> LookedAfter:
    try:
        act(job)
    except Exception as error:  # noqa: BLE001 - the job's boundary: told, the others go on
        return _failed(job, error)
    return LookedAfter(job, found)


def _failed(job: Job, error: Exception) -> LookedAfter:
    log.warning("%s could not be looked after: %s", job.name, type(error).__name__)
    return LookedAfter(job, "could not be looked after", in_words(error))
