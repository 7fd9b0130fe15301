"""Fuse oral scans with a CBCT at the vendor: check, submit once, and see to the results."""

from pathlib import Path
from typing import Annotated, Any, Literal

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from imaging.fusion.place import CASE_NAME
from imaging.fusion.specification import FusionSpecification
from tasks.fusion import check_case, find_case, rehearse_case, submit_case, wait_for_case
from tasks.fusion_results import collect_job
from tasks.fusion_states import collected, rehearsed, submitted

CaseName = Annotated[str, Field(pattern=f"^{CASE_NAME.pattern}$")]


@flow(flow_run_name="fuse-{case}")
def fuse_cbct(  # noqa: PLR0913 - each is a field of the form
    case: CaseName = "case",
    upper_scan: Path | None = None,
    lower_scan: Path | None = None,
    cbct: Path | None = None,
    *,
    connection: str = "default",
    dry_run: bool = False,
    wait: Literal["callback", "inline"] = "callback",
    deidentify: bool = True,
    series_instance_uid: str = "",
    specification: FusionSpecification = FusionSpecification(),  # noqa: B008 - frozen: what the form shows
    draco: bool = False,
    submit_again: bool = False,
) -> State[Any] | Path:
    """Hand two oral scans and a CBCT to the vendor, who returns teeth, roots, crowns and jaws.

    Every run at the vendor costs money, so everything is checked first, and the same files are
    never paid for twice: what was submitted before is joined. Without an account at a vendor
    nothing leaves this machine: the run shows what would be sent (a dry run).

    The run ends as soon as the vendor has the case, as `Submitted`, and holds nothing meanwhile.
    Its callback, or else `reconcile-fusions`, starts `collect-fusion`, which fetches and shows the
    results in `<data root>/fusions/<case>/`.

    Args:
        case: A neutral name, which the vendor and everybody who sees this run may read; it names
            the folder of the results. Never a patient's.
        upper_scan: Path of the upper jaw's scan (STL, PLY, OBJ, OFF, GLB, DRC); paths that are not
            absolute count from the data root.
        lower_scan: Path of the lower jaw's scan.
        cbct: Path of the CBCT: a folder of DICOM files, a zip of them, or NRRD.
        connection: Account at the vendor: `default` is that of the settings; otherwise the name of
            a block, `fusion-vendor/<name>`.
        dry_run: Check and pack, show what would be sent, and send nothing.
        wait: `callback` ends after submitting; `inline` stays, asks until it is done, and collects:
            for a short job, or to try it out.
        deidentify: Take the patient's identity out of the CBCT's headers on the way. Scans never
            carry theirs: only their surface is sent. The anatomy itself can still be recognised.
        series_instance_uid: Which series of the CBCT, where there are several.
        specification: Which workflow of the vendor's, and which meshes in which format.
        draco: Write compressed GLB files too: a fifth of the size; not every program opens them.
        submit_again: Pay for another run where the vendor failed on the same files before, or a
            person gave them up.
    """
    files = {"upper_scan": upper_scan, "lower_scan": lower_scan, "cbct": cbct}
    found = find_case(case, files, series_instance_uid)
    prepared = check_case(found, specification)
    if rehearse_case(prepared, connection, deidentify=deidentify, asked=dry_run):
        return rehearsed()
    job = submit_case(
        prepared, connection, deidentify=deidentify, draco=draco, submit_again=submit_again
    )
    if wait == "callback":
        return submitted(job)
    return collected(collect_job(wait_for_case(job).key))
