"""What became of a submission: the vendor's answer, or its callback's."""

import logging
from typing import Literal

from sqlalchemy import Connection, RowMapping, select

from imaging.errors import InputError
from imaging.fusion.job import Job, JobState
from imaging.fusion.ledger.claims import Claims, owned
from imaging.fusion.ledger.rows import (
    ClaimLostError,
    change_job,
    checked_run_id,
    existing,
    key_of_run,
    note_outcome,
    open_submission,
    plain,
    row_of,
)
from imaging.fusion.ledger.tables import JOBS, SUBMISSIONS, job_of

log = logging.getLogger(__name__)

Adoption = Literal["adopted", "known", "conflict", "unknown"]

# Where no run is known, a run id makes these SUBMITTED. All but the first two could be sent again,
# and a callback shows that they need not be: the vendor took a submission after all.
_OPEN_TO_RUN = (
    JobState.SUBMITTING,
    JobState.UNCERTAIN,
    JobState.RELEASED,
    JobState.REFUSED,
    JobState.CLAIMED,
    JobState.FAILED,  # without a run: a person gave it up
)


class Answers(Claims):
    """Which run a submission became, if any."""

    def submitted(self, key: str, run_id: str, owner: str = "") -> Job:
        """Note the run that the vendor's answer names: it is paid for.

        Args:
            key: Of the job.
            run_id: The vendor's.
            owner: Of `Claim`; tells this submission from a later one of the same job.

        Raises:
            InputError: Nothing was sent for this job, or the run is another submission's.
        """
        checked_run_id(run_id)
        with self._database.change() as connection:
            row = existing(connection, key)
            if row["run_id"] == run_id:
                return job_of(row)
            number = open_submission(connection, key, owner)
            if number is None and owner:  # an earlier one's run may have been taken for ours
                number = open_submission(connection, key, refused=True)
            if number is None or key_of_run(connection, run_id) is not None:
                msg = f"{job_of(row).name}: that run is not of this submission"
                raise InputError(msg)
            if _lacks_run(row):
                return _attach(connection, key, number, run_id, self._now())
            log.warning("%s was paid for twice, as it was released", job_of(row).name)
            note_outcome(connection, number, run_id=run_id, outcome=JobState.SUBMITTED)
            return job_of(row)

    def adopt(self, key: str, run_id: str) -> Adoption:
        """Give a job the run that a callback or a person names, where its own is unknown.

        Returns:
            ``adopted``, also where a person waited for this run no longer; ``known``: it has this
            run, or had; ``conflict``: it has another, none can be missing, or the run is another
            job's; ``unknown``: there is no such job.

        Raises:
            InputError: The run id cannot be one.
        """
        checked_run_id(run_id)
        with self._database.change() as connection:
            row = row_of(connection, key)
            if row is None:
                return "unknown"
            if (owner_key := key_of_run(connection, run_id)) not in {None, key}:
                return "conflict"
            if owner_key == key:
                return "adopted" if self._take_back(connection, row, run_id) else "known"
            number = open_submission(connection, key, refused=True)
            if number is None or not _lacks_run(row):
                return "conflict"
            _attach(connection, key, number, run_id, self._now())
            return "adopted"

    def refused(self, key: str, reason: str, owner: str = "") -> Job:
        """Note that the vendor surely took nothing, or that nothing was sent: it may be claimed.

        Args:
            key: Of the job.
            reason: In words, without secrets.
            owner: Of `Claim`; needed to give up a claim.

        Raises:
            ClaimLostError: The job is another's by now.
            InputError: The job has a run, or nobody claimed it.
        """
        states = (JobState.CLAIMED, JobState.SUBMITTING, JobState.UNCERTAIN)
        with self._database.change() as connection:
            row = _held(connection, key, owner, *states)
            if row["state"] != JobState.CLAIMED:
                number = open_submission(connection, key, row["owner"])
                note_outcome(connection, number, outcome=JobState.REFUSED)
            return change_job(
                connection, key, state=JobState.REFUSED, reason=plain(reason), lease=0.0, owner=""
            )

    def uncertain(self, key: str, reason: str, owner: str = "") -> Job:
        """Note that the answer was lost; of a job that a callback repaired meanwhile, nothing.

        Raises:
            ClaimLostError: The job is another's by now.
            InputError: Nothing was sent for this job.
        """
        sent = (JobState.SUBMITTING, JobState.UNCERTAIN)
        repaired = (JobState.SUBMITTED, JobState.COMPLETED, JobState.FAILED)
        with self._database.change() as connection:
            row = existing(connection, key, *sent, *repaired)
            if row["state"] in repaired:
                return job_of(row)
            return _make_uncertain(connection, _held(connection, key, owner, *sent), reason)

    def sweep(self) -> list[Job]:
        """Call the jobs uncertain whose worker vanished while it submitted, and return them."""
        vanished = (JOBS.c.state == JobState.SUBMITTING, JOBS.c.lease <= self._now())
        if not self._where(*vanished):
            return []  # as nearly always: no need to keep others from their changes
        with self._database.change() as connection:
            rows = connection.execute(select(JOBS).where(*vanished)).mappings().all()
            reason = "its worker ended before the vendor's answer came"
            return [_make_uncertain(connection, row, reason) for row in rows]

    def _take_back(self, connection: Connection, row: RowMapping, run_id: str) -> bool:
        """Go on with a run of a job that a person waited for no longer, where the job does not."""
        written_off = select(SUBMISSIONS.c.number).where(
            SUBMISSIONS.c.key == row["key"],
            SUBMISSIONS.c.run_id == run_id,
            SUBMISSIONS.c.outcome == JobState.RELEASED,
        )
        number = connection.scalar(written_off)
        if number is None or row["state"] not in _OPEN_TO_RUN:
            return False
        _attach(connection, row["key"], number, run_id, self._now())
        return True


def _lacks_run(row: RowMapping) -> bool:
    return row["run_id"] is None and row["state"] in _OPEN_TO_RUN


def _attach(connection: Connection, key: str, number: int, run_id: str, now: float) -> Job:
    note_outcome(connection, number, run_id=run_id, outcome=JobState.SUBMITTED)
    return change_job(
        connection,
        key,
        state=JobState.SUBMITTED,
        run_id=run_id,
        reason="",
        next_poll=now,
        lease=0.0,
        owner="",
    )


def _make_uncertain(connection: Connection, row: RowMapping, reason: str) -> Job:
    """Keep the owner: its late answer is the best that can come."""
    number = open_submission(connection, row["key"], row["owner"])
    note_outcome(connection, number, outcome=JobState.UNCERTAIN)
    return change_job(
        connection, row["key"], state=JobState.UNCERTAIN, reason=plain(reason), lease=0.0
    )


def _held(connection: Connection, key: str, owner: str, *states: JobState) -> RowMapping:
    """Return the row of a job that is the owner's; who names no owner holds no claim."""
    row = existing(connection, key, *states)
    if owner:
        return owned(connection, key, owner, *states)
    if row["state"] == JobState.CLAIMED:
        msg = f"{job_of(row).name} is claimed; only its worker gives it up"
        raise ClaimLostError(msg)
    return row
