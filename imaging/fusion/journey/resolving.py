"""A person decides about a job that goes no further: it is this run, sent again, or given up."""

import logging
from collections.abc import Callable

from imaging.errors import InputError, RemoteError, RemoteRejectedError, SettingError
from imaging.fusion.job import Job, JobState
from imaging.fusion.journey.waiting import known, poll
from imaging.fusion.journey.words import told_of
from imaging.fusion.ledger import Ledger
from imaging.fusion.vendor import FusionClient

log = logging.getLogger(__name__)

_MOST_NAMED = 10


def adopt_run(key: str, run_id: str, ledger: Ledger, client: FusionClient, by: str = "") -> Job:
    """Say which of the vendor's runs a job is; nothing is sent or paid.

    Args:
        key: The job: one whose answer was lost, or that failed, is overdue or gave nothing of use
            where the vendor names another run for it.
        run_id: The vendor's, as its own list of runs says.
        ledger: Of the job.
        client: Of the account that paid for it; the run must exist there.
        by: Who says so; for the log.

    Raises:
        InputError: There is no such run or job, they do not belong together, or the job needs no
            other run.
        RemoteUnavailableError: The vendor cannot be asked now.
    """
    job = known(ledger, key)
    try:
        client.status(run_id)
    except RemoteRejectedError:
        msg = f"{job.name}: the vendor knows no such run"
        raise InputError(msg) from None
    if ledger.adopt(key, run_id) != "adopted":
        return ledger.replace_run(key, run_id, by)  # it says why where it may not
    log.info("%s: %s adopted a run", job.name, by or "a person")
    return known(ledger, key)


def release(key: str, ledger: Ledger, by: str = "", *, may_pay_twice: bool = False) -> Job:
    """Say that a job was never accepted, or may be paid for again: it can then be submitted anew.

    Args:
        key: The job.
        ledger: Of the job.
        by: Who says so.
        may_pay_twice: Needed where the job is surely paid for: it is overdue, or its results are
            of no use.

    Raises:
        InputError: There is no such job, or there is nothing to decide about it.
    """
    known(ledger, key)
    return ledger.release(key, by, may_pay_twice=may_pay_twice)


def give_up(key: str, ledger: Ledger, by: str = "") -> Job:
    """Say that nobody waits for a job any more; what was paid for it stays on record.

    Args:
        key: The job.
        ledger: Of the job.
        by: Who says so.

    Raises:
        InputError: There is no such job, or there is nothing to decide about it.
    """
    known(ledger, key)
    return ledger.give_up(key, by)


def ask_once_more(job: Job, ledger: Ledger, client_of: Callable[[str], FusionClient]) -> None:
    """Ask the vendor about an overdue job before it is written off; a silent vendor keeps nobody.

    Args:
        job: Any; only one that the vendor has is asked about.
        ledger: Of the job.
        client_of: Makes a client of an account, by its name.

    Raises:
        InputError: The vendor is done with it after all.
    """
    if job.state is not JobState.SUBMITTED:
        return
    try:
        with client_of(job.connection) as client:
            after = poll(job, ledger=ledger, client=client)
    except (RemoteError, SettingError) as error:
        log.warning("%s: the vendor says nothing of it (%s)", job.name, type(error).__name__)
        return
    if after.state is not JobState.SUBMITTED:
        msg = f"{job.name}: the vendor has just said {after.state}: {told_of(after)}"
        raise InputError(msg)


def find_job(ledger: Ledger, text: str) -> Job:
    """Return the one job that a person means.

    Args:
        ledger: Of the jobs.
        text: Its case, its key or 8 characters of it at least, or the vendor's run id.

    Raises:
        InputError: There is none, or several.
    """
    found = ledger.find(text.strip())
    if len(found) == 1:
        return found[0]
    named = ", ".join(job.name for job in found[:_MOST_NAMED])
    told = f"{len(found)} jobs are called so: {named}" if found else "no job is called so"
    msg = f"{told}; give the case, the key or the run id of one"
    raise InputError(msg)
