"""Jobs of fusions in a gateway's ledger, and the addresses that their callbacks go to."""

import threading
from pathlib import Path

from imaging.fusion.callbacks import callback_token
from imaging.fusion.job import Job, JobDraft
from imaging.fusion.ledger import Budget, Ledger
from imaging.settings import Settings, callback_key

KEY, OTHER_KEY = "0a" * 32, "0b" * 32
DONE = {"workflow_id": "run-1", "success": True, "reason": None, "metadata": {}}
PROJECT_KEY = "of these tests, and of nothing else"


def settings_of(root: Path) -> Settings:
    """What a worker that shares the gateway's data root goes by."""
    return Settings(_env_file=None, data_root=root, project_key=PROJECT_KEY, fusion_ledger_url="")


def ledger_of(root: Path) -> Ledger:
    """The ledger in a data root."""
    return Ledger.of(settings_of(root))


def submitting(ledger: Ledger, key: str = KEY, case: str = "P0001") -> None:
    """Bring a job to where the vendor's answer is awaited."""
    budget = Budget(100, 100)
    claim = ledger.claim(JobDraft(key, case, "default"), budget, 7200)
    ledger.begin_submission(key, claim.owner, budget)


def submitted(ledger: Ledger, key: str = KEY, case: str = "P0001", run_id: str = "run-1") -> Job:
    """Bring a job to the vendor."""
    submitting(ledger, key, case)
    return ledger.submitted(key, run_id)


def address(root: Path, key: str = KEY) -> str:
    """The path that the vendor is given for a job."""
    return f"/callbacks/fusion/{key}/{callback_token(callback_key(settings_of(root)), key)}"


class Woken:
    """Remembers who was told, and can be awaited."""

    def __init__(self, error: Exception | None = None) -> None:
        self.keys: list[str] = []
        self._called = threading.Semaphore(0)
        self._error = error

    def __call__(self, key: str) -> None:
        self.keys.append(key)
        self._called.release()
        if self._error:
            raise self._error

    def wait(self) -> None:
        assert self._called.acquire(timeout=20)
