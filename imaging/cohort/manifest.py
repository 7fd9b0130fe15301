"""The manifest: one row a patient, as Parquet for programs and CSV for people."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from imaging.cohort.codes import Outcome
from imaging.cohort.notes import PatientNotes
from imaging.cohort.place import CohortFolder
from imaging.errors import InputError
from imaging.files import whole_file

_NEEDED = {"case_id", "outcome", "codes", "folder", "rtstruct_file", "rtdose_file"}
_FILES = ("RTSTRUCT", "RTPLAN", "RTDOSE")


def manifest_row(notes: PatientNotes, cohort: CohortFolder) -> dict[str, Any]:
    """Return the manifest's row of one patient."""
    chosen, retrieval = notes.chosen or {}, notes.retrieval or {}
    files = retrieval.get("files", {})
    codes = [decision.code for decision in notes.decisions]
    slices = sum(len(part.instances) for part in notes.parts if part.modality not in _FILES)
    return {
        "patient_id": notes.patient_id,
        "case_id": notes.case_id,
        "outcome": notes.outcome.value,
        "codes": ";".join(codes),
        "reason": reason_of(notes),
        "study_instance_uid": chosen.get("study_instance_uid", ""),
        "ct_series_instance_uid": chosen.get("ct_series_instance_uid", ""),
        "rtstruct_sop_instance_uid": chosen.get("rtstruct_sop_instance_uid", ""),
        "rtplan_sop_instance_uid": chosen.get("rtplan_sop_instance_uid", ""),
        "rtdose_sop_instance_uid": Path(files.get("RTDOSE", "")).stem,
        "folder": str(cohort.patient(notes.case_id)) if retrieval.get("complete") else "",
        **{f"{name.lower()}_file": files.get(name, "") for name in _FILES},
        "slices": slices,
        "fetched": int(retrieval.get("fetched", 0)),
        "unchanged": int(retrieval.get("unchanged", 0)),
        "bytes_fetched": int(retrieval.get("bytes", 0)),
        "content_hash": notes.content_hash,
        "run_id": notes.run_id,
    }


def reason_of(notes: PatientNotes) -> str:
    """Say in words what decided the outcome; "" for a patient who simply proceeds."""
    deciding = [d for d in notes.decisions if d.severity is notes.outcome is not Outcome.PROCEED]
    return "; ".join(dict.fromkeys(decision.in_words for decision in deciding))


def write_manifest(rows: Sequence[dict[str, Any]], cohort: CohortFolder) -> Path:
    """Write `manifest.parquet` and `manifest.csv`, sorted by PatientID; return the first."""
    table = pd.DataFrame(list(rows)).sort_values("patient_id", ignore_index=True)
    with whole_file(cohort.manifest) as part:
        table.to_parquet(part, index=False)
    with whole_file(cohort.manifest.with_suffix(".csv")) as part:
        table.to_csv(part, index=False)
    return cohort.manifest


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
