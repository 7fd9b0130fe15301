"""Rows of the ledger within a transaction: found, refused by their state, and changed."""

import re
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, select, update

from imaging.errors import InputError
from imaging.fusion.job import Job, JobState
from imaging.fusion.ledger.budget import MONTH_S
from imaging.fusion.ledger.tables import JOBS, SUBMISSIONS, job_of

_ADDRESS = re.compile(r"\S+://\S+")
_LONGEST_REASON = 500
_RUN_ID = re.compile(r"[^\s\x00-\x1f\x7f]{1,256}")

# A submission of which nobody knows yet which run it became.
_OPEN = (JobState.SUBMITTING, JobState.UNCERTAIN, JobState.RELEASED)


class ClaimLostError(InputError):
    """Another took the job over, or a callback repaired it: stop, and send nothing."""


def select_jobs(connection: Connection, *conditions: ColumnElement[bool]) -> list[Job]:
    """Return the jobs that meet all conditions, the oldest first."""
    query = select(JOBS).where(*conditions).order_by(JOBS.c.created, JOBS.c.key)
    return [job_of(row) for row in connection.execute(query).mappings()]


def row_of(connection: Connection, key: str) -> RowMapping | None:
    """Return the row of a job, None when there is none."""
    return connection.execute(select(JOBS).where(JOBS.c.key == key)).mappings().one_or_none()


def existing(connection: Connection, key: str, *states: JobState) -> RowMapping:
    """Return the row of a job that is in one of the states (of any, when none is given).

    Raises:
        InputError: There is no such job, or it is in another state.
    """
    row = row_of(connection, key)
    if row is None:
        msg = f"the ledger knows no job {key[:64]!r}"
        raise InputError(msg)
    if states and row["state"] not in states:
        msg = f"{job_of(row).name} is {row['state']}, which is not {' or '.join(states)}"
        raise InputError(msg)
    return row


def change_job(connection: Connection, key: str, /, **values: Any) -> Job:
    """Change a job's row, and return the job as it is then."""
    connection.execute(update(JOBS).where(JOBS.c.key == key).values(**values))
    return job_of(existing(connection, key))


def sent_runs(connection: Connection, account: str, now: float) -> list[float]:
    """Return when the runs of 30 days were sent, of an account or of all (empty).

    Only what was cleanly refused is not counted: the rest is paid for, or may be.
    """
    query = select(SUBMISSIONS.c.sent).where(
        SUBMISSIONS.c.sent > now - MONTH_S, SUBMISSIONS.c.outcome != JobState.REFUSED
    )
    if account:
        query = query.where(SUBMISSIONS.c.connection == account)
    return list(connection.scalars(query))


def key_of_run(connection: Connection, run_id: str) -> str | None:
    """Return the key of the job that a run was ever submitted for."""
    query = select(SUBMISSIONS.c.key).where(SUBMISSIONS.c.run_id == run_id)
    return connection.scalar(query)


def open_submission(
    connection: Connection, key: str, owner: str = "", *, refused: bool = False
) -> int | None:
    """Return the number of the latest submission whose run is unknown.

    Args:
        connection: Of the transaction.
        key: Of the job.
        owner: Who sent it; anybody when empty.
        refused: Even one that the vendor seemed to refuse.
    """
    outcomes = (*_OPEN, JobState.REFUSED) if refused else _OPEN
    query = select(SUBMISSIONS.c.number).where(
        SUBMISSIONS.c.key == key,
        SUBMISSIONS.c.run_id.is_(None),
        SUBMISSIONS.c.outcome.in_(outcomes),
    )
    if owner:
        query = query.where(SUBMISSIONS.c.owner == owner)
    return connection.scalar(query.order_by(SUBMISSIONS.c.number.desc()).limit(1))


def note_outcome(connection: Connection, number: int | None, **values: Any) -> None:
    """Write down what became of a submission."""
    connection.execute(update(SUBMISSIONS).where(SUBMISSIONS.c.number == number).values(**values))


def note_run(connection: Connection, run_id: str, outcome: JobState) -> None:
    """Write down what became of the submission that a run is of."""
    of_run = update(SUBMISSIONS).where(SUBMISSIONS.c.run_id == run_id)
    connection.execute(of_run.values(outcome=outcome))


def checked_run_id(run_id: str) -> str:
    """Return a run id that can be one.

    Raises:
        InputError: It is empty, too long, or holds spaces.
    """
    if not _RUN_ID.fullmatch(run_id):
        msg = "a run id is 1 to 256 characters without spaces"
        raise InputError(msg)
    return run_id


def plain(reason: str) -> str:
    """Return a reason as one short line without addresses, which may hold a signature."""
    line = " ".join(_ADDRESS.sub("(an address)", reason).split())
    printable = "".join(character if character.isprintable() else "?" for character in line)
    return printable[:_LONGEST_REASON]
