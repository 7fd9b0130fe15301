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


@dataclass(frozen=True, slots=True)
class _Judging:
    """What is known of a patient beside the listing.

    Attributes:
        basis: What the decisions will rest on.
        before: The notes there were.
        resolved: Keys of chains that reviewers chose, the latest choice last.
    """

    basis: str
    before: PatientNotes | None
    resolved: Sequence[str]


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
    before = {id_: PatientNotes.read_or_none(run.notes(id_)) for id_ in patient_ids}
    patient_ids = [id_ for id_ in patient_ids if not _is_out_of_dates(before[id_], run)]
    held = _settled(archive, patient_ids, run)
    chosen = run.cohort.resolutions()
    bases = {id_: _basis(holding, run, chosen) for id_, holding in held.items()}
    now: dict[str, PatientNotes] = {}
    for id_ in patient_ids:
        if id_ not in held:
            now[id_] = only(Decision("I_EXEC_003"), id_, run)
        elif carried := _carried_over(held[id_], before[id_], bases[id_], run):
            now[id_] = carried
    for patient in archive.patients([id_ for id_ in patient_ids if id_ not in now]):
        id_ = patient.patient_id
        judging = _Judging(bases[id_], before[id_], chosen.get(run.case_id(id_), ()))
        now[id_] = _judge(_as_settled(patient, held[id_]), judging, run)
    return [run.notes(id_) for id_ in patient_ids if id_ in now and now[id_].cases]


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


def _is_out_of_dates(notes: PatientNotes | None, run: Extraction) -> bool:
    """Tell patients that were named though none of their studies is in the dates."""
    if notes is None or notes.run_id != run.run_id:
        return False
    return any(decision.code == "I_EXEC_010" for decision in notes.judged)


def _carried_over(
    holding: Holding, notes: PatientNotes | None, basis: str, run: Extraction
) -> PatientNotes | None:
    """Take a patient's notes over to this run; None where something they rest on has changed."""
    if notes is None or holding.is_touched or not holding.is_stable:
        return None
    if notes.basis != basis or not notes.is_lasting:
        return None
    carried = notes.carried(run.run_id)
    carried.write(run.notes(holding.patient_id))
    return carried


def _judge(patient: PatientRow, judging: _Judging, run: Extraction) -> PatientNotes:
    """Judge one patient and write their notes; whatever goes wrong is theirs alone."""
    name = run.case_id(patient.patient_id)
    try:
        verdict = decide(patient, run.specification, judging.resolved)
        lasting = "" if verdict.is_doubtful else judging.basis
        notes = notes_of(patient, verdict, name, run.run_id, lasting)
        rehome(judging.before, notes, run.cohort)
        notes.write(run.notes(patient.patient_id))
    except Exception as error:  # noqa: BLE001 - the patient's boundary: recorded, the cohort goes on
        # The trace goes into the notes, not into the log: it may quote a patient's name.
        log.warning("%s could not be judged: %s", name, type(error).__name__)
        failed = Decision("I_EXEC_002", "", {"reason": traceback.format_exc()})
        return only(failed, patient.patient_id, run)
    return notes
