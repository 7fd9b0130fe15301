"""A ledger with a clock that a test turns, and short ways to each state of a job."""

from dataclasses import dataclass, field
from typing import Any

from imaging.fusion.job import Job, JobDraft
from imaging.fusion.ledger import Budget, Claim, Ledger

NOON = 1_800_000_000.0
PLENTY = Budget(1000, 1000)


@dataclass
class Clock:
    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Desk:
    """A ledger, its clock, and the way of a job up to each state."""

    url: str
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.url, self.clock)

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    def claim(self, key: str, case: str = "case", budget: Budget = PLENTY, **fields: Any) -> Claim:
        draft = JobDraft(key, case, fields.pop("connection", "default"), **fields)
        return self.ledger.claim(draft, budget, deadline_s=7200)

    def submitting(self, key: str, **fields: Any) -> str:
        claim = self.claim(key, **fields)
        self.ledger.begin_submission(key, claim.owner, PLENTY)
        return claim.owner

    def uncertain(self, key: str) -> str:
        owner = self.submitting(key)
        self.ledger.uncertain(key, "lost", owner)
        return owner

    def submitted(self, key: str, run_id: str = "run-1", **fields: Any) -> Job:
        return self.ledger.submitted(key, run_id, self.submitting(key, **fields))

    def completed(self, key: str, run_id: str = "run-1") -> Job:
        self.submitted(key, run_id)
        return self.ledger.completed(key, run_id)

    def state(self, key: str) -> str:
        job = self.ledger.get(key)
        return job.state if job else ""


def key_of(number: int) -> str:
    return f"{number:x}".rjust(8, "0").ljust(64, "0")
