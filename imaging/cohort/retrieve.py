"""A patient's chains from the archive to disk: only what is missing, each file whole or absent."""

import logging
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from imaging.cohort.codes import stage_of
from imaging.cohort.decision import Decision
from imaging.cohort.doses import DoseFiles, choose_doses
from imaging.cohort.notes import CaseNotes, PatientNotes
from imaging.cohort.place import CohortFolder
from imaging.cohort.receipt import Receipt
from imaging.cohort.rehome import forget_dvhs
from imaging.cohort.specification import DoseRules
from imaging.dicom import Archive, InstanceRow, SeriesRow
from imaging.errors import (
    DicomError,
    InstanceGoneError,
    RemoteRejectedError,
    RemoteUnavailableError,
    SettingError,
)
from imaging.volumes import remove_products

log = logging.getLogger(__name__)

_NUMBER_OF: dict[type[Exception], str] = {
    InstanceGoneError: "011",
    DicomError: "012",
    RemoteUnavailableError: "013",
    RemoteRejectedError: "014",
    SettingError: "014",
    OSError: "015",
}
_UNFORESEEN = "016"
_GROUP = 8


@dataclass(slots=True)
class _Attempt:
    """What one attempt at a case came to, so far."""

    folder: Path
    receipt: Receipt
    decisions: list[Decision] = field(default_factory=list)
    fetched: int = 0
    unchanged: int = 0
    size: int = 0
    lost: RemoteUnavailableError | SettingError | None = None
    failed: bool = False


def in_groups(notes: Sequence[Path]) -> list[list[Path]]:
    """Share patients out into groups, each a step of its own: enough to keep all hands busy.

    A step costs some 30 ms whatever it does, a small patient not much more. So a large cohort goes
    in groups of up to eight; of a small one, every patient is a group.
    """
    size = min(_GROUP, -(-len(notes) // _GROUP)) or 1
    return [list(notes[start : start + size]) for start in range(0, len(notes), size)]


def retrieve_group(
    archive: Archive, group: Sequence[Path], cohort: CohortFolder, doses: DoseRules | None = None
) -> None:
    """Retrieve several patients; one whose archive is lost does not keep the next from trying.

    Raises:
        RemoteUnavailableError: As for one patient; patients that are complete are not touched when
            the group is tried again.
        SettingError: Likewise, and at once.
    """
    lost: RemoteUnavailableError | None = None
    fetched = []
    for path in group:
        try:
            notes = retrieve_patient(archive, path, cohort, doses)
        except RemoteUnavailableError as error:
            lost = error
        else:
            fetched += [(path, notes)] * any(map(_has_fetched, notes.cases))
    with suppress(RemoteUnavailableError):  # then the next run compares anyway
        _note_changes(archive, fetched)
    if lost is not None:
        raise lost


def retrieve_patient(
    archive: Archive, path: Path, cohort: CohortFolder, doses: DoseRules | None = None
) -> PatientNotes:
    """Retrieve what a patient's notes ask for, and write down what came of it.

    Files that the receipt shows whole and unchanged are not fetched again. A part that fails is
    noted with its code, and the other parts are still retrieved.

    Raises:
        RemoteUnavailableError: The archive was lost; the notes say so, and another try continues.
        SettingError: The address or the credentials are wrong; no patient is to blame.
    """
    notes = PatientNotes.read(path)
    for case in notes.cases:
        if case.is_complete:
            continue  # done by an earlier try of this run
        done, lost = _retrieve_case(archive, case, cohort, doses or DoseRules())
        notes = notes.with_case(done)
        notes.write(path)
        if lost is not None:
            raise lost
    return notes


def _note_changes(archive: Archive, fetched: Sequence[tuple[Path, PatientNotes]]) -> None:
    """Mark patients whose studies changed while they were retrieved; the next run looks again."""
    judged = [(path, notes) for path, notes in fetched if notes.basis]
    if not judged:
        return
    ids = [notes.patient_id for _, notes in judged]
    digests = {holding.patient_id: holding.digest for holding in archive.holdings(ids)}
    for path, notes in judged:
        if digests.get(notes.patient_id, "") not in notes.basis.split():
            changed = replace(notes, judged=(*notes.judged, Decision("I_REV_003")), basis="")
            changed.write(path)


def _has_fetched(case: CaseNotes) -> bool:
    return bool((case.retrieval or {}).get("fetched"))


def _retrieve_case(
    archive: Archive, case: CaseNotes, cohort: CohortFolder, rules: DoseRules
) -> tuple[CaseNotes, RemoteUnavailableError | SettingError | None]:
    folder = cohort.root / case.place
    folder.mkdir(parents=True, exist_ok=True)
    receipt = Receipt(folder)
    attempt = _Attempt(folder, receipt)
    missing = [_missing(part, folder, receipt) for part in case.parts]
    if any(missing) or receipt.knows_more_than(_files(case, folder)):
        remove_products(folder)  # what was made of the files goes before they do
        forget_dvhs(cohort, case.name)
    for part, rows in zip(case.parts, missing, strict=True):
        _retrieve_part(archive, part, rows, attempt)
        if attempt.lost is not None:
            break
    decisions, retrieval = _conclude(case, attempt, rules)
    log.info("%s: %s fetched, %s unchanged", case.name, attempt.fetched, attempt.unchanged)
    done = replace(case, retrieved=tuple(decisions), retrieval=retrieval)
    return done, attempt.lost


def _missing(part: SeriesRow, folder: Path, receipt: Receipt) -> list[InstanceRow]:
    target = folder / part.modality
    return [row for row in part.instances if not receipt.holds(row, _file(target, row))]


def _files(case: CaseNotes, folder: Path) -> list[Path]:
    return [_file(folder / part.modality, row) for part in case.parts for row in part.instances]


def _retrieve_part(
    archive: Archive, part: SeriesRow, missing: Sequence[InstanceRow], attempt: _Attempt
) -> None:
    """Fetch what is missing of one series, and add the decision about it to the attempt."""
    target = attempt.folder / part.modality
    attempt.unchanged += len(part.instances) - len(missing)
    try:
        if missing:
            attempt.size += archive.fetch(part, target, missing, attempt.receipt.add)
    except Exception as error:  # noqa: BLE001 - the patient's boundary: recorded, others go on
        attempt.decisions.append(_failure(part, error))
        attempt.failed = True
        if isinstance(error, RemoteUnavailableError | SettingError):
            attempt.lost = error
        return
    attempt.fetched += len(missing)
    counts = {"files": len(part.instances), "fetched": len(missing)}
    code = f"{stage_of(part.modality)}_SUCC_001"
    attempt.decisions.append(Decision(code, part.series_instance_uid, counts))


def _failure(part: SeriesRow, error: Exception) -> Decision:
    """Turn an error into its code; the trace of an unforeseen one goes into the notes."""
    known = (number for kind, number in _NUMBER_OF.items() if isinstance(error, kind))
    number = next(known, _UNFORESEEN)
    reason = traceback.format_exc() if number == _UNFORESEEN else str(error)
    code = f"{stage_of(part.modality)}_EXEC_{number}"
    log.warning("%s: %s, %s", part.series_instance_uid, code, type(error).__name__)
    return Decision(code, part.series_instance_uid, {"reason": reason})


def _conclude(
    case: CaseNotes, attempt: _Attempt, rules: DoseRules
) -> tuple[list[Decision], dict[str, Any]]:
    """Tidy a complete folder and choose its dose; of an incomplete one, only tell the counts."""
    counts = {"fetched": attempt.fetched, "unchanged": attempt.unchanged, "bytes": attempt.size}
    if attempt.failed:
        return attempt.decisions, {**counts, "complete": False, "files": {}}
    folder = attempt.folder
    found: dict[str, list[Path]] = {}
    for part in case.parts:
        files = [_file(folder / part.modality, row) for row in part.instances]
        found.setdefault(part.modality, []).extend(files)
    attempt.receipt.keep_only(_files(case, folder))
    plans, stated = tuple(found.get("RTPLAN", [])), tuple(case.chosen["rtdoses"])
    doses, judged = choose_doses(DoseFiles(tuple(found.get("RTDOSE", [])), plans, stated), rules)
    used = {"RTSTRUCT": found.get("RTSTRUCT", []), "RTPLAN": plans, "RTDOSE": doses}
    names = {
        modality: [file.relative_to(folder).as_posix() for file in files]
        for modality, files in used.items()
    }
    return [*attempt.decisions, *judged], {**counts, "complete": True, "files": names}


def _file(folder: Path, row: InstanceRow) -> Path:
    return folder / f"{row.sop_instance_uid}.dcm"
