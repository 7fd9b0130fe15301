"""What a person chooses: which patients, and what each must have. Prefect shows these as forms."""

import csv
import re
from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from imaging.dicom import DateRange, name_matches
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

    Commas, semicolons (Excel, where the comma is the decimal sign) or tabs lie between columns.

    Raises:
        InputError: The file is missing, empty or not a CSV file.
    """
    try:
        rows = _rows(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        msg = f"worklist {path.name} cannot be read: {why}"
        raise InputError(msg) from error
    headings = _headings(rows[0]) if rows else []
    column = next((i for i, name in enumerate(headings) if name in _ID_HEADINGS), None)
    if column is None and len(headings) > 1:
        msg = f"worklist {path.name} has {len(headings)} columns and none is named patient_id"
        raise InputError(msg)
    if any(any(row[len(headings) :]) for row in rows):
        msg = f"worklist {path.name} has a line with more columns than the first"
        raise InputError(msg)
    cells = [row[column or 0 :][:1] for row in (rows if column is None else rows[1:])]
    ids = [cell.strip() for row in cells for cell in row if cell.strip()]
    if not ids:
        msg = f"worklist {path.name} names no patient"
        raise InputError(msg)
    return ids


def _rows(text: str) -> list[list[str]]:
    """Return the cells of each line that is not blank, by the separator that the first one uses."""
    lines = [line for line in text.split("\n") if line.strip()]
    separator = max(",;\t", key=lambda sign: _fits(sign, lines[0])) if lines else ","
    return list(csv.reader(lines, delimiter=separator, strict=True))


def _fits(separator: str, line: str) -> tuple[bool, int]:
    """Tell how well a separator fits: it sets a heading apart or, failing that, makes columns."""
    row = next(csv.reader([line], delimiter=separator))
    return not _ID_HEADINGS.isdisjoint(_headings(row)), len(row)


def _headings(row: list[str]) -> list[str]:
    return [cell.strip().casefold() for cell in row]


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

    @model_validator(mode="after")
    def _chain_has_no_gap(self) -> Self:
        """RTPLAN and RTDOSE are linked to the CT through the RTSTRUCT, and by nothing else yet."""
        if "RTSTRUCT" not in self.required_modalities and self.required_modalities != ["CT"]:
            msg = "RTPLAN and RTDOSE need RTSTRUCT among the required modalities"
            raise ValueError(msg)
        return self

    @field_validator("description_must_contain", "description_must_not_contain", "phantom_patterns")
    @classmethod
    def _without_empty_keywords(cls, keywords: list[str]) -> list[str]:
        """A keyword of separators alone (``*``) asks for nothing, so it must not drop a study."""
        return [keyword for keyword in keywords if _plain(keyword)]

    def wants_roi(self, names: list[str]) -> bool:
        """Whether at least one of the ROI names is wanted."""
        if not self.wanted_rois:
            return True
        return any(name_matches(name, wanted) for name in names for wanted in self.wanted_rois)


def contains_any(text: str, keywords: list[str]) -> bool:
    """Whether a keyword occurs in the text, whatever the case, spacing or separators.

    A keyword of separators alone says nothing and is passed over.

    >>> contains_any("HEAD_AND  NECK", ["head and neck"])
    True
    """
    plain = _plain(text)
    return any(wanted in plain for wanted in map(_plain, keywords) if wanted)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).casefold().strip()
