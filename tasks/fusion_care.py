"""Looking after fusions that wait: what the vendor says, and what a person decides."""

import logging
from typing import Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from imaging.errors import InputError
from imaging.fusion import journey
from imaging.fusion.job import Job, JobState
from imaging.fusion.ledger import Ledger
from imaging.settings import settings
from tasks.fusion import client_of
from tasks.fusion_runs import restart_preparation, start_collection
from tasks.progress import TABLE_ROWS

log = logging.getLogger(__name__)


@task(cache_policy=NO_CACHE)
def look_after_jobs() -> int:
    """Ask about every job whose time it is, start what follows, and show those that wait."""
    with Ledger.of(settings()) as ledger:
        rounds = journey.look_after(
            ledger,
            client_of,
            lambda job: start_collection(job.key),
            restart_preparation,
            data_root=settings().data_root,
        )
    log.info("%s", rounds.in_words)
    if rounds.rows:
        _show(rounds.rows, "fusions", rounds.in_words)
    return len(rounds.rows)


@task(cache_policy=NO_CACHE)
def resolve_job(
    job: str, decision: str, run_id: str, reviewer: str, *, may_pay_twice: bool = False
) -> int:
    """Show what goes no further by itself, or keep a person's decision about one."""
    told = ""
    with Ledger.of(settings()) as ledger:
        if decision != "show":
            found = journey.find_job(ledger, job)
            if decision == "adopt":
                decided = _adopt(ledger, found, run_id.strip(), reviewer)
            else:
                decided = _end(ledger, found, decision, reviewer, may_pay_twice=may_pay_twice)
            told = f"{decided.name}: {journey.told_of(decided)}. "
        rows = journey.undecided_rows(ledger)
    uncertain = sum(row["state"] == JobState.UNCERTAIN for row in rows)
    counted = f"Submissions whose answer was lost: {uncertain}; overdue or useless: "
    _show(rows, "fusions-uncertain", f"{told}{counted}{len(rows) - uncertain}")
    return len(rows)


def _adopt(ledger: Ledger, job: Job, run_id: str, reviewer: str) -> Job:
    if not run_id:
        msg = "to adopt a run, give the vendor's id of it"
        raise InputError(msg)
    with client_of(job.connection) as client:
        return journey.adopt_run(job.key, run_id, ledger, client, by=reviewer)


def _end(ledger: Ledger, job: Job, decision: str, reviewer: str, *, may_pay_twice: bool) -> Job:
    journey.ask_once_more(job, ledger, client_of)
    if decision == "give-up":
        return journey.give_up(job.key, ledger, by=reviewer)
    return journey.release(job.key, ledger, by=reviewer, may_pay_twice=may_pay_twice)


def _show(rows: list[dict[str, Any]], key: str, told: str) -> None:
    create_table_artifact(rows[:TABLE_ROWS], key=key, description=told)
