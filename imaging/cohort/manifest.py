"""The manifest: one row a case, as Parquet for programs and CSV for people."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from imaging.cohort.codes import Outcome
from imaging.cohort.decision import Decision, outcome_of
from imaging.cohort.notes import CaseNotes, PatientNotes
from imaging.cohort.place import CohortFolder
from imaging.errors import InputError
from imaging.files import whole_file

_NEEDED = {"case_id", "outcome", "codes", "folder", "rtstruct_file", "rtdose_files"}
_RT = ("RTSTRUCT", "RTPLAN", "RTDOSE")
_SEPARATOR = ";"  # between codes, and between files: no UID holds it


def manifest_rows(notes: PatientNotes, cohort: CohortFolder) -> list[dict[str, Any]]:
    """Return a row for each case of a patient, or one row for a patient who has none."""
    if notes.taken:
        return [_row(notes, case, cohort) for case in notes.taken]
    return [_row(notes, None, cohort)]


def quarantine_rows(notes: PatientNotes, cohort: CohortFolder) -> list[dict[str, Any]]:
    """Return a row for each candidate that was put aside, with the outcome it would have."""
    dates = {row["study_instance_uid"]: row for row in notes.holdings}
    rows = []
    for number, case in enumerate((case for case in notes.cases if case.aside), start=1):
        study = dates.get(case.chosen["study_instance_uid"], {})
        rows.append(
            {
                "candidate": number,
                "key": case.key,
                "study_date": study.get("study_date", ""),
                "study_description": study.get("study_description", ""),
                **_row(replace(notes, judged=()), case, cohort),
                "case_id": notes.case_id,
            }
        )
    return rows


def split(cell: str) -> list[str]:
    """Return the parts of a cell that holds several codes or files."""
    return cell.split(_SEPARATOR) if cell else []


def _row(notes: PatientNotes, case: CaseNotes | None, cohort: CohortFolder) -> dict[str, Any]:
    decisions = (*notes.judged, *(() if case is None else case.decisions))
    return {
        "patient_id": notes.patient_id,
        "case_id": notes.case_id if case is None else case.name,
        "course": "" if case is None else str(case.course),
        "outcome": outcome_of(decisions).value,
        "codes": _SEPARATOR.join(decision.code for decision in decisions),
        "reason": reason_of(decisions),
        **_chosen(case),
        **_made(case, cohort),
        "content_hash": "" if case is None else case.content_hash,
        "run_id": notes.run_id,
    }


def _chosen(case: CaseNotes | None) -> dict[str, Any]:
    """Name what a case consists of."""
    chosen = {} if case is None else case.chosen
    return {
        "study_instance_uid": chosen.get("study_instance_uid", ""),
        "ct_series_instance_uid": chosen.get("ct_series_instance_uid", ""),
        "rtstruct_sop_instance_uid": chosen.get("rtstruct_sop_instance_uid", ""),
        "rtplan_sop_instance_uids": _SEPARATOR.join(chosen.get("rtplan_sop_instance_uids", [])),
    }


def _made(case: CaseNotes | None, cohort: CohortFolder) -> dict[str, Any]:
    """Tell what lies on disk of a case, and what a run did for it."""
    retrieval = ({} if case is None else case.retrieval) or {}
    files = {name: [] if case is None else case.files(name) for name in _RT}
    images = "" if case is None else case.chosen["ct_series_instance_uid"]
    parts = () if case is None else case.parts
    is_complete = case is not None and case.is_complete
    return {
        "rtdose_sop_instance_uids": _SEPARATOR.join(Path(name).stem for name in files["RTDOSE"]),
        "folder": str(cohort.root / case.place) if case is not None and is_complete else "",
        "rtstruct_file": next(iter(files["RTSTRUCT"]), ""),
        "rtplan_files": _SEPARATOR.join(files["RTPLAN"]),
        "rtdose_files": _SEPARATOR.join(files["RTDOSE"]),
        "slices": sum(len(p.instances) for p in parts if p.series_instance_uid == images),
        "products": 0 if case is None else len(case.products or ()),
        "ready": case is not None and is_complete and bool(case.products),
        "fetched": int(retrieval.get("fetched", 0)),
        "unchanged": int(retrieval.get("unchanged", 0)),
        "bytes_fetched": int(retrieval.get("bytes", 0)),
    }


def reason_of(decisions: Sequence[Decision]) -> str:
    """Say in words what decided the outcome; "" for a case that simply proceeds."""
    outcome = outcome_of(decisions)
    deciding = [d for d in decisions if d.severity is outcome is not Outcome.PROCEED]
    return "; ".join(dict.fromkeys(decision.in_words for decision in deciding))


def write_table(rows: Sequence[dict[str, Any]], path: Path) -> Path:
    """Write rows as Parquet and CSV, sorted by PatientID and case; return the former."""
    table = pd.DataFrame(list(rows), columns=None if rows else ["patient_id", "case_id"])
    table = table.sort_values(["patient_id", "case_id"], ignore_index=True, kind="stable")
    with whole_file(path) as part:
        table.to_parquet(part, index=False)
    with whole_file(path.with_suffix(".csv")) as part:
        table.to_csv(part, index=False)
    return path


def read_manifest(path: Path) -> pd.DataFrame:
    """Read a manifest, Parquet or CSV; identifiers stay text, leading zeros and all.

    Raises:
        InputError: It is missing, unreadable, or lacks the columns of a manifest.
    """
    try:
        if path.suffix == ".csv":
            table = pd.read_csv(path, dtype=str, keep_default_na=False)
        else:
            table = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
        msg = f"manifest {path} cannot be read: {error}"
        raise InputError(msg) from error
    missing = _NEEDED - set(table.columns)
    if missing:
        msg = f"manifest {path} lacks the columns {', '.join(sorted(missing))}"
        raise InputError(msg)
    return table
