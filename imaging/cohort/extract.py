"""The four steps of an extraction, as plain functions: choose, decide, retrieve, publish."""

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from imaging.cohort.codes import CODES, Outcome
from imaging.cohort.decide import decide
from imaging.cohort.decision import Decision
from imaging.cohort.manifest import manifest_row, read_manifest, write_manifest
from imaging.cohort.notes import PatientNotes, notes_of
from imaging.cohort.place import CohortFolder
from imaging.cohort.rules import CohortRules, PatientSelection
from imaging.dicom import Archive, PatientRow
from imaging.errors import ImagingError, InputError
from imaging.settings import case_id

log = logging.getLogger(__name__)

BATCH = 50  # patients listed together: bounds memory, and shares three requests among them


class CohortFailedError(ImagingError):
    """So many patients failed for technical reasons that the cohort means nothing."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """One run of an extraction: where to, by which rules, under which name.

    Attributes:
        cohort: Where everything goes.
        rules: What a patient must have.
        run_id: Marks the notes of this run.
        key: The secret behind the case ids.
    """

    cohort: CohortFolder
    rules: CohortRules
    run_id: str
    key: bytes = field(repr=False)

    def notes(self, patient_id: str) -> Path:
        """Return the file of a patient's notes."""
        return self.cohort.notes(case_id(patient_id, self.key))


def choose(archive: Archive, selection: PatientSelection, data_root: Path) -> list[list[str]]:
    """Return the PatientIDs to look at, in batches.

    A patient who was named but is not in the archive is kept, to be told so.

    Raises:
        InputError: Nobody was selected, or the worklist is wrong.
        SettingError: The archive cannot be reached as configured.
    """
    dates, named = selection.study_dates, selection.named(data_root)
    present = archive.patient_ids(dates)
    chosen = present if named is None else named
    if named is not None and dates is not None:
        out_of_range = set(archive.patient_ids()) - set(present)
        chosen = [id_ for id_ in named if id_ not in out_of_range]
    if not chosen:
        msg = "the selection holds no patient: the archive is empty, or no study is in the dates"
        raise InputError(msg)
    log.info("%s patients chosen of %s in the archive", len(chosen), len(present))
    return [chosen[i : i + BATCH] for i in range(0, len(chosen), BATCH)]


def decide_batch(archive: Archive, patient_ids: Sequence[str], run: Extraction) -> list[Path]:
    """List and judge patients, write their notes, and return the notes of those to retrieve."""
    to_retrieve, seen = [], set()
    for patient in archive.patients(patient_ids):
        seen.add(patient.patient_id)
        if _judge(patient, run).parts:
            to_retrieve.append(run.notes(patient.patient_id))
    for patient_id in patient_ids:
        if patient_id not in seen:
            _only(Decision("I_EXEC_003"), patient_id, run)
    return to_retrieve


def _judge(patient: PatientRow, run: Extraction) -> PatientNotes:
    """Judge one patient and write their notes; whatever goes wrong is theirs alone."""
    name = case_id(patient.patient_id, run.key)
    try:
        notes = notes_of(patient, decide(patient, run.rules), name, run.run_id)
        notes.write(run.notes(patient.patient_id))
    except Exception as error:  # noqa: BLE001 - the patient's boundary: recorded, the cohort goes on
        # The trace goes into the notes, not into the log: it may quote a patient's name.
        log.warning("%s could not be judged: %s", name, type(error).__name__)
        failed = Decision("I_EXEC_002", "", {"reason": traceback.format_exc()})
        return _only(failed, patient.patient_id, run)
    return notes


def _only(decision: Decision, patient_id: str, run: Extraction) -> PatientNotes:
    """Write notes that hold nothing but one decision."""
    name = case_id(patient_id, run.key)
    notes = PatientNotes(patient_id, name, run.run_id, (decision,))
    notes.write(run.notes(patient_id))
    return notes


@dataclass(frozen=True, slots=True)
class CohortSummary:
    """A published cohort.

    Attributes:
        manifest: The table, as Parquet; its CSV lies beside it.
        table: The same in memory, one row a patient.
    """

    manifest: Path
    table: pd.DataFrame

    def count(self, outcome: Outcome) -> int:
        """Count the patients of one outcome."""
        return int((self.table["outcome"] == outcome.value).sum())

    @property
    def technical_failures(self) -> int:
        """Count the patients lost to the archive, the network or the disk, not to a rule."""
        codes = (str(cell).split(";") for cell in self.table["codes"])
        return sum(any(CODES[code].is_technical for code in row) for row in codes)

    @property
    def in_words(self) -> str:
        """One line: how many of each outcome, and what had to be fetched."""
        counts = ", ".join(f"{self.count(outcome)} {outcome.value}" for outcome in Outcome)
        fetched, kept = int(self.table["fetched"].sum()), int(self.table["unchanged"].sum())
        return f"{counts}; {fetched} files fetched, {kept} unchanged"

    def to_markdown(self, name: str) -> str:
        """Return the summary that the run shows: counts by outcome and by reason, and where."""
        total = len(self.table)
        lines = [f"# Cohort {name}", "", f"**{total} patients**: {self.in_words}.", ""]
        lines += ["| outcome | patients | reason |", "| --- | ---: | --- |"]
        counts = self.table.groupby(["outcome", "reason"], as_index=False).size()
        for row in counts.to_dict("records"):
            reason = row["reason"] or "complete and consistent"
            lines.append(f"| {row['outcome']} | {row['size']} | {reason} |")
        lines += ["", f"Manifest: `{self.manifest}`"]
        return "\n".join(lines)

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


def publish(patient_ids: Sequence[str], run: Extraction) -> CohortSummary:
    """Write the manifest of all patients of the run; one without notes is recorded as failed."""
    rows = []
    for patient_id in patient_ids:
        notes = _concluded(patient_id, run)
        rows.append(manifest_row(notes, run.cohort))
    manifest = write_manifest(rows, run.cohort)
    return CohortSummary(manifest, read_manifest(manifest))


def _concluded(patient_id: str, run: Extraction) -> PatientNotes:
    """Return a patient's notes of this run, with a code where a step never came to its end."""
    path = run.notes(patient_id)
    notes = PatientNotes.read(path) if path.exists() else None
    if notes is None or notes.run_id != run.run_id:
        return _only(Decision("I_EXEC_002"), patient_id, run)
    if notes.parts and notes.retrieval is None:
        notes = notes.with_retrieval([Decision("XI_EXEC_016")], {"complete": False})
        notes.write(path)
    return notes
