"""Looking after fusions that wait: what the vendor says, and what a person decides."""

import logging
from typing import Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from imaging.errors import InputError
from imaging.fusion import journey
from imaging.fusion.ledger import Ledger
from imaging.settings import settings
from tasks.fusion import client_of
from tasks.fusion_runs import restart_preparation, start_collection

log = logging.getLogger(__name__)

_TABLE_ROWS = 400  # keeps a table under 100 KB: the UI's list page loads every artifact whole


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
    with Ledger.of(settings()) as ledger:
        if decision != "show":
            found = journey.find_job(ledger, job)
            if decision == "release":
                journey.release(found.key, ledger, by=reviewer)
            elif not run_id.strip():
                msg = "to adopt a run, give the vendor's id of it"
                raise InputError(msg)
            else:
                with client_of(found.connection) as client:
                    journey.adopt_run(found.key, run_id.strip(), ledger, client, by=reviewer)
        rows = journey.uncertain_rows(ledger)
    _show(rows, "fusions-uncertain", f"{len(rows)} submissions whose answer was lost")
    return len(rows)


def _show(rows: list[dict[str, Any]], key: str, told: str) -> None:
    create_table_artifact(rows[:_TABLE_ROWS], key=key, description=told)
