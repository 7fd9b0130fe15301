"""Ask the vendor how a job stands; a job that is waited for holds nothing but its ledger row."""

import logging
import random
import time
from collections.abc import Callable

from imaging.errors import InputError, RemoteUnavailableError
from imaging.fusion.job import Job, JobState
from imaging.fusion.ledger import Ledger
from imaging.fusion.vendor import FusionClient

log = logging.getLogger(__name__)

_FIRST_S, _LONGEST_S, _OVERDUE_S = 3.0, 60.0, 3600.0
_GROWTH = 1.5
_GLANCE_S, _LEAST_S = 1.0, 0.05  # so often the ledger is looked at: the callback rings there
_BEFORE = {JobState.CLAIMED, JobState.SUBMITTING}
_UNNAMED = "the vendor gave no reason"


def next_poll(job: Job, now: float) -> float:
    """Return when the vendor is asked again: soon at first, each minute later, at the deadline.

    Times are spread by a quarter, so that jobs which came together do not ask together. An overdue
    job is asked each hour: it is paid for, and may still be delivered.

    Args:
        job: Its polls and its deadline count.
        now: Seconds since 1970.
    """
    spread = random.uniform(0.75, 1.25)  # noqa: S311 - nobody gains by guessing it
    if now >= job.deadline:
        return now + _OVERDUE_S * spread
    delay_s = min(_LONGEST_S, _FIRST_S * _GROWTH ** min(job.polls, 16))
    return min(now + delay_s * spread, job.deadline)


def poll(job: Job, *, ledger: Ledger, client: FusionClient, now: float | None = None) -> Job:
    """Ask the vendor how a submitted job stands, and remember the answer.

    That it was asked is written first: a callback that comes during the question then counts as
    new, and a vendor who is away is not asked again at once.

    Args:
        job: One that is not SUBMITTED is returned as it is.
        ledger: Of the job.
        client: Of the account that paid for it.
        now: Seconds since 1970; the clock's by default.

    Raises:
        RemoteUnavailableError: The vendor cannot be reached now.
        RemoteRejectedError: The vendor does not know the run, or answers nonsense.
    """
    if job.state is not JobState.SUBMITTED:
        return job
    job = ledger.polled(job.key, next_poll(job, time.time() if now is None else now))
    if job.state is not JobState.SUBMITTED:
        return job
    status = client.status(job.run_id)
    if status.failed:
        log.warning("%s: the vendor says that it failed", job.name)
        return ledger.failed(job.key, status.reason or _UNNAMED, run_id=job.run_id)
    if status.completed:
        log.info("%s: the vendor says that it is done", job.name)
        return ledger.completed(job.key, run_id=job.run_id)
    return job


def wait_inline(
    job: Job,
    *,
    ledger: Ledger,
    client: FusionClient,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> Job:
    """Wait for a job in this process, until it is decided or overdue.

    A job that another worker prepares is waited for likewise. One whose answer was lost is not:
    its callback, or a person, decides when it goes on.

    Args:
        job: As `submit` returned it.
        ledger: Of the job.
        client: Of the account that pays for it.
        sleep: Passes time.
        clock: Tells it, as the ledger's does.

    Returns:
        The job: SUBMITTED when it is overdue, and left to be asked about later.

    Raises:
        RemoteRejectedError: The vendor does not know the run, or answers nonsense.
    """
    asked = 0.0
    while True:
        now = clock()
        if job.state is JobState.SUBMITTED and (job.next_poll <= now or job.rang > asked):
            asked = now
            job = _asked(job, ledger, client, now)
        if not _is_awaited(job, clock()):
            return job
        sleep(min(_GLANCE_S, max(_LEAST_S, job.next_poll - clock())))
        job = known(ledger, job.key)


def known(ledger: Ledger, key: str) -> Job:
    """Return a job that must be there.

    Raises:
        InputError: The ledger has none of that key.
    """
    job = ledger.get(key)
    if job is None:
        msg = f"the ledger knows no job {key[:8]}"
        raise InputError(msg)
    return job


def _asked(job: Job, ledger: Ledger, client: FusionClient, now: float) -> Job:
    try:
        return poll(job, ledger=ledger, client=client, now=now)
    except RemoteUnavailableError:
        log.warning("%s: the vendor cannot be reached; it is asked again later", job.name)
        return known(ledger, job.key)


def _is_awaited(job: Job, now: float) -> bool:
    if job.state is JobState.SUBMITTED:
        return now < job.deadline
    return job.state in _BEFORE and now < job.lease
