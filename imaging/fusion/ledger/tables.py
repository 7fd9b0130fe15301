"""Tables of the ledger, the same on SQLite and on PostgreSQL, and their rows as values."""

import json
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import (
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    func,
)

from imaging.fusion.job import Job, JobState

VERSION = 1

METADATA = MetaData()


def _moment(name: str) -> Column[float]:
    return Column(name, Double, nullable=False, default=0.0)


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, default=0)


LEDGER = Table("fusion_ledger", METADATA, Column("version", Integer, primary_key=True))

JOBS = Table(
    "fusion_jobs",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("case", String(64), nullable=False),
    Column("folder", String(64), nullable=False),
    Column("connection", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("run_id", String(256), unique=True),  # NULL until known: many may be unknown
    Column("reason", Text, nullable=False, default=""),
    Column("specification", Text, nullable=False),
    Column("request", Text, nullable=False),
    _moment("created"),
    _moment("submitted"),
    _moment("deadline"),
    _moment("next_poll"),
    _count("polls"),
    _moment("rang"),
    _moment("lease"),
    _count("claims"),
    _count("collections"),
    _count("starts"),
    _moment("collected"),
    # Of no interest outside: whose lease it is, how long a run may take, which ring was answered.
    Column("owner", String(32), nullable=False, default=""),
    _moment("deadline_s"),
    _moment("heard"),
)
Index("fusion_jobs_state", JOBS.c.state)
# Some file systems hold `Case` and `case` for one.
Index("fusion_jobs_folder", func.lower(JOBS.c.folder), unique=True)

SUBMISSIONS = Table(
    "fusion_submissions",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("key", String(64), ForeignKey("fusion_jobs.key"), nullable=False),
    Column("connection", Text, nullable=False),
    _moment("sent"),
    Column("owner", String(32), nullable=False),
    Column("run_id", String(256), unique=True),
    Column("outcome", String(16), nullable=False),
)
Index("fusion_submissions_key", SUBMISSIONS.c.key)
Index("fusion_submissions_sent", SUBMISSIONS.c.sent)


@dataclass(frozen=True, slots=True)
class Submission:
    """One POST that may have cost money.

    Attributes:
        key: Of the job.
        connection: Name of the account that pays.
        sent: When, in seconds since 1970.
        run_id: The vendor's; empty when its answer was lost.
        outcome: What became of it: the state that it brought the job to last; RELEASED where a
            person waited for it no longer.
    """

    key: str
    connection: str
    sent: float
    run_id: str
    outcome: JobState

    @classmethod
    def of(cls, row: RowMapping) -> "Submission":
        """Make one of its row."""
        return cls(
            key=row["key"],
            connection=row["connection"],
            sent=row["sent"],
            run_id=row["run_id"] or "",
            outcome=JobState(row["outcome"]),
        )


def job_of(row: RowMapping) -> Job:
    """Make a job of its row."""
    values: dict[str, Any] = {field.name: row[field.name] for field in fields(Job)}
    values["state"] = JobState(values["state"])
    values["run_id"] = values["run_id"] or ""
    for name in ("specification", "request"):
        values[name] = json.loads(values[name])
    return Job(**values)
