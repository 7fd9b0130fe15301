"""The cohort as one Excel workbook, of the tables that lie beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from imaging.cohort.pages.facts import current_metrics
from imaging.cohort.pages.provenance import settings_rows, versions
from imaging.cohort.place import CohortFolder, case_place
from imaging.cohort.specification import CohortSpecification
from imaging.rt.cases.summaries import wide_metrics
from imaging.rt.cases.workbook import write_workbook

_IDENTIFYING = ["patient_id", "study_date"]


def write_cohort_workbook(
    cohort: CohortFolder,
    manifest: pd.DataFrame,
    candidates: Sequence[dict[str, Any]],
    specification: CohortSpecification,
    *,
    show_ids: bool,
) -> Path:
    """Write `cohort.xlsx`: patients, decisions, quarantine, ROIs, metrics, settings, versions.

    Args:
        cohort: Its tables of decisions and ROIs are there already.
        manifest: One row a case.
        candidates: One row a candidate in quarantine.
        specification: What the cohort was made by.
        show_ids: Keep PatientIDs and dates of studies.
    """
    hidden = [] if show_ids else _IDENTIFYING
    sheets = {
        "Patients": _patients(manifest).drop(columns=hidden, errors="ignore"),
        "Decisions": pd.read_parquet(cohort.root / "decisions.parquet"),
    }
    if candidates:
        sheets["Quarantine"] = pd.DataFrame(candidates).drop(columns=hidden, errors="ignore")
    sheets["ROIs"] = pd.read_parquet(cohort.root / "rois.parquet")
    if (metrics := current_metrics(cohort)) is not None:
        sheets["Metrics"] = wide_metrics(metrics)
    sheets["Settings"] = pd.DataFrame(settings_rows(specification))
    sheets["Versions"] = pd.DataFrame(versions().items(), columns=["software", "version"])
    target = cohort.root / "cohort.xlsx"
    return write_workbook(target, sheets, title=f"Cohort {cohort.name}")


def _patients(manifest: pd.DataFrame) -> pd.DataFrame:
    """Name folders as they lie below the cohort's, which may be moved; sort as the report does."""
    table = manifest.sort_values("case_id", ignore_index=True, kind="stable")
    places = [
        case_place(name) if folder else ""
        for name, folder in zip(table["case_id"], table["folder"], strict=True)
    ]
    return table.assign(folder=places)
