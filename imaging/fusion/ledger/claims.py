"""Claim a job by its content: of all who ask for the same, one prepares and submits it."""

import json
import re
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select

from imaging.errors import InputError
from imaging.fusion.job import Job, JobDraft, JobState
from imaging.fusion.ledger.budget import Budget
from imaging.fusion.ledger.records import Records
from imaging.fusion.ledger.rows import ClaimLostError, change_job, existing, row_of, sent_runs
from imaging.fusion.ledger.tables import JOBS, SUBMISSIONS, job_of
from imaging.fusion.place import CASE_NAME

_KEY = re.compile(r"[0-9a-f]{64}")
_LONGEST_CASE = 64

# What a submission that starts anew forgets; the history keeps it.
_FRESH = {
    "run_id": None,
    "reason": "",
    "next_poll": 0.0,
    "polls": 0,
    "rang": 0.0,
    "heard": 0.0,
    "collections": 0,  # `starts` goes on: it tells one run of collect-fusion from the next
}


@dataclass(frozen=True, slots=True)
class Claim:
    """What came of asking for a job.

    Attributes:
        job: As it stands now.
        owner: Proves that the job is ours to prepare and submit; empty when it is not: another
            works on it, or it is (or may be) paid for already.
    """

    job: Job
    owner: str = ""


class Claims(Records):
    """Who may submit a job."""

    def claim(
        self, draft: JobDraft, budget: Budget, deadline_s: float, lease_s: float = 120.0
    ) -> Claim:
        """Ask to prepare and submit a job; exactly one of several who ask gets it.

        Args:
            draft: What is to be submitted.
            budget: Of the account that pays.
            deadline_s: A run that takes longer is overdue.
            lease_s: After so long without a sign of life (`renew`), another may have it.

        Raises:
            InputError: The draft's key or case is none.
            BudgetError: Another run would exceed the budget.
        """
        _check(draft)
        now = self._now()
        with self._database.change() as connection:
            row = row_of(connection, draft.key)
            if row is not None and not _is_free(row, now, again=draft.again):
                return Claim(job_of(row))
            preparing = _preparing(connection, draft, now)
            budget.check(sent_runs(connection, draft.connection, now), preparing, now)
            owner = secrets.token_hex(8)
            if row is None:
                row = _new_row(connection, draft, now)
            values = _asked(connection, draft, row) | {
                "owner": owner,
                "lease": now + lease_s,
                "deadline_s": deadline_s,
                "deadline": now + deadline_s,
                "claims": row["claims"] + 1,
            }
            job = change_job(connection, draft.key, state=JobState.CLAIMED, **values)
            return Claim(job, owner)

    def renew(self, key: str, owner: str, lease_s: float = 120.0) -> None:
        """Give a sign of life while preparing or submitting.

        Raises:
            ClaimLostError: The job is another's by now, or needs nobody any more.
        """
        with self._database.change() as connection:
            row = owned(connection, key, owner, JobState.CLAIMED, JobState.SUBMITTING)
            change_job(connection, key, lease=max(row["lease"], self._now() + lease_s))

    def begin_submission(self, key: str, owner: str, budget: Budget, lease_s: float = 300.0) -> Job:
        """Note that the POST which costs money is sent next: the point of no return.

        It is on the disk when this returns. Whoever is killed after it leaves a job that nobody
        sends again by itself.

        Args:
            key: Of the job.
            owner: Of `Claim`.
            budget: Of the account that pays, checked again with what others sent meanwhile.
            lease_s: As of `renew`; when it is over, `sweep` calls the job uncertain.

        Raises:
            ClaimLostError: The job is another's by now, or was repaired by a callback.
            BudgetError: The budget was spent meanwhile; the job is still claimed.
        """
        now = self._now()
        with self._database.change() as connection:
            row = owned(connection, key, owner, JobState.CLAIMED)
            account = row["connection"]
            budget.check(sent_runs(connection, account, now), 0, now)
            connection.execute(
                insert(SUBMISSIONS).values(
                    key=key, connection=account, sent=now, owner=owner, outcome=JobState.SUBMITTING
                )
            )
            return change_job(
                connection,
                key,
                state=JobState.SUBMITTING,
                submitted=now,
                lease=now + lease_s,
                deadline=now + row["deadline_s"],
            )

    def abandoned(self) -> list[Job]:
        """Return the jobs whose preparation has given no sign of life in its lease."""
        return self._where(JOBS.c.state == JobState.CLAIMED, JOBS.c.lease <= self._now())


def owned(connection: Connection, key: str, owner: str, *states: JobState) -> RowMapping:
    """Return the row of a job that is in one of the states and the owner's.

    Raises:
        ClaimLostError: It is not.
        InputError: There is no such job.
    """
    row = existing(connection, key)
    if row["state"] not in states or not owner or row["owner"] != owner:
        msg = f"{job_of(row).name} is {row['state']}, and is not this worker's (any more)"
        raise ClaimLostError(msg)
    return row


def _check(draft: JobDraft) -> None:
    if not _KEY.fullmatch(draft.key) or not CASE_NAME.fullmatch(draft.case):
        msg = (
            "a job has a key of 64 hexadecimal digits, and a case of up to 64 letters, digits,"
            " dots, dashes and underscores"
        )
        raise InputError(msg)


def _is_free(row: RowMapping, now: float, *, again: bool) -> bool:
    """Tell whether a job may be submitted (again) without paying twice for what we may have."""
    match JobState(row["state"]):
        case JobState.REFUSED | JobState.RELEASED:
            return True
        case JobState.CLAIMED:
            return bool(row["lease"] <= now)
        case JobState.FAILED:
            return again
        case _:
            return False


def _preparing(connection: Connection, draft: JobDraft, now: float) -> int:
    """Count the other jobs of the account that somebody is about to submit."""
    query = select(func.count()).where(
        JOBS.c.state == JobState.CLAIMED,
        JOBS.c.lease > now,
        JOBS.c.connection == draft.connection,
        JOBS.c.key != draft.key,
    )
    return connection.scalar(query) or 0


def _new_row(connection: Connection, draft: JobDraft, now: float) -> RowMapping:
    values = {"key": draft.key, "case": draft.case, "folder": _folder(connection, draft)}
    asked = {"connection": draft.connection, "specification": "{}", "request": "{}"}
    connection.execute(insert(JOBS).values(state=JobState.CLAIMED, created=now, **values, **asked))
    return existing(connection, draft.key)


def _asked(connection: Connection, draft: JobDraft, row: RowMapping) -> dict[str, Any]:
    """Return the fields of a submission that starts anew."""
    same_case = row["case"] == draft.case
    return _FRESH | {
        "case": draft.case,
        "folder": row["folder"] if same_case else _folder(connection, draft),
        "connection": draft.connection,
        "specification": json.dumps(draft.specification),
        "request": json.dumps(draft.request),
    }


def _folder(connection: Connection, draft: JobDraft) -> str:
    """Return the case's own name, or one with enough of the key that no other job has.

    Raises:
        InputError: Cases are named so that nothing is left.
    """
    parts = [draft.key[:length] for length in (8, 16, 32)]
    names = [f"{draft.case[: _LONGEST_CASE - 1 - len(part)]}-{part}" for part in parts]
    for name in (draft.case, *names, draft.key):
        taken = select(JOBS.c.key).where(
            func.lower(JOBS.c.folder) == name.lower(), JOBS.c.key != draft.key
        )
        if connection.scalar(taken) is None:
            return name
    msg = "no folder is left for this case; give it another name"
    raise InputError(msg)
