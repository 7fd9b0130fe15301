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
from imaging.cohort.rehome import rehome
from imaging.errors import InputError

_EACH = "I_SUCC_003"
_OF_CHOICE = {"I_EXEC_007", "II_EXEC_003", "I_SUCC_002"}  # of several, until one is chosen


@dataclass(frozen=True, slots=True)
class Candidate:
    """One treatment that a reviewer may choose, in words that tell no date and no free text.

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
    slices: int
    reason: str
    folder: Path

    @property
    def in_words(self) -> str:
        """One line for a form or a table."""
        when = f"course {self.course}" + (f", day {self.day}" if self.day else "")
        return f"{self.number}: {when}, {self.slices} slices, {self.outcome} ({self.key})"


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
        "| case | candidate | course | day | slices | would be | reason | folder |",
        "| --- | ---: | --- | --- | ---: | --- | --- | --- |",
    ]
    for row in candidates:
        cells = (
            row.case_id,
            str(row.number),
            row.course,
            row.day,
            str(row.slices),
            row.outcome.value,
            row.reason,
            f"`{row.folder}`",
        )
        lines.append(f"| {' | '.join(cell.replace('|', ' ') for cell in cells)} |")
    return "\n".join(lines)


def waiting(cohort: CohortFolder) -> list[str]:
    """Return the case ids of patients with a course of which nothing was chosen yet."""
    every = (PatientNotes.read_or_none(path) for path in sorted(cohort.all_notes()))
    return [notes.case_id for notes in every if notes is not None and _is_open(notes)]


def resolve(
    cohort: CohortFolder, case_id: str, key: str, *, reviewer: str = "", comment: str = ""
) -> CohortSummary:
    """Move the candidate of that key into the cohort; the others stay in quarantine.

    A case that was resolved before may be resolved otherwise: what was chosen then goes back.

    Raises:
        InputError: There is no such candidate (any more), or it was not retrieved completely.
    """
    notes = _notes(cohort, case_id)
    chosen = next((case for case in notes.cases if case.aside and case.key == key), None)
    if chosen is None:
        msg = f"{case_id} has no candidate {key!a} in quarantine (any more): look again"
        raise InputError(msg)
    if not chosen.is_complete:
        msg = f"candidate {key} of {case_id} is not complete on disk; extract the cohort again"
        raise InputError(msg)
    cohort.resolve(case_id, key, reviewer, comment)
    decided = _taken_in(notes, chosen, reviewer or "a reviewer")
    rehome(notes, decided, cohort)
    decided.write(cohort.notes(case_id))
    return write_manifest(_in_manifest(cohort), cohort)


def _is_open(notes: PatientNotes) -> bool:
    """Tell whether a course of the patient has candidates only."""
    taken = {case.course for case in notes.taken}
    aside = {case.course for case in notes.cases if case.aside}
    return bool(aside - taken) if _takes_every_course(notes) or not taken else False


def _takes_every_course(notes: PatientNotes) -> bool:
    return any(d.code == _EACH or d.evidence.get("policy") == "every" for d in notes.judged)


def _taken_in(notes: PatientNotes, chosen: CaseNotes, reviewer: str) -> PatientNotes:
    """Exchange what is in the cohort for the chosen candidate: of its course, or altogether."""
    case_id = notes.case_id
    each_course = _takes_every_course(notes)
    name = f"{case_id}-{chosen.key}" if each_course else case_id
    put_in = replace(chosen, name=name, place=case_place(name), aside=False)
    cases = [put_in]
    for case in notes.cases:
        goes = not case.aside and (case.course == chosen.course or not each_course)
        if case.key != chosen.key:
            cases.append(_put_aside(case, case_id) if goes else case)
    evidence: Evidence = {"chosen_by": reviewer, "of": len(notes.cases), "key": chosen.key}
    judged = [decision for decision in notes.judged if decision.code not in _OF_CHOICE]
    if each_course and not any(decision.code == _EACH for decision in judged):
        judged.append(Decision(_EACH, "", {"courses": 1}))
    earlier = [key for key in notes.basis.split()[2:] if key != chosen.key]
    return replace(
        notes,
        cases=tuple(cases),
        judged=(*judged, Decision("I_SUCC_002", "", evidence)),
        basis=" ".join([*notes.basis.split()[:2], *earlier, chosen.key]),
    )


def _put_aside(case: CaseNotes, case_id: str) -> CaseNotes:
    place = quarantine_place(case_id, case.key)
    return replace(case, name=f"{case_id}-{case.key}", place=place, aside=True)


def _candidate(row: dict[str, Any], first_date: str) -> Candidate:
    first, own = day_of(first_date), day_of(row["study_date"])
    return Candidate(
        case_id=row["case_id"],
        number=row["candidate"],
        key=row["key"],
        outcome=Outcome(row["outcome"]),
        course=row["course"],
        day="" if first is None or own is None else f"{(own - first).days:+d}",
        slices=row["slices"],
        reason=row["reason"],
        folder=Path(row["folder"]),
    )


def _notes(cohort: CohortFolder, case_id: str) -> PatientNotes:
    notes = PatientNotes.read_or_none(cohort.notes(case_id))
    if notes is None:
        msg = f"the cohort {cohort.name} has no case {case_id!a}"
        raise InputError(msg)
    return notes


def _in_manifest(cohort: CohortFolder) -> Iterator[PatientNotes]:
    """Yield the notes of the patients in the manifest, each once."""
    wanted = set(read_manifest(cohort.manifest)["patient_id"])
    for path in sorted(cohort.all_notes()):
        notes = PatientNotes.read_or_none(path)
        if notes is not None and notes.patient_id in wanted:
            yield notes
