"""A person decides about a job whose answer was lost: it is this run, or it may be sent again."""

import logging

from imaging.errors import InputError, RemoteRejectedError
from imaging.fusion.job import Job
from imaging.fusion.journey.waiting import known
from imaging.fusion.ledger import Ledger
from imaging.fusion.vendor import FusionClient

log = logging.getLogger(__name__)

_MOST_NAMED = 10
_REFUSALS = {
    "conflict": "it has another run, or that run belongs to another job",
    "unknown": "the ledger does not know it",
}


def adopt_run(key: str, run_id: str, ledger: Ledger, client: FusionClient, by: str = "") -> Job:
    """Say which of the vendor's runs a job is; nothing is sent or paid.

    Args:
        key: The job.
        run_id: The vendor's, as its own list of runs says.
        ledger: Of the job.
        client: Of the account that paid for it; the run must exist there.
        by: Who says so; for the log.

    Raises:
        InputError: There is no such run or job, or they do not belong together.
        RemoteUnavailableError: The vendor cannot be asked now.
    """
    job = known(ledger, key)
    try:
        client.status(run_id)
    except RemoteRejectedError:
        msg = f"{job.name}: the vendor knows no such run"
        raise InputError(msg) from None
    answer = ledger.adopt(key, run_id)
    if answer in _REFUSALS:
        msg = f"{job.name} cannot adopt that run: {_REFUSALS[answer]}"
        raise InputError(msg)
    log.info("%s: %s adopted a run", job.name, by or "a person")
    return known(ledger, key)


def release(key: str, ledger: Ledger, by: str = "") -> Job:
    """Say that a job was never accepted, or may be paid for again: it can then be submitted anew.

    Args:
        key: The job.
        ledger: Of the job.
        by: Who says so.

    Raises:
        InputError: There is no such job, or its fate is known.
    """
    known(ledger, key)
    return ledger.release(key, by)


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
