"""Which patients a person chooses; Prefect shows it as a form."""

import csv
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from imaging.dicom import DateRange
from imaging.errors import InputError


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
