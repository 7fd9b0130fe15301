"""A person's word about a job that goes no further by itself.

What was paid for stays in the history, whatever is decided.
"""

import logging
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, insert, or_, select

from imaging.errors import InputError
from imaging.fusion.job import Job, JobState
from imaging.fusion.ledger.answers import Answers
from imaging.fusion.ledger.rows import (
    change_job,
    checked_run_id,
    existing,
    key_of_run,
    note_outcome,
    note_run,
    open_submission,
    plain,
)
from imaging.fusion.ledger.tables import JOBS, SUBMISSIONS, job_of

log = logging.getLogger(__name__)

_UNKNOWN = (JobState.UNCERTAIN, JobState.SUBMITTING)  # paid for or not, nobody knows
_PAID = (JobState.SUBMITTED, JobState.COMPLETED)
_OVER = (JobState.FAILED, JobState.RELEASED)


class Decisions(Answers):
    """What a person says where vendor and callback say nothing (more)."""

    def undecided(self) -> list[Job]:
        """Return the jobs that may need a person, the oldest first.

        Their answer was lost, the vendor is overdue, or no collection of their results succeeded.
        """
        now = self._now()
        overdue = and_(JOBS.c.state == JobState.SUBMITTED, JOBS.c.deadline <= now)
        useless = and_(
            JOBS.c.state == JobState.COMPLETED,
            JOBS.c.collected == 0,
            JOBS.c.collections > 0,
            JOBS.c.lease <= now,
        )
        return self._where(or_(JOBS.c.state == JobState.UNCERTAIN, overdue, useless))

    def release(self, key: str, by: str = "", *, may_pay_twice: bool = False) -> Job:
        """Allow that a job is sent, and perhaps paid for, again: a person's decision.

        Args:
            key: Of a job that is uncertain, or whose worker vanished while it submitted; of one
                that is paid for only when it is overdue, or its results could not be collected.
            by: Who decided.
            may_pay_twice: Needed where the job is surely paid for already.

        Raises:
            InputError: It is none of these.
        """
        with self._database.change() as connection:
            row = self._decidable(connection, key, *_UNKNOWN, *_PAID)
            if row["state"] in _PAID and not may_pay_twice:
                msg = (
                    f"{job_of(row).name} is paid for: to release it is to pay for it again."
                    " Say that it may be paid for twice, or give it up"
                )
                raise InputError(msg)
            reason = f"released by {by}" if by else "released"
            return _settle(connection, row, state=JobState.RELEASED, reason=plain(reason))

    def give_up(self, key: str, by: str = "") -> Job:
        """Wait for a job no longer; it is paid for again only by who asks for that.

        Args:
            key: Of a job that may be released, or of one that a killed worker claimed.
            by: Who decided.

        Raises:
            InputError: It is none of these.
        """
        with self._database.change() as connection:
            row = self._decidable(connection, key, *_UNKNOWN, *_PAID, JobState.CLAIMED)
            is_unpaid = row["state"] == JobState.CLAIMED and not _may_be_paid(connection, key)
            reason = f"given up by {by}" if by else "given up"
            if row["reason"]:
                reason += f": {row['reason']}"
            state = JobState.REFUSED if is_unpaid else JobState.FAILED
            return _settle(connection, row, state=state, reason=plain(reason))

    def replace_run(self, key: str, run_id: str, by: str = "") -> Job:
        """Give a job that is paid for the run that a person names; the one before is history.

        Args:
            key: Of a job that may be released, was released, or failed.
            run_id: Another run of the vendor's, or an earlier one of this job.
            by: Who decided.

        Raises:
            InputError: The job is none of these, or the run is another job's.
        """
        checked_run_id(run_id)
        now = self._now()
        with self._database.change() as connection:
            row = existing(connection, key)
            if row["run_id"] == run_id and row["state"] in _PAID:
                return job_of(row)
            if (owner_key := key_of_run(connection, run_id)) not in {None, key}:
                msg = f"{job_of(row).name} cannot adopt that run: it belongs to another job"
                raise InputError(msg)
            self._decidable(connection, key, *_PAID, *_OVER)
            if row["state"] == JobState.SUBMITTED:
                note_run(connection, row["run_id"], JobState.RELEASED)
            if owner_key is None:
                _add_run(connection, row, run_id, now)
            else:
                note_run(connection, run_id, JobState.SUBMITTED)
            log.info("%s: another run, named by %s", job_of(row).name, by or "a person")
            return change_job(connection, key, **_waited_for(row, run_id, now))

    def _decidable(self, connection: Connection, key: str, *states: JobState) -> RowMapping:
        """Return the row of a job that is in one of the states, and goes no further by itself."""
        row = existing(connection, key, *states)
        if why_not := _why_not(row, self._now()):
            msg = f"{job_of(row).name} {why_not}"
            raise InputError(msg)
        return row


def _why_not(row: RowMapping, now: float) -> str:
    """Say why there is nothing to decide about a job; empty where there is."""
    is_held = row["lease"] > now
    match JobState(row["state"]):
        case JobState.SUBMITTING if is_held:
            return "is being submitted right now; wait for its answer"
        case JobState.CLAIMED if is_held:
            return "is being prepared right now; cancel its run first"
        case JobState.SUBMITTED if row["deadline"] > now:
            return "is not overdue yet: the vendor may deliver still"
        case JobState.COMPLETED if row["collected"]:
            return "is collected: there is nothing to decide"
        case JobState.COMPLETED if is_held or not row["collections"]:
            return "is done: run collect-fusion before anything is decided"
        case _:
            return ""


def _may_be_paid(connection: Connection, key: str) -> bool:
    query = select(SUBMISSIONS.c.number).where(
        SUBMISSIONS.c.key == key, SUBMISSIONS.c.outcome != JobState.REFUSED
    )
    return connection.scalar(query.limit(1)) is not None


def _settle(connection: Connection, row: RowMapping, **values: Any) -> Job:
    """End the wait for a job; that of a run which the vendor completed is over already."""
    if row["state"] in _UNKNOWN:
        number = open_submission(connection, row["key"], row["owner"])
        note_outcome(connection, number, outcome=JobState.RELEASED)
    elif row["state"] == JobState.SUBMITTED:
        note_run(connection, row["run_id"], JobState.RELEASED)
    return change_job(connection, row["key"], lease=0.0, owner="", **values)


def _add_run(connection: Connection, row: RowMapping, run_id: str, now: float) -> None:
    """Keep a run: of a submission whose answer was lost, or one that is not ours and may cost."""
    run = {"run_id": run_id, "outcome": JobState.SUBMITTED}
    if (number := open_submission(connection, row["key"], refused=True)) is not None:
        note_outcome(connection, number, **run)
        return
    values = {"key": row["key"], "connection": row["connection"], "sent": now, "owner": ""}
    connection.execute(insert(SUBMISSIONS).values(**run, **values))


def _waited_for(row: RowMapping, run_id: str, now: float) -> dict[str, Any]:
    """Return the fields of a job whose wait begins anew."""
    return {
        "state": JobState.SUBMITTED,
        "run_id": run_id,
        "reason": "",
        "deadline": now + row["deadline_s"],
        "next_poll": now,
        "polls": 0,
        "collections": 0,
        "lease": 0.0,
        "owner": "",
    }
