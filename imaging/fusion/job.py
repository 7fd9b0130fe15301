"""A job at the vendor, as the ledger remembers it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    """Where a job stands; only the ledger moves it.

    CLAIMED     a worker checks, packs and uploads; nothing is paid. Its lease over, another may
    SUBMITTING  the POST that costs money is on its way
    UNCERTAIN   its answer was lost: paid or not, nobody knows; never sent again by itself
    SUBMITTED   the vendor gave it a run id, so it is paid for
    COMPLETED   the vendor says that it is done
    FAILED      the vendor says that it failed, or a person gave it up
    REFUSED     the vendor took nothing (a clean 4xx, or no connection): may be claimed again
    RELEASED    a person said that it may be sent (and paid for) again
    """

    CLAIMED = "CLAIMED"
    SUBMITTING = "SUBMITTING"
    UNCERTAIN = "UNCERTAIN"
    SUBMITTED = "SUBMITTED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    REFUSED = "REFUSED"
    RELEASED = "RELEASED"


@dataclass(frozen=True, slots=True)
class JobDraft:
    """What a worker wants to submit.

    Attributes:
        key: Its content's: 64 hexadecimal digits.
        case: The person's neutral name of it.
        connection: Name of the account that pays.
        specification: Fields of `FusionSpecification`.
        request: Parameters of the flow, to start an abandoned preparation again.
        again: It may be submitted though the same content failed before.
    """

    key: str
    case: str
    connection: str
    specification: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    again: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A row of the ledger. Times are seconds since 1970; 0 where there was none.

    Attributes:
        key: Its content's: 64 hexadecimal digits.
        case: The person's neutral name of it.
        folder: Of its results, a name below `fusions` that no other job has.
        connection: Name of the account that pays.
        state: Where it stands.
        run_id: The vendor's; empty until known.
        reason: Why it failed, was refused or is uncertain; holds no secret and no address.
        specification: Fields of `FusionSpecification`.
        request: Parameters of the flow that asked for it.
        created: When it was first claimed.
        submitted: When its POST was last sent.
        deadline: When it is overdue.
        next_poll: When the vendor is asked next.
        polls: How often it was asked.
        rang: When its callback last came.
        lease: Until when a worker prepares, submits or collects it.
        claims: How often its preparation was begun.
        collections: How often its collection was begun.
        starts: Makes the idempotency key of the run that collects it next.
        collected: When its results lay whole in the folder.
    """

    key: str
    case: str
    folder: str
    connection: str
    state: JobState
    run_id: str = ""
    reason: str = ""
    specification: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    created: float = 0.0
    submitted: float = 0.0
    deadline: float = 0.0
    next_poll: float = 0.0
    polls: int = 0
    rang: float = 0.0
    lease: float = 0.0
    claims: int = 0
    collections: int = 0
    starts: int = 0
    collected: float = 0.0

    @property
    def name(self) -> str:
        """Name it in logs and runs: the case, and enough of the key to tell it from others."""
        return f"{self.case}-{self.key[:8]}"
