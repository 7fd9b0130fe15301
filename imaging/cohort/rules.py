"""What a person chooses: which patients, and what each must have. Prefect shows these as forms."""

import re
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from imaging.dicom import DateRange
from imaging.errors import InputError

Modality = Literal["CT", "RTSTRUCT", "RTPLAN", "RTDOSE"]


class PatientSelection(BaseModel):
    """Which patients of the archive to look at; with nothing chosen, all of them."""

    model_config = ConfigDict(extra="forbid", title="Patients")

    patient_ids: list[str] = Field(
        default_factory=list,
        title="PatientIDs",
        description="Just these. They are stored with the run and shown by Prefect: for identified"
        " patients use a worklist file instead.",
    )
    worklist: Path | None = Field(
        None,
        title="Worklist (CSV)",
        description="A CSV file with a column patient_id, or with one column and no heading;"
        " a relative path counts from the data root.",
    )
    first_study_date: date | None = Field(
        None, description="Patients with a study on this day or later."
    )
    last_study_date: date | None = Field(
        None, description="Patients with a study on this day or earlier."
    )

    @property
    def study_dates(self) -> DateRange | None:
        """The range of study dates, or None where neither end is given."""
        if self.first_study_date is None and self.last_study_date is None:
            return None
        return DateRange(self.first_study_date, self.last_study_date)

    def named(self, data_root: Path) -> list[str] | None:
        """Return the PatientIDs asked for, each once and in order; None means all.

        Raises:
            InputError: The worklist is missing, empty or not a CSV file.
        """
        if not self.patient_ids and self.worklist is None:
            return None
        listed = [] if self.worklist is None else read_worklist(data_root / self.worklist)
        return list(dict.fromkeys(id_.strip() for id_ in [*self.patient_ids, *listed]))


def read_worklist(path: Path) -> list[str]:
    """Read PatientIDs as text, so that leading zeros survive.

    Raises:
        InputError: The file is missing, empty or not a CSV file.
    """
    try:
        table = pd.read_csv(
            path, dtype=str, keep_default_na=False, header=None, encoding="utf-8-sig"
        )
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        msg = f"worklist {path.name} cannot be read: {error}"
        raise InputError(msg) from error
    rows = table.to_numpy().tolist()
    headings = [str(cell).strip().casefold() for cell in rows[0]]
    column = next((i for i, name in enumerate(headings) if name in _ID_HEADINGS), None)
    if column is None and len(headings) > 1:
        msg = f"worklist {path.name} has {len(headings)} columns and none is named patient_id"
        raise InputError(msg)
    cells = [row[0] for row in rows] if column is None else [row[column] for row in rows[1:]]
    ids = [str(cell).strip() for cell in cells if str(cell).strip()]
    if not ids:
        msg = f"worklist {path.name} names no patient"
        raise InputError(msg)
    return ids


_ID_HEADINGS = frozenset({"patient_id", "patientid", "patient id", "ids", "id"})


class CohortRules(BaseModel):
    """What a patient must have to get into the cohort."""

    model_config = ConfigDict(extra="forbid", title="Rules")

    required_modalities: list[Modality] = Field(
        default=["CT", "RTSTRUCT", "RTPLAN", "RTDOSE"],
        min_length=1,
        description="Modalities that must be there and refer to each other.",
    )
    wanted_rois: list[str] = Field(
        default_factory=list,
        title="Wanted ROIs",
        description="ROI names, * and ? as wildcards, case ignored; the RTSTRUCT must hold at least"
        " one. Empty: any.",
    )
    description_must_contain: list[str] = Field(
        default_factory=list,
        description="Keep only studies whose StudyDescription contains one of these. Empty: all.",
    )
    description_must_not_contain: list[str] = Field(
        default_factory=list,
        description="Drop studies whose StudyDescription contains any of these.",
    )
    phantom_patterns: list[str] = Field(
        default=["phantom"],
        description="Drop studies whose StudyDescription or a SeriesDescription contains one of"
        " these.",
    )

    def wants_roi(self, names: list[str]) -> bool:
        """Whether at least one of the ROI names is wanted."""
        if not self.wanted_rois:
            return True
        patterns = [pattern.casefold() for pattern in self.wanted_rois]
        return any(fnmatchcase(name.strip().casefold(), p) for name in names for p in patterns)


def contains_any(text: str, keywords: list[str]) -> bool:
    """Whether a keyword occurs in the text, whatever the case, spacing or separators.

    >>> contains_any("HEAD_AND  NECK", ["head and neck"])
    True
    """
    plain = _plain(text)
    return any(_plain(keyword) in plain for keyword in keywords if keyword.strip())


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).casefold().strip()
