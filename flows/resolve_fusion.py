"""Decide what becomes of a fusion that goes no further by itself."""

from typing import Literal

from prefect import flow

from tasks.fusion_care import resolve_job


@flow
def resolve_fusion(
    job: str = "",
    decision: Literal["show", "adopt", "release", "give-up"] = "show",
    run_id: str = "",
    reviewer: str = "",
    may_pay_twice: bool = False,
) -> int:
    """List the fusions that need a person, or decide about one; what was paid stays on record.

    When the answer to a submission is lost, it may be paid for, so it is never sent again by
    itself. The vendor's callback settles most; the vendor's list of runs tells the rest. Others are
    surely paid for, and overdue (the vendor may have lost the run), or their results are of no use.

    Args:
        job: The job, by its case or the beginning of its key; not needed to show them.
        decision: `show` lists them. `adopt` takes a run that the vendor has, by its id, and goes
            on with it. `release` lets the case be submitted, and paid for, again. `give-up` waits
            no longer: nothing is submitted again unless `fuse-cbct` runs with `submit_again`.
        run_id: The vendor's id of the run, to adopt it; the vendor is asked whether it is there.
        reviewer: Who decided; kept in the ledger, so name no patient.
        may_pay_twice: To release what is surely paid for already: THE NEXT RUN OF `fuse-cbct` PAYS
            A SECOND TIME, and nobody gives back what the first one cost.
    """
    return resolve_job(job, decision, run_id, reviewer, may_pay_twice=may_pay_twice)
