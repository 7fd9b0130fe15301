"""Quarantine: candidates of patients with several treatments, and what a reviewer makes of them.

Every candidate lies whole in its own folder, `quarantine/<case id>/<key>`. The choice is kept first
(`resolutions.json`), so that a killed run or a later extraction comes to the same end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from imaging.cohort.codes import Outcome
from imaging.cohort.courses import day_of
from imaging.cohort.decision import Decision, Evidence
from imaging.cohort.manifest import quarantine_rows, read_manifest
from imaging.cohort.notes import CaseNotes, PatientNotes
from imaging.cohort.place import CohortFolder, case_place, quarantine_place
from imaging.cohort.publish import CohortSummary, write_manifest
from imaging.errors import InputError

_OF_CHOICE = {"I_EXEC_007", "II_EXEC_003", "I_SUCC_002", "I_SUCC_003"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One treatment that a reviewer may choose, in words that tell no date.

    Attributes:
        number: What the reviewer says.
        day: Days from the first candidate's study to this one's; "" where a date is not stated.
        key: Names the chain.
        outcome: What would become of it in the cohort.
        folder: Its files, with the pictures.
    """

    case_id: str
    number: int
    key: str
    outcome: Outcome
    course: str
    day: str
    study_description: str
    reason: str
    folder: Path

    @property
    def in_words(self) -> str:
        """One line for a form or a table."""
        when = f"course {self.course}" + (f", day {self.day}" if self.day else "")
        return f"{self.number}: {when}, {self.study_description} ({self.outcome})"


def candidates_of(cohort: CohortFolder, case_id: str) -> list[Candidate]:
    """Return the candidates of a case, in order of their numbers.

    Raises:
        InputError: The cohort has no such case, or nothing of it is in quarantine.
    """
    notes = _notes(cohort, case_id)
    rows = quarantine_rows(notes, cohort)
    if not rows:
        msg = f"{case_id} has nothing in quarantine"
        raise InputError(msg)
    first = min((row["study_date"] for row in rows if row["study_date"]), default="")
    return [_candidate(row, first) for row in rows]


def candidates_as_markdown(candidates: Sequence[Candidate]) -> str:
    """Return the candidates as a table to choose from, with where their files and pictures are."""
    lines = [
        "| case | candidate | course | day | description | would be | reason | folder |",
        "| --- | ---: | --- | --- | --- | --- | --- | --- |",
    ]
    for row in candidates:
        cells = (
            row.case_id,
            str(row.number),
            row.course,
            row.day,
            row.study_description,
            row.outcome.value,
            row.reason,
            f"`{row.folder}`",
        )
        lines.append(f"| {' | '.join(cell.replace('|', ' ') for cell in cells)} |")
    return "\n".join(lines)


def waiting(cohort: CohortFolder) -> list[str]:
    """Return the case ids of patients who have no case in the cohort, and candidates aside."""
    every = (PatientNotes.read(path) for path in sorted(cohort.all_notes()))
    return [notes.case_id for notes in every if notes.cases and not notes.taken]


def resolve(
    cohort: CohortFolder, case_id: str, number: int, *, reviewer: str = "", comment: str = ""
) -> CohortSummary:
    """Move the candidate of that number into the cohort; the others stay in quarantine.

    A case that was resolved before may be resolved otherwise: what was chosen then goes back.

    Raises:
        InputError: There is no such candidate, or it was not retrieved completely.
    """
    notes = _notes(cohort, case_id)
    aside = [case for case in notes.cases if case.aside]
    if not 1 <= number <= len(aside):
        msg = f"{case_id} has no candidate {number}: it has {len(aside)}"
        raise InputError(msg)
    chosen = aside[number - 1]
    if not chosen.is_complete:
        msg = f"candidate {number} of {case_id} is not complete on disk; extract the cohort again"
        raise InputError(msg)
    cohort.resolve(case_id, chosen.key, reviewer, comment)
    _taken_in(notes, chosen, cohort, reviewer or "a reviewer").write(cohort.notes(case_id))
    return write_manifest(_in_manifest(cohort), cohort)


def _taken_in(
    notes: PatientNotes, chosen: CaseNotes, cohort: CohortFolder, reviewer: str
) -> PatientNotes:
    """Exchange the case of a patient for the chosen candidate, folders first."""
    case_id = notes.case_id
    back = [case for case in notes.cases if case.name == case_id]
    kept = [case for case in notes.cases if case is not chosen and case not in back]
    put_aside = [_put_aside(case, cohort, case_id) for case in back]
    put_in = _put_in(chosen, cohort, case_id)
    evidence: Evidence = {"chosen_by": reviewer, "of": len(notes.cases), "key": chosen.key}
    judged = [decision for decision in notes.judged if decision.code not in _OF_CHOICE]
    return replace(
        notes,
        cases=(put_in, *put_aside, *kept),
        judged=(*judged, Decision("I_SUCC_002", "", evidence)),
        basis=" ".join([*notes.basis.split()[:2], chosen.key]),
    )


def _put_aside(case: CaseNotes, cohort: CohortFolder, case_id: str) -> CaseNotes:
    """Move a case of the cohort to quarantine; what an earlier, killed try has moved stays."""
    home = quarantine_place(case_id, case.key)
    if (cohort.root / case.place).exists() and not (cohort.root / home).exists():
        (cohort.root / home).parent.mkdir(parents=True, exist_ok=True)
        (cohort.root / case.place).rename(cohort.root / home)
    return replace(case, name=f"{case_id}-{case.key}", place=home, aside=True)


def _put_in(case: CaseNotes, cohort: CohortFolder, case_id: str) -> CaseNotes:
    """Move a candidate into the cohort; likewise."""
    home = case_place(case_id)
    if (cohort.root / case.place).exists():
        (cohort.root / home).parent.mkdir(parents=True, exist_ok=True)
        (cohort.root / case.place).rename(cohort.root / home)
    return replace(case, name=case_id, place=home, aside=False)


def _candidate(row: dict[str, Any], first_date: str) -> Candidate:
    first, own = day_of(first_date), day_of(row["study_date"])
    return Candidate(
        case_id=row["case_id"],
        number=row["candidate"],
        key=row["key"],
        outcome=Outcome(row["outcome"]),
        course=row["course"],
        day="" if first is None or own is None else f"{(own - first).days:+d}",
        study_description=row["study_description"],
        reason=row["reason"],
        folder=Path(row["folder"]),
    )


def _notes(cohort: CohortFolder, case_id: str) -> PatientNotes:
    path = cohort.notes(case_id)
    if not path.exists():
        msg = f"the cohort {cohort.name} has no case {case_id!a}"
        raise InputError(msg)
    return PatientNotes.read(path)


def _in_manifest(cohort: CohortFolder) -> Iterator[PatientNotes]:
    """Yield the notes of the patients in the manifest, each once."""
    wanted = set(read_manifest(cohort.manifest)["patient_id"])
    for path in sorted(cohort.all_notes()):
        notes = PatientNotes.read(path)
        if notes.patient_id in wanted:
            yield notes
