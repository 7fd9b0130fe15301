"""Read the ledger."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import ColumnElement, and_, or_, select

from imaging.fusion.job import Job, JobState
from imaging.fusion.ledger.budget import Spent
from imaging.fusion.ledger.database import Database
from imaging.fusion.ledger.rows import select_jobs, sent_runs
from imaging.fusion.ledger.tables import JOBS, SUBMISSIONS, Submission
from imaging.fusion.place import STATE
from imaging.settings import Settings

_KEY_PART = re.compile(r"[0-9a-f]{8,64}")


class Records:
    """What the ledger remembers.

    Args:
        url: Of its database, see `Database`; or the path of a file of SQLite.
        now: Returns seconds since 1970.

    Raises:
        SettingError: The address is none.
    """

    def __init__(self, url: str | Path, now: Callable[[], float] = time.time) -> None:
        self._database = Database(url)
        self._now = now

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the ledger of the settings: the database they name, else a file of the project."""
        url = settings.fusion_ledger_url.get_secret_value()
        return cls(url or settings.data_root / STATE / "ledger.sqlite")

    def hold_open(self) -> None:
        """Make every further call quicker, in a process that lives long and does not fork.

        Raises:
            RemoteUnavailableError: The database is busy or cannot be reached.
            SettingError: It is damaged, another program's, or refuses us.
        """
        self._database.hold_open()

    def close(self) -> None:
        """End its use; otherwise no connection is held between two calls."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def get(self, key: str) -> Job | None:
        """Return the job of a content key, None when there is none."""
        found = self._where(JOBS.c.key == key)
        return found[0] if found else None

    def find(self, text: str) -> list[Job]:
        """Return the jobs that a person may mean.

        Args:
            text: A key or at least 8 digits of its beginning, a case, a run id, or a job's name.
        """
        text = text.strip()
        meant = [JOBS.c.case == text, JOBS.c.run_id == text]
        if _KEY_PART.fullmatch(text.lower()):
            meant.append(JOBS.c.key.startswith(text.lower()))
        case, _, part = text.rpartition("-")
        if _KEY_PART.fullmatch(part):
            meant.append(and_(JOBS.c.case == case, JOBS.c.key.startswith(part)))
        return self._where(or_(*meant))

    def jobs(self, *states: JobState) -> list[Job]:
        """Return the jobs in these states, or all of them, the oldest first."""
        return self._where(*([JOBS.c.state.in_(states)] if states else []))

    def history(self, key: str) -> list[Submission]:
        """Return every submission of a job, the first one first; none is ever taken out."""
        query = select(SUBMISSIONS).where(SUBMISSIONS.c.key == key).order_by(SUBMISSIONS.c.number)
        with self._database.read() as connection:
            return [Submission.of(row) for row in connection.execute(query).mappings()]

    def spent(self, account: str = "") -> Spent:
        """Count the runs that are or may be paid for.

        Args:
            account: Name of the connection that pays; empty for all.
        """
        now = self._now()
        with self._database.read() as connection:
            return Spent.of(sent_runs(connection, account, now), now)

    def _where(self, *conditions: ColumnElement[bool]) -> list[Job]:
        with self._database.read() as connection:
            return select_jobs(connection, *conditions)
