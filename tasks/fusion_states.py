"""How runs about fusions end: by names that tell in the UI what a job waits for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from imaging.fusion import journey
from imaging.fusion.job import Job, JobState
from tasks.fusion import HandedIn
from tasks.fusion_runs import start_collection

_ENDS = {
    JobState.CLAIMED: "Joined",  # another run is at it, or died of late
    JobState.SUBMITTING: "Joined",
    JobState.UNCERTAIN: "Uncertain",
    JobState.COMPLETED: "AlreadyDone",
}


def rehearsed() -> State[Any]:
    """Return how a dry run ends."""
    return Completed(name="DryRun", message="Nothing was sent or paid for.")


def submitted(job: Job) -> State[Any]:
    """Return how a run ends that leaves its job to the vendor and the callback."""
    told = _told(job)
    if job.state is JobState.FAILED:
        return Failed(message=told)
    if job.state is JobState.COMPLETED and not job.collected:
        start_collection(job.key)  # paid for before: there is nothing left to wait for
    return Completed(name=_ENDS.get(job.state, "Submitted"), message=told)


def handed_in(told: str, outcomes: Sequence[HandedIn]) -> State[Any]:
    """Return how a batch ends."""
    rehearsed = any(outcome.is_rehearsed for outcome in outcomes)
    return Completed(name="DryRun" if rehearsed else "Submitted", message=told)


def collected(result: Path | Job) -> State[Any] | Path:
    """Return how a collection ends: with the folder, or with the job that is not done yet."""
    if isinstance(result, Path):
        return result
    told = _told(result)
    if result.state is JobState.FAILED:
        return Failed(message=told)
    return Completed(name="NotReady", message=told)


def _told(job: Job) -> str:
    return f"{job.name}: {journey.told_of(job)}"
