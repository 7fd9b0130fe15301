"""The steps of a review: show the candidates, ask a person, move what was chosen."""

import logging
from pathlib import Path
from typing import Any, Literal, cast

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.flow_runs import pause_flow_run, suspend_flow_run
from prefect.input import RunInput
from prefect.runtime import deployment
from pydantic import Field, create_model

from imaging import cohort as rules
from imaging.cohort import Candidate, CohortFolder, CohortSummary
from imaging.errors import InputError
from imaging.settings import settings
from tasks.progress import artifact_key

log = logging.getLogger(__name__)

_SHOWN = 50  # candidates with their picture in the artifact: it stays under 100 KB without
_WAIT_S = 7 * 24 * 3600


@task(cache_policy=NO_CACHE)
def show_candidates(cohort: str, case_id: str) -> list[Candidate]:
    """Find what waits for a choice, and show it: the patient named, or all who have no case yet."""
    folder = CohortFolder.named(cohort, settings().data_root)
    cases = [case_id] if case_id else rules.waiting(folder)
    candidates = [candidate for case in cases for candidate in rules.candidates_of(folder, case)]
    if not candidates:
        msg = f"nothing in the quarantine of {cohort} waits for a choice"
        raise InputError(msg)
    create_markdown_artifact(
        rules.candidates_as_markdown(candidates[:_SHOWN]),
        artifact_key("quarantine", cohort),
        description=f"{len(candidates)} candidates of {len(cases)} patients of {cohort}",
    )
    return candidates


def ask_reviewer(candidates: list[Candidate]) -> tuple[Candidate, str, str]:
    """Ask a person in Prefect's UI; return the candidate, who chose it, and their comment.

    A run of a deployment is suspended meanwhile: its process ends, and it starts anew when it is
    resumed. A run without one waits in its process.
    """
    options = {f"{row.case_id} / {row.in_words}": row for row in candidates}
    form = _form(list(options))
    if deployment.id:
        answer: Any = suspend_flow_run(wait_for_input=form, timeout=_WAIT_S, key="choice")
    else:
        answer = pause_flow_run(wait_for_input=form, timeout=_WAIT_S, key="choice")
    return options[answer.candidate], answer.reviewer, answer.comment


@task(cache_policy=NO_CACHE)
def resolve_case(cohort: str, candidate: Candidate, reviewer: str, comment: str) -> CohortSummary:
    """Move the candidate into the cohort, and write the manifest anew."""
    folder = CohortFolder.named(cohort, settings().data_root)
    with folder.locked():
        summary = rules.resolve(
            folder, candidate.case_id, candidate.key, reviewer=reviewer, comment=comment
        )
    create_markdown_artifact(
        summary.to_markdown(cohort),
        artifact_key("cohort", cohort),
        description=f"{candidate.case_id}: candidate {candidate.number} moved into the cohort",
    )
    log.info("%s: candidate %s moved into the cohort", candidate.case_id, candidate.number)
    return summary


@task(cache_policy=NO_CACHE)
def report_choice(cohort: str) -> Path:
    """Write the cohort's report anew, by the specification it was extracted with."""
    folder = CohortFolder.named(cohort, settings().data_root)
    specification = rules.read_specification(folder.root / "specification.yaml").specification
    report = rules.write_report(folder, specification, show_ids=settings().show_patient_ids)
    return report.page


def candidate_of(candidates: list[Candidate], number: int) -> Candidate:
    """Return the candidate of that number, of the one patient they are of."""
    found = [row for row in candidates if row.number == number]
    if len(found) != 1:
        msg = f"name a case id together with one of its candidates: {number} names {len(found)}"
        raise InputError(msg)
    return found[0]


def _form(options: list[str]) -> type[RunInput]:
    """Make the form: one choice among the candidates."""
    choices: Any = Literal[tuple(options)]  # what there is to choose from is known only now
    model = create_model(
        "Choice",
        __base__=RunInput,
        candidate=(choices, Field(description="Which candidate goes into the cohort.")),
        reviewer=(str, Field("", description="Who decided; kept with the choice.")),
        comment=(str, Field("", description="Why; kept with the choice, so name no patient.")),
    )
    return cast("type[RunInput]", model)
