"""What the report says of a case, out of the patient's notes; patients are read one at a time."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd

from imaging.cohort.codes import Outcome
from imaging.cohort.decision import Decision
from imaging.cohort.manifest import manifest_rows, quarantine_rows, reason_of, split
from imaging.cohort.notes import CaseNotes, PatientNotes
from imaging.cohort.place import CohortFolder
from imaging.errors import InputError
from imaging.volumes.masks import ROIS
from imaging.volumes.record import NIFTI, PICTURES

_ROIS_FILE = f"{NIFTI}/{ROIS}"
_PATH = re.compile(r"'[^'\n]*[/\\][^'\n]*'|\S*[/\\]\S*")
_LONGEST = 2_000
_OF_ROI = ("roi_number", "roi_name", "interpreted_type", "voxels", "volume_cc")


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case of the cohort or, for a patient who has none, the patient.

    Attributes:
        patient_id: Only for pages of archives that are pseudonymous already.
        name: The case id, which names its folder, too.
        notes: The patient's case id, which names the notes.
        decisions: About the patient, then about the case.
        slices: How many images were chosen.
        doses: How many dose files are used.
        rois: Those of the structure set, as rows of the table of ROIs.
        has_picture: Whether there is a contact sheet.
        dvh_page: Whether there is a page of its DVHs.
    """

    patient_id: str
    name: str
    notes: str
    course: str
    outcome: Outcome
    reason: str
    decisions: tuple[Decision, ...]
    slices: int
    doses: int
    rois: tuple[dict[str, Any], ...]
    has_picture: bool
    dvh_page: bool

    @property
    def codes(self) -> list[str]:
        """Codes in the order they were given, each once."""
        return list(dict.fromkeys(decision.code for decision in self.decisions))


@dataclass(frozen=True, slots=True)
class CandidateFacts:
    """One of several treatments that lie in quarantine, for a person to choose.

    Attributes:
        case_id: The patient's case id.
        number: What the reviewer says.
        days: Days after the patient's first candidate, "" where a date is not stated.
        folder: Below the cohort's folder.
        is_waiting: Whether the patient has no case in the cohort as long as nobody chooses.
        row: All columns of the table of candidates.
    """

    case_id: str
    number: int
    outcome: Outcome
    reason: str
    description: str
    days: str
    folder: str
    slices: int
    rois: int
    has_picture: bool
    is_waiting: bool
    row: dict[str, Any]


def read_patients(cohort: CohortFolder, manifest: pd.DataFrame) -> Iterator[PatientNotes]:
    """Yield the notes of every patient in the manifest, by case id.

    Raises:
        InputError: Notes are gone or cannot be read, so that counts would be wrong.
    """
    left = set(manifest["patient_id"])
    for path in cohort.all_notes():
        try:
            notes = PatientNotes.read(path)
        except (ValueError, LookupError, TypeError):
            continue  # of another version; counted below where the manifest lists the patient
        if notes.patient_id in left:
            left.discard(notes.patient_id)
            yield notes
    if left:
        msg = f"notes of {len(left)} of the patients in {cohort.manifest} cannot be read"
        raise InputError(msg)


def cases_of(notes: PatientNotes, cohort: CohortFolder) -> Iterator[CaseFacts]:
    """Yield the cases of a patient, or the patient where there is none."""
    cases: tuple[CaseNotes | None, ...] = notes.taken or (None,)
    for case, row in zip(cases, manifest_rows(notes, cohort), strict=True):
        own = () if case is None else case.decisions
        yield CaseFacts(
            patient_id=notes.patient_id,
            name=row["case_id"],
            notes=notes.case_id,
            course=row["course"],
            outcome=Outcome(row["outcome"]),
            reason=reason_of([*map(told, (*notes.judged, *own))]),
            decisions=(*notes.judged, *own),
            slices=row["slices"],
            doses=len(split(row["rtdose_files"])),
            rois=() if case is None else tuple(_rois(case, cohort)),
            has_picture=_has_picture(case),
            dvh_page=case is not None and (cohort.root / dvh_page(case.name)).exists(),
        )


def candidates_of(notes: PatientNotes, cohort: CohortFolder) -> Iterator[CandidateFacts]:
    """Yield what of a patient is in quarantine."""
    aside = [case for case in notes.cases if case.aside]
    rows = quarantine_rows(notes, cohort)
    days = _days([row["study_date"] for row in rows])
    for case, row, day in zip(aside, rows, days, strict=True):
        reason = reason_of([*map(told, case.decisions)])
        yield CandidateFacts(
            case_id=notes.case_id,
            number=row["candidate"],
            outcome=Outcome(row["outcome"]),
            reason=reason,
            description=row["study_description"],
            days=day,
            folder=case.place,
            slices=row["slices"],
            rois=len(case.chosen["rois"]),
            has_picture=_has_picture(case),
            is_waiting=not notes.taken,
            row={**row, "reason": reason, "folder": case.place, "days_after_first": day},
        )


def current_metrics(cohort: CohortFolder) -> pd.DataFrame | None:
    """Return the metrics of compute-dvh, without those of cases that have changed since."""
    path = cohort.root / "dvh" / "metrics.parquet"
    if not path.exists():
        return None
    table = pd.read_parquet(path)
    return table[[cohort.dvhs(case_id).exists() for case_id in table["case_id"]]]


def dvh_page(name: str) -> str:
    """Return where a case's DVHs are shown, below the cohort's folder."""
    return f"dvh/cases/{name}/dvh.html"


def told(decision: Decision) -> Decision:
    """Return a decision as it may leave the house.

    A trace may quote anything, so it stays in the notes; a path may hold a PatientID, so it becomes
    an ellipsis.
    """
    reason = str(decision.evidence.get("reason", ""))
    if not reason:
        return decision
    said = "a trace, in the notes" if "\n" in reason.strip() else _PATH.sub("…", reason)
    return replace(decision, evidence={**decision.evidence, "reason": said})


def evidence_in_words(decision: Decision) -> str:
    """Write all that a decision rests on."""
    said = [
        f"{name.replace('_', ' ')}: {', '.join(value) if isinstance(value, list) else value}"
        for name, value in decision.evidence.items()
    ]
    text = "; ".join(said)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _has_picture(case: CaseNotes | None) -> bool:
    return case is not None and PICTURES in (case.products or ())


def _rois(case: CaseNotes, cohort: CohortFolder) -> Iterator[dict[str, Any]]:
    """Yield the ROIs of a case: with their masks, or just the names where none were made."""
    table = _mask_table(case, cohort)
    if table is None:
        yield from ({"case_id": case.name, "roi_name": name} for name in case.chosen["rois"])
        return
    for file, row in table["masks"].items():
        mask = f"{case.place}/{NIFTI}/masks/{file}"
        flags = " ".join(row["flags"])
        yield {"case_id": case.name, **_of(row), "mask_file": mask, "flags": flags}
    for row in table["without_mask"]:
        yield {"case_id": case.name, **_of(row), "why_no_mask": row["reason"]}


def _mask_table(case: CaseNotes, cohort: CohortFolder) -> dict[str, Any] | None:
    if _ROIS_FILE not in (case.products or ()):
        return None
    try:
        text = (cohort.root / case.place / _ROIS_FILE).read_text(encoding="utf-8")
        table: dict[str, Any] = json.loads(text)
    except (OSError, ValueError):
        return None  # removed since, or damaged: the names are still known
    return table


def _of(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _OF_ROI if name in row}


def _days(dates: list[str]) -> list[str]:
    """Count days from the earliest of some DICOM dates: they tell studies apart, and nobody."""
    days = [_ordinal(date) for date in dates]
    first = min((day for day in days if day is not None), default=0)
    return ["" if day is None else str(day - first) for day in days]


def _ordinal(date: str) -> int | None:
    try:
        return datetime.strptime(date[:8], "%Y%m%d").toordinal()  # noqa: DTZ007 - dates have no zone
    except ValueError:
        return None
