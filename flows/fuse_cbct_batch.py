"""Submit many cases to the vendor, each once."""

from pathlib import Path
from typing import Any

from prefect import flow, unmapped
from prefect.client.schemas.objects import State

from flows.extract_cohort import Percent
from imaging.fusion.specification import FusionSpecification
from tasks.fusion import find_cases, hand_in, report_batch
from tasks.fusion_states import handed_in
from tasks.progress import settle
from tasks.threads import threads


@flow(task_runner=threads(2))
def fuse_cbct_batch(  # noqa: PLR0913 - each is a field of the form
    worklist: Path | None = None,
    *,
    connection: str = "default",
    dry_run: bool = False,
    deidentify: bool = True,
    specification: FusionSpecification = FusionSpecification(),  # noqa: B008 - frozen: what the form shows
    draco: bool = False,
    submit_again: bool = False,
    max_failed_percent: Percent = 50,
) -> State[Any]:
    """Hand in the cases of a CSV file, two at a time, as `fuse-cbct` does with one.

    A case that is refused is listed with its reason and never keeps the others. A second run joins
    what was submitted before, and pays for what was not. What the account allows a day and a month
    is kept to: cases beyond it are refused, and wait for a later run.

    Args:
        worklist: Path of a CSV file with the columns `case`, `upper_scan`, `lower_scan`, `cbct`
            and, where a folder holds several series, `series_instance_uid`; a line a case. Paths
            that are not absolute count from the data root.
        connection: Account at the vendor: `default` or `fusion-vendor/<name>`.
        dry_run: Check, and send nothing.
        deidentify: Take the patients' identities out of the CBCTs' headers on the way.
        specification: Which workflow of the vendor's, and which meshes in which format.
        draco: Write compressed GLB files too.
        submit_again: Pay for another run where the vendor failed on the same files before, or a
            person gave them up.
        max_failed_percent: The run fails when more than this share of the cases is refused, or all
            of them.
    """
    cases = find_cases(worklist)
    handing_in = hand_in.map(
        cases,
        specification=unmapped(specification),
        connection=connection,
        dry_run=dry_run,
        deidentify=deidentify,
        draco=draco,
        submit_again=submit_again,
    )
    outcomes = settle(handing_in, "fusion-batch-handed-in", "Cases handed in")
    return handed_in(report_batch(cases, outcomes, max_failed_percent), outcomes)
