"""The last step of an extraction: the manifest, and what a person is told."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from imaging.cohort.codes import CODES, Outcome
from imaging.cohort.decision import Decision
from imaging.cohort.extract import Extraction, only
from imaging.cohort.manifest import (
    manifest_rows,
    quarantine_rows,
    read_manifest,
    split,
    write_table,
)
from imaging.cohort.notes import CaseNotes, PatientNotes
from imaging.cohort.place import CohortFolder
from imaging.errors import ImagingError

_REASONS = 60  # rows of the summary: it stays under the 100 KB that Prefect's UI bears


class CohortFailedError(ImagingError):
    """So many patients failed for technical reasons that the cohort means nothing."""


@dataclass(frozen=True, slots=True)
class CohortSummary:
    """A published cohort.

    Attributes:
        manifest: The table, as Parquet; its CSV lies beside it.
        table: The same in memory, one row a case.
        in_quarantine: How many candidates wait for a person.
    """

    manifest: Path
    table: pd.DataFrame
    in_quarantine: int = 0

    def count(self, outcome: Outcome) -> int:
        """Count the cases of one outcome."""
        return int((self.table["outcome"] == outcome.value).sum())

    @property
    def technical_failures(self) -> int:
        """Count the patients lost to the archive, the network or the disk, not to a rule."""
        codes = (split(str(cell)) for cell in self.table["codes"])
        return sum(any(CODES[code].is_technical for code in row) for row in codes)

    @property
    def in_words(self) -> str:
        """One line: how many of each outcome, and what had to be fetched."""
        counts = ", ".join(f"{self.count(outcome)} {outcome.value}" for outcome in Outcome)
        fetched, kept = int(self.table["fetched"].sum()), int(self.table["unchanged"].sum())
        return f"{counts}; {fetched} files fetched, {kept} unchanged"

    @property
    def cases_with_dose(self) -> int:
        """Count the cases that proceed and have what a DVH needs."""
        rows = self.table[self.table["outcome"] == Outcome.PROCEED.value]
        return int(((rows["rtstruct_file"] != "") & (rows["rtdose_files"] != "")).sum())

    @property
    def has_dvhs(self) -> bool:
        """Whether compute-dvh has been at work on this cohort."""
        return (self.manifest.parent / "dvh" / "metrics.parquet").exists()

    def to_markdown(self, name: str) -> str:
        """Return the summary that the run shows: counts by outcome and by reason, and where."""
        patients = self.table["patient_id"].nunique()
        lines = [f"# Cohort {name}", "", f"**{patients} patients**: {self.in_words}.", ""]
        lines += ["| outcome | cases | reason |", "| --- | ---: | --- |"]
        for (outcome, reason), cases in self._by_reason().most_common(_REASONS):
            lines.append(f"| {outcome} | {cases} | {reason or 'complete and consistent'} |")
        lines += ["", f"Manifest: `{self.manifest}`"]
        if self.in_quarantine:
            lines += [
                "",
                f"{self.in_quarantine} candidates are in quarantine:"
                f" `{self.manifest.with_name('quarantine.csv')}` lists them, and the flow"
                " resolve-quarantine takes your choice.",
            ]
        return "\n".join(lines)

    def _by_reason(self) -> Counter[tuple[str, str]]:
        """Count cases by outcome and by the meanings of the codes behind it."""
        rows = zip(self.table["outcome"], self.table["codes"], strict=True)
        return Counter((outcome, _meanings(outcome, split(str(codes)))) for outcome, codes in rows)

    def check(self, max_failed_percent: float) -> None:
        """Raise CohortFailedError when nothing succeeded, or too much failed."""
        failed, total = self.technical_failures, len(self.table)
        if failed and (failed == total or 100 * failed > max_failed_percent * total):
            msg = (
                f"{failed} of {total} patients failed for technical reasons;"
                f" their codes are in {self.manifest}. What was retrieved stays, and the next run"
                " fetches only what is missing."
            )
            raise CohortFailedError(msg)


def _meanings(outcome: str, codes: Sequence[str]) -> str:
    """Say in words which codes made an outcome; "" for one that simply proceeds."""
    if outcome == Outcome.PROCEED.value:
        return ""
    deciding = [CODES[code].meaning for code in codes if CODES[code].severity.value == outcome]
    return "; ".join(dict.fromkeys(deciding))


def publish(patient_ids: Sequence[str], run: Extraction) -> CohortSummary:
    """Write the manifest of all patients of the run; one without notes is recorded as failed."""
    summary = write_manifest((_concluded(id_, run) for id_ in patient_ids), run.cohort)
    seen = {run.case_id(id_) for id_ in patient_ids}
    if seen.issuperset(path.stem for path in run.cohort.all_notes()):
        run.cohort.keep_cursor()  # else changes of those left out would be forgotten
    return summary


def write_manifest(patients: Iterator[PatientNotes], cohort: CohortFolder) -> CohortSummary:
    """Write the manifest and the table of candidates in quarantine."""
    rows, aside = [], []
    for notes in patients:
        rows += manifest_rows(notes, cohort)
        aside += quarantine_rows(notes, cohort)
    write_table(rows, cohort.manifest)
    write_table(aside, cohort.quarantine_table)
    return CohortSummary(cohort.manifest, read_manifest(cohort.manifest), len(aside))


def _concluded(patient_id: str, run: Extraction) -> PatientNotes:
    """Return a patient's notes of this run, with a code where a step never came to its end."""
    path = run.notes(patient_id)
    notes = PatientNotes.read_or_none(path)
    if notes is None or notes.run_id != run.run_id:
        return only(Decision("I_EXEC_002"), patient_id, run)
    for case in notes.cases:
        if (ended := _ended(case, run)) is not case:
            notes = notes.with_case(ended)
            notes.write(path)
    return notes


def _ended(case: CaseNotes, run: Extraction) -> CaseNotes:
    """Add the code of a step that was begun and never ended, by a kill or a crash."""
    if case.retrieval is None:
        decision = Decision("XI_EXEC_016", "", {"reason": "the retrieval never ended"})
        return replace(case, retrieved=(decision,), retrieval={"complete": False})
    if case.is_complete and case.products is None and run.specification.outputs.any_files:
        decision = Decision("XII_EXEC_001", "", {"reason": "writing the outputs never ended"})
        return replace(case, prepared=(decision,))
    return case
