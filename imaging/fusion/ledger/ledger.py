"""The ledger: what was submitted, what became of it, and what is to be done about it now."""

import math
import secrets

from sqlalchemy import or_

from imaging.errors import InputError
from imaging.fusion.job import Job, JobState
from imaging.fusion.ledger.claims import owned
from imaging.fusion.ledger.decisions import Decisions
from imaging.fusion.ledger.rows import change_job, existing, note_run, plain, row_of
from imaging.fusion.ledger.tables import JOBS, job_of


class Ledger(Decisions):
    """What is paid for; it, and no run's state, decides whether anything is sent.

    May be used by many processes, threads and machines at once. The machines' clocks should agree
    within some seconds, as leases are moments.
    """

    def rang(self, key: str) -> None:
        """Note that a callback came; of an unknown job, nothing."""
        with self._database.change() as connection:
            row = row_of(connection, key)
            if row is not None:
                later = math.nextafter(row["rang"], math.inf)  # two rings of one moment are two
                change_job(connection, key, rang=max(self._now(), later))

    def polled(self, key: str, next_poll: float) -> Job:
        """Note that the vendor is asked now, before it is: a callback from now on is news.

        Args:
            key: Of a submitted job; one that ended meanwhile is left as it is.
            next_poll: When to ask again, in seconds since 1970.

        Raises:
            InputError: Nothing was submitted for this job.
        """
        ended = (JobState.COMPLETED, JobState.FAILED)
        with self._database.change() as connection:
            row = existing(connection, key, JobState.SUBMITTED, *ended)
            if row["state"] in ended:
                return job_of(row)
            return change_job(
                connection, key, next_poll=next_poll, polls=row["polls"] + 1, heard=row["rang"]
            )

    def due(self) -> list[Job]:
        """Return the submitted jobs to ask the vendor about: it is time, or a callback came."""
        time_or_ring = or_(JOBS.c.next_poll <= self._now(), JOBS.c.rang > JOBS.c.heard)
        return self._where(JOBS.c.state == JobState.SUBMITTED, time_or_ring)

    def completed(self, key: str, run_id: str = "") -> Job:
        """Note that the vendor says that the job is done; a second time changes nothing.

        Args:
            key: Of a submitted job.
            run_id: Of the run that the vendor was asked about, lest an earlier one counts.

        Raises:
            InputError: The job is not submitted, failed, or has another run.
        """
        return self._end(key, JobState.COMPLETED, "", run_id)

    def failed(self, key: str, reason: str, run_id: str = "") -> Job:
        """Note that the vendor says that the job failed; a second time changes nothing.

        Args:
            key: Of a submitted job.
            reason: The vendor's.
            run_id: Of the run that the vendor was asked about, lest an earlier one counts.

        Raises:
            InputError: The job is not submitted, completed, or has another run.
        """
        return self._end(key, JobState.FAILED, reason, run_id)

    def to_collect(self) -> list[Job]:
        """Return the completed jobs whose results nobody has collected, or is collecting."""
        return self._where(
            JOBS.c.state == JobState.COMPLETED, JOBS.c.collected == 0, JOBS.c.lease <= self._now()
        )

    def begin_collection(
        self, key: str, lease_s: float = 120.0, *, again: bool = False
    ) -> str | None:
        """Ask to collect a completed job's results; exactly one of several who ask gets it.

        Args:
            key: Of the job.
            lease_s: After so long without a sign of life, another may.
            again: Even though they were collected before.

        Returns:
            The owner to prove it with; None when another collects them, or they are collected.

        Raises:
            InputError: The job is not completed.
        """
        now = self._now()
        with self._database.change() as connection:
            row = existing(connection, key, JobState.COMPLETED)
            if row["lease"] > now or (row["collected"] and not again):
                return None
            owner = secrets.token_hex(8)
            change_job(
                connection,
                key,
                owner=owner,
                lease=now + lease_s,
                collections=row["collections"] + 1,
                starts=row["starts"] + 1,
            )
            return owner

    def renew_collection(self, key: str, owner: str, lease_s: float = 120.0) -> None:
        """Give a sign of life while collecting.

        Raises:
            ClaimLostError: Another collects them by now.
        """
        with self._database.change() as connection:
            row = owned(connection, key, owner, JobState.COMPLETED)
            change_job(connection, key, lease=max(row["lease"], self._now() + lease_s))

    def end_collection(self, key: str, owner: str, collected: bool, reason: str = "") -> Job:
        """Note that the results lie whole in the folder, or why they do not.

        Raises:
            ClaimLostError: Another collects them by now.
        """
        with self._database.change() as connection:
            row = owned(connection, key, owner, JobState.COMPLETED)
            moment = self._now() if collected else row["collected"]
            return change_job(
                connection, key, owner="", lease=0.0, collected=moment, reason=plain(reason)
            )

    def next_start(self, key: str, dead_start: int) -> Job:
        """Name the next run that collects a job, as the one named so died before it began.

        Args:
            key: Of the job.
            dead_start: `Job.starts` of the dead run's name; of several who found it dead, the
                first counts.

        Raises:
            InputError: There is no such job.
        """
        with self._database.change() as connection:
            row = existing(connection, key)
            if row["starts"] != dead_start:
                return job_of(row)
            return change_job(connection, key, starts=dead_start + 1)

    def _end(self, key: str, state: JobState, reason: str, run_id: str) -> Job:
        with self._database.change() as connection:
            if state is JobState.COMPLETED:  # a person wrote it off while the vendor was asked
                self._take_back(connection, existing(connection, key), run_id)
            row = existing(connection, key, JobState.SUBMITTED, state)
            if run_id and row["run_id"] != run_id:
                msg = f"{job_of(row).name} has another run than the one asked about"
                raise InputError(msg)
            if row["state"] == state:
                return job_of(row)
            note_run(connection, row["run_id"], state)
            return change_job(connection, key, state=state, reason=plain(reason))
