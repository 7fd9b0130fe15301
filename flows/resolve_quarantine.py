"""Take a reviewer's choice among a patient's candidates, and move it into the cohort."""

from pathlib import Path
from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.compute_dvh import compute_dvh
from flows.extract_cohort import CohortName
from tasks.quarantine import (
    ask_reviewer,
    candidate_of,
    report_choice,
    resolve_case,
    show_candidates,
)


@flow(flow_run_name="resolve-{cohort}")
def resolve_quarantine(
    cohort: CohortName = "cohort",
    case_id: str = "",
    candidate: Annotated[int, Field(ge=0)] = 0,
    reviewer: str = "",
    comment: str = "",
) -> Path:
    """Choose one of several complete treatments of a patient.

    Candidates lie in `quarantine/` of the cohort, each in its own folder, with contact sheets to
    look at. The one that is chosen moves to `patients/`; manifest, DVHs and report are written
    anew, and later extractions keep to the choice. Without a candidate, this run shows a form in
    Prefect's UI and waits for it.

    Args:
        cohort: Name of the cohort.
        case_id: The patient, as `quarantine.csv` lists them; empty asks about all who wait.
        candidate: Number of the candidate, as listed there; 0 asks.
        reviewer: Who decided; kept with the choice.
        comment: Why; kept with the choice, so name no patient.
    """
    candidates = show_candidates(cohort, case_id)
    if candidate:
        chosen, decided_by, why = candidate_of(candidates, candidate), reviewer, comment
    else:
        chosen, decided_by, why = ask_reviewer(candidates)
    summary = resolve_case(cohort, chosen, decided_by or reviewer, why or comment)
    if summary.has_dvhs:
        compute_dvh(cohort, return_state=True)
    report_choice(cohort)
    return summary.manifest
