"""The vendor's callbacks: each job has an address that nobody can guess, and rings a bell there.

The vendor signs nothing, so that the address is all there is to tell its call from a stranger's. A
call is therefore believed for one thing only: the run id of a job whose own was never learnt.
Whether the run went well is asked of the vendor.
"""

import hmac
import json
import re
from enum import Enum, auto
from typing import Protocol

from imaging.fusion.connection import VendorConnection
from imaging.fusion.vendor.payloads import is_run_id

PATH = "/callbacks/fusion"

_KEY = re.compile(r"[0-9a-f]{64}")
_PURPOSE = b"fusion callback of job "  # what else is made with the secret is never an address


class Received(Enum):
    """What a callback was.

    KNOWN      of a run that is known; again, perhaps
    ADOPTED    it told the run id of a job whose submission was never answered
    CONFLICT   it names another run than the job's, or another job's
    UNKNOWN    of no job, or not from who was given the address
    MALFORMED  its body says nothing that is understood
    """

    KNOWN = auto()
    ADOPTED = auto()
    CONFLICT = auto()
    UNKNOWN = auto()
    MALFORMED = auto()


class Bells(Protocol):
    """What is needed of a ledger."""

    def adopt(self, key: str, run_id: str) -> str:
        """Note the run id of a job that has none, and say what became of it."""

    def rang(self, key: str) -> None:
        """Note that the callback of a job came."""


def callback_token(secret: bytes, key: str) -> str:
    """Return what proves that a call is of a job: 64 hexadecimal digits of HMAC-SHA256.

    Args:
        secret: Of the project: `imaging.settings.callback_key`.
        key: Of the job.
    """
    return hmac.digest(secret, _PURPOSE + key.encode(), "sha256").hex()


def callback_url(connection: VendorConnection, key: str) -> str:
    """Return the address that the vendor calls when a job is done; "" where it reaches nobody.

    It is as good as a password for this job: it belongs into the submission and nowhere else.
    """
    if not connection.callback_url:
        return ""
    token = callback_token(connection.callback_key, key)
    return f"{connection.callback_url.rstrip('/')}{PATH}/{key}/{token}"


def is_genuine(secret: bytes, key: str, token: str) -> bool:
    """Say whether an address is one that this project gave away; as quickly if it is not."""
    given = token.encode(errors="replace")
    expected = callback_token(secret, key.encode(errors="replace").decode()).encode()
    return hmac.compare_digest(given, expected) and _KEY.fullmatch(key) is not None


def receive(ledger: Bells, secret: bytes, key: str, token: str, body: bytes) -> Received:
    """Take a callback: note that it came, and the run's id where that is not known.

    The same call may come any number of times. A stranger's is recognised without the ledger, so
    that its answer takes as long for a job that there is as for one that there is not.

    Args:
        ledger: Of the jobs.
        secret: What addresses are made with.
        key: Out of the address.
        token: Likewise.
        body: As it came, of bounded length.

    Raises:
        RemoteUnavailableError: The ledger is busy; the vendor may call again.
    """
    if not is_genuine(secret, key, token):
        return Received.UNKNOWN
    if (run_id := _run_id(body)) is None:
        return Received.MALFORMED
    outcome = Received[ledger.adopt(key, run_id).upper()]
    if outcome is Received.KNOWN:  # of a run that was just learnt the vendor is asked anyway
        ledger.rang(key)
    return outcome


def _run_id(body: bytes) -> str | None:
    """Return the run that a callback is of; its other fields are nobody's word."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or nested without end
        return None
    run_id = content.get("workflow_id") if isinstance(content, dict) else None
    return run_id if is_run_id(run_id) else None
