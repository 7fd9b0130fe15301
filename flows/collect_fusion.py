"""Collect what the vendor made of a case, and show it."""

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from tasks.fusion_results import collect_job
from tasks.fusion_states import collected


@flow
def collect_fusion(job: str = "") -> State[Any] | Path:
    """Fetch the meshes of a job, check and measure them, and show them as pictures and in 3-D.

    It is started by the vendor's callback or by `reconcile-fusions`; to start it by hand is
    harmless: what is there is not fetched again, and the vendor is asked how the job stands.

    Args:
        job: The job, by its case, the beginning of its key, or the vendor's run id.
    """
    return collected(collect_job(job))
