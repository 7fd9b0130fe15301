"""What a job's state means, for a person who sees it."""

from datetime import UTC, datetime
from typing import Any

from imaging.fusion.job import Job, JobState
from imaging.fusion.ledger import Ledger

_MEANINGS = {
    JobState.CLAIMED: "a worker checks, packs and uploads it; nothing is paid",
    JobState.SUBMITTING: "it is being submitted right now",
    JobState.UNCERTAIN: "the vendor's answer was lost: it may be paid for. Its callback settles it;"
    " else decide with resolve-fusion",
    JobState.SUBMITTED: "the vendor has it; the results are collected when they are done",
    JobState.COMPLETED: "the vendor is done; the results are collected next",
    JobState.FAILED: "it failed, or was given up; to pay for another run of the same files, run"
    " fuse-cbct with submit_again",
    JobState.REFUSED: "it was not accepted, and nothing was paid; run fuse-cbct again",
    JobState.RELEASED: "a person allowed that it is submitted, and paid for, again;"
    " run fuse-cbct again",
}
_TO_DO = {
    JobState.UNCERTAIN: "look for the run in the vendor's own list: adopt it by its run id, or"
    " release the job when there is none",
    JobState.SUBMITTED: "it is paid for and overdue: ask the vendor. Adopt another run id if they"
    " name one; else give it up, or release it to pay for it again",
    JobState.COMPLETED: "it is paid for, and its results cannot be collected: mend the reason and"
    " run collect-fusion, or ask the vendor. Else give it up, or release it to pay for it again",
}


def meaning_of(job: Job) -> str:
    """Say what a job's state means, and what follows."""
    if job.collected:
        return f"done, and its results are collected in fusions/{job.folder}"
    return _MEANINGS[job.state]


def told_of(job: Job) -> str:
    """Say what a job's state means, what follows, and the reason where there is one."""
    reason = f" ({job.reason})" if job.reason else ""
    return meaning_of(job) + reason


def job_as_markdown(job: Job) -> str:
    """Write a job as a table for a person; it holds no address and no secret."""
    rows = {
        "case": job.case,
        "state": f"{job.state}: {meaning_of(job)}",
        "run id": job.run_id or "none yet",
        "submitted": moment(job.submitted),
        "overdue from": moment(job.deadline),
        "account": job.connection,
        "results": f"fusions/{job.folder}",
        "key": job.key,
    }
    if job.reason:
        rows["reason"] = job.reason
    lines = [f"| {name} | {_cell(text)} |" for name, text in rows.items()]
    return "\n".join([f"# {job.case}", "", "| | |", "|---|---|", *lines])


def undecided_rows(ledger: Ledger) -> list[dict[str, Any]]:
    """Return a row for each job that a person may have to decide about, the oldest first."""
    return [
        {
            "job": job.name,
            "case": job.case,
            "state": str(job.state),
            "sent": moment(job.submitted),
            "run id": job.run_id,
            "reason": job.reason,
            "what to do": _TO_DO[job.state],
        }
        for job in sorted(ledger.undecided(), key=lambda job: job.submitted)
    ]


def moment(seconds: float) -> str:
    """Write a moment of the ledger; empty where there was none."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC" if seconds else ""


def _cell(text: str) -> str:
    """Return text that stays in its cell."""
    return " ".join(text.split()).replace("|", "\\|")
