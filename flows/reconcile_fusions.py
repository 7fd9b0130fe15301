"""Look after every fusion that waits: the net under lost callbacks and killed runs."""

from prefect import flow

from tasks.fusion_care import look_after_jobs


@flow
def reconcile_fusions() -> int:
    """Ask the vendor about the jobs whose time it is, and start what must follow.

    Jobs that are done are collected, preparations whose run was killed are begun anew, and
    submissions whose answer was lost are listed for `resolve-fusion`; nothing is ever submitted
    twice. Without jobs it ends at once.
    """
    return look_after_jobs()
