"""Looking after fusions that wait: what the vendor says, and what a person decides."""

import logging
from typing import Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from imaging.errors import InputError
from imaging.fusion import journey
from imaging.fusion.job import Job
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
def resolve_job(job: str, decision: str, run_id: str, reviewer: str) -> int:
    """Show what nobody knows to be paid for, or keep a person's decision about one."""
    told = ""
    with Ledger.of(settings()) as ledger:
        if decision != "show":
            decided = _decide(ledger, journey.find_job(ledger, job), decision, run_id, reviewer)
            told = f"{decided.name}: {journey.told_of(decided)}. "
        rows = journey.uncertain_rows(ledger)
    _show(rows, "fusions-uncertain", f"{told}Submissions whose answer was lost: {len(rows)}")
    return len(rows)


def _decide(ledger: Ledger, job: Job, decision: str, run_id: str, reviewer: str) -> Job:
    if decision == "release":
        return journey.release(job.key, ledger, by=reviewer)
    if not run_id.strip():
        msg = "to adopt a run, give the vendor's id of it"
        raise InputError(msg)
    with client_of(job.connection) as client:
        return journey.adopt_run(job.key, run_id.strip(), ledger, client, by=reviewer)


def _show(rows: list[dict[str, Any]], key: str, told: str) -> None:
    create_table_artifact(rows[:TABLE_ROWS], key=key, description=told)
