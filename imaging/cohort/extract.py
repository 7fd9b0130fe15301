"""The first steps of an extraction, as plain functions: choose patients, and decide on them."""

import logging
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from imaging.cohort.decide import decide
from imaging.cohort.decision import Decision
from imaging.cohort.notes import PatientNotes
from imaging.cohort.place import CohortFolder
from imaging.cohort.plan import notes_of
from imaging.cohort.rehome import rehome
from imaging.cohort.selection import PatientSelection
from imaging.cohort.specification import CohortSpecification
from imaging.dicom import Archive, HeldIds, Holding, PatientRow
from imaging.errors import InputError
from imaging.settings import case_id

log = logging.getLogger(__name__)

BATCH = 50  # patients listed together: bounds memory, and shares three requests among them
_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Extraction:
    """One run of an extraction: where to, by which rules, under which name.

    Attributes:
        cohort: Where everything goes.
        specification: What a patient must have, and what is written.
        run_id: Marks the notes of this run.
        key: The secret behind the case ids.
        patience_s: How long to wait for studies that are still arriving before leaving their
            patients to the next run.
    """

    cohort: CohortFolder
    specification: CohortSpecification
    run_id: str
    key: bytes = field(repr=False)
    patience_s: float = 5.0

    def case_id(self, patient_id: str) -> str:
        """Return the name that a patient goes by."""
        return case_id(patient_id, self.key)

    def notes(self, patient_id: str) -> Path:
        """Return the file of a patient's notes."""
        return self.cohort.notes(self.case_id(patient_id))


def choose(
    archive: Archive, selection: PatientSelection, data_root: Path, run: Extraction | None = None
) -> list[list[str]]:
    """Return the PatientIDs to look at, in batches.

    A patient who was named but is not in the archive is kept, to be told so. Blanks around a
    PatientID are not significant (DICOM PS3.5, 6.2), but some archives keep leading ones.

    Args:
        archive: Who is there.
        selection: Who is wanted.
        data_root: Where a worklist lies.
        run: Keeps where the archive's change feed stands before anything is listed.

    Raises:
        InputError: Nobody was selected, or the worklist is wrong.
        SettingError: The archive cannot be reached as configured.
    """
    if run is not None:
        cursor = archive.cursor()  # first: what happens from here on is for the next run
        run.cohort.note_cursor(cursor, archive.changes_since(run.cohort.cursor()))
    dates, named = selection.study_dates, selection.named(data_root)
    present = archive.patient_ids(dates)
    chosen = present
    if named is not None:
        everyone = present if dates is None else archive.patient_ids()
        chosen = _as_held(named, everyone)
        out_of_range = set(everyone) - set(present)
        if run is not None:
            for id_ in out_of_range.intersection(chosen):
                only(Decision("I_EXEC_010"), id_, run)
    if not chosen:
        msg = "the selection holds no patient: the archive is empty, or no study is in the dates"
        raise InputError(msg)
    log.info("%s patients chosen of %s in the archive", len(chosen), len(present))
    return [chosen[i : i + BATCH] for i in range(0, len(chosen), BATCH)]


def _as_held(named: Sequence[str], present: Sequence[str]) -> list[str]:
    """Write each PatientID as the archive does, where blanks around it are the only difference."""
    held = HeldIds(set(present))
    written = [id_ for asked in named for id_ in held.meant_by(asked) or [asked]]
    return list(dict.fromkeys(written))


def decide_batch(archive: Archive, patient_ids: Sequence[str], run: Extraction) -> list[Path]:
    """Judge patients, write their notes, and return the notes of those to retrieve.

    Only those are listed who changed in the archive since they were last judged by these rules;
    notes of the others are carried over.
    """
    patient_ids = [id_ for id_ in patient_ids if not _is_out_of_dates(id_, run)]
    held = _settled(archive, patient_ids, run)
    chosen = run.cohort.resolutions()
    bases = {id_: _basis(holding, run, chosen) for id_, holding in held.items()}
    to_list = []
    for id_ in patient_ids:
        if id_ not in held:
            only(Decision("I_EXEC_003"), id_, run)
        elif not _carry_over(held[id_], bases[id_], run):
            to_list.append(id_)
    for patient in archive.patients(to_list):
        id_ = patient.patient_id
        _judge(_as_settled(patient, held[id_]), bases[id_], chosen, run)
    return [path for id_ in patient_ids if _is_to_retrieve(path := run.notes(id_))]


def only(decision: Decision, patient_id: str, run: Extraction) -> PatientNotes:
    """Write notes that hold nothing but one decision."""
    notes = PatientNotes(patient_id, run.case_id(patient_id), run.run_id, (decision,))
    notes.write(run.notes(patient_id))
    return notes


def _settled(archive: Archive, patient_ids: Sequence[str], run: Extraction) -> dict[str, Holding]:
    """Ask what the archive holds of the patients; wait a little for studies just arriving."""
    changes = run.cohort.changes()
    held = {holding.patient_id: holding for holding in archive.holdings(patient_ids, changes)}
    deadline_s = time.monotonic() + run.patience_s
    while arriving := [id_ for id_, holding in held.items() if not holding.is_stable]:
        if time.monotonic() > deadline_s:
            break
        time.sleep(_POLL_S)
        held |= {holding.patient_id: holding for holding in archive.holdings(arriving, changes)}
    return held


def _as_settled(patient: PatientRow, holding: Holding) -> PatientRow:
    """Go by the newer word on whether studies are still arriving: a listing may be remembered."""
    stable = (replace(study, stable=holding.is_stable) for study in patient.studies)
    return replace(patient, studies=tuple(stable))


def _basis(holding: Holding, run: Extraction, chosen: Mapping[str, Sequence[str]]) -> str:
    """Return what a patient's decisions rest on, in one line."""
    resolved = chosen.get(run.case_id(holding.patient_id), [])
    return " ".join([run.specification.digest, holding.digest, *resolved])


def _is_out_of_dates(patient_id: str, run: Extraction) -> bool:
    """Tell patients that were named though none of their studies is in the dates."""
    notes = PatientNotes.read_or_none(run.notes(patient_id))
    if notes is None or notes.run_id != run.run_id:
        return False
    return any(decision.code == "I_EXEC_010" for decision in notes.judged)


def _carry_over(holding: Holding, basis: str, run: Extraction) -> bool:
    """Take a patient's notes over to this run, unless something they rest on has changed."""
    path = run.notes(holding.patient_id)
    if holding.is_touched or not holding.is_stable:
        return False
    notes = PatientNotes.read_or_none(path)
    if notes is None or notes.basis != basis or not notes.is_lasting:
        return False
    notes.carried(run.run_id).write(path)
    return True


def _is_to_retrieve(path: Path) -> bool:
    notes = PatientNotes.read_or_none(path)
    return notes is not None and bool(notes.cases)


def _judge(
    patient: PatientRow, basis: str, chosen: Mapping[str, Sequence[str]], run: Extraction
) -> None:
    """Judge one patient and write their notes; whatever goes wrong is theirs alone."""
    name = run.case_id(patient.patient_id)
    try:
        verdict = decide(patient, run.specification, chosen.get(name, ()))
        lasting = "" if verdict.is_doubtful else basis
        notes = notes_of(patient, verdict, name, run.run_id, lasting)
        rehome(PatientNotes.read_or_none(run.notes(patient.patient_id)), notes, run.cohort)
        notes.write(run.notes(patient.patient_id))
    except Exception as error:  # noqa: BLE001 - the patient's boundary: recorded, the cohort goes on
        # The trace goes into the notes, not into the log: it may quote a patient's name.
        log.warning("%s could not be judged: %s", name, type(error).__name__)
        failed = Decision("I_EXEC_002", "", {"reason": traceback.format_exc()})
        only(failed, patient.patient_id, run)
