"""Decide what became of a submission whose answer was lost."""

from typing import Literal

from prefect import flow

from tasks.fusion_care import resolve_job


@flow
def resolve_fusion(
    job: str = "",
    decision: Literal["show", "adopt", "release"] = "show",
    run_id: str = "",
    reviewer: str = "",
) -> int:
    """List the submissions that nobody knows to be paid for or not, or decide about one.

    When the answer to a submission is lost, it may be paid for, so it is never sent again by
    itself. The vendor's callback settles most; the vendor's list of runs tells the rest.

    Args:
        job: The job, by its case or the beginning of its key; not needed to show them.
        decision: `show` lists them. `adopt` takes the run that the vendor has, by its id, and goes
            on with it. `release` lets the case be submitted, and paid for, again.
        run_id: The vendor's id of the run, to adopt it; the vendor is asked whether it is there.
        reviewer: Who decided; kept in the ledger, so name no patient.
    """
    return resolve_job(job, decision, run_id, reviewer)
