"""Watching many task runs at once: a progress artifact, and results without an exception."""

import re
import time
from collections.abc import Callable, Sequence
from typing import TypeVar, cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.futures import PrefectFuture, as_completed

R = TypeVar("R")

TABLE_ROWS = 400  # keeps a table under 100 KB: the UI's list page loads every artifact whole
_UPDATE_EVERY_S = 1.0  # each update is a request to the server, which records some 30 a second


def artifact_key(*parts: str) -> str:
    """Make an artifact's key: lowercase letters, digits and dashes are all that Prefect takes.

    >>> artifact_key("decisions", "Breast_2026")
    'decisions-breast-2026'
    """
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")


def progress_bar(key: str, description: str) -> Callable[[str, float], None]:
    """Return what moves a progress bar: it takes a step in words, and a share of 1.

    It is called from the run's own thread. The bar appears with the first step: of what is done
    already, or not to be done, none would stand at 0 % for ever.
    """
    bar: UUID | None = None
    shown_at = 0.0

    def show(step: str, share: float) -> None:
        nonlocal bar, shown_at
        if bar is None:
            bar = cast("UUID", create_progress_artifact(0.0, artifact_key(key), description))
        if share >= 1 or time.monotonic() - shown_at > _UPDATE_EVERY_S:
            update_progress_artifact(bar, round(100 * share, 1), f"{description}: {step}")
            shown_at = time.monotonic()

    return show


def settle(futures: Sequence[PrefectFuture[R]], key: str, description: str) -> list[R]:
    """Wait for all task runs, showing progress, and return the results of those that succeeded.

    A run that failed has its state in the UI and its reason in the patient's notes; it must not
    take the others along.
    """
    if not futures:
        return []
    # In a synchronous flow these calls are synchronous; their types say both.
    bar = cast("UUID", create_progress_artifact(0.0, artifact_key(key), description))
    shown_at = time.monotonic()
    for done, future in enumerate(as_completed(list(futures)), start=1):
        future.wait()  # before this, its state is what the server knows, which may lag
        if done == len(futures) or time.monotonic() - shown_at > _UPDATE_EVERY_S:
            percent = round(100 * done / len(futures), 1)
            update_progress_artifact(bar, percent, f"{description}: {done} of {len(futures)}")
            shown_at = time.monotonic()
    return [future.result() for future in futures if future.state.is_completed()]
