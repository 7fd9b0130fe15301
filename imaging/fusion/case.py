"""A case: two oral scans and a CBCT of one patient, under a name that says nobody's."""

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from imaging.errors import InputError
from imaging.fusion.place import CASE_NAME

_NEEDED = ("case", "upper_scan", "lower_scan", "cbct")
_SERIES = "series_instance_uid"


@dataclass(frozen=True, slots=True)
class FusionCase:
    """What a lab hands in.

    Attributes:
        case: A neutral name: it is shown, and names the folder of the results.
        upper_scan: Surface scan of the upper jaw.
        lower_scan: Surface scan of the lower jaw.
        cbct: A folder of DICOM files, a zip of them, or an NRRD file.
        series_instance_uid: Which series, where there are several; empty for the only one.
    """

    case: str
    upper_scan: Path
    lower_scan: Path
    cbct: Path
    series_instance_uid: str = ""

    def __post_init__(self) -> None:
        """Refuse a name that could lead elsewhere.

        Raises:
            InputError: It is no name.
        """
        if not CASE_NAME.fullmatch(self.case):
            msg = "a case's name is up to 64 letters, digits, dots, dashes and underscores"
            raise InputError(msg)


def case_of(data_root: Path, name: str, files: Mapping[str, str | Path], series: str) -> FusionCase:
    """Return a case, its paths counted from the data root where they are not absolute.

    Args:
        data_root: Of the project.
        name: Of the case.
        files: `upper_scan`, `lower_scan` and `cbct`.
        series: SeriesInstanceUID; empty for the only one there is.

    Raises:
        InputError: A file is not named or cannot be found by its name, or the case's name is none.
    """
    missing = [field for field in _NEEDED[1:] if not str(files.get(field) or "").strip(" .")]
    if missing:
        msg = f"these are not named: {', '.join(missing)}"  # the name may be a patient's still
        raise InputError(msg)
    try:
        paths = {field: data_root / Path(files[field]).expanduser() for field in _NEEDED[1:]}
    except RuntimeError:  # of `~somebody`, of whom this machine knows nothing
        msg = "a path begins with the home of somebody who has none here"
        raise InputError(msg) from None
    return FusionCase(name, **paths, series_instance_uid=series.strip())


def read_cases(worklist: Path, data_root: Path) -> list[FusionCase]:
    """Read a CSV file of cases, a line each.

    Its columns are `case`, `upper_scan`, `lower_scan`, `cbct` and, where a folder holds several
    series, `series_instance_uid`. Paths that are not absolute count from the data root.

    Raises:
        InputError: The file cannot be read, lacks a column, or names a case twice; every fault of
            it is told, by line.
    """
    cases, faults = [], []
    for number, cells in enumerate(_rows(worklist), start=2):
        try:
            cases.append(case_of(data_root, cells["case"], cells, cells.get(_SERIES, "")))
        except InputError as error:
            faults.append(f"line {number}: {error}")
    names = Counter(case.case for case in cases)
    faults += [f"{name} is named {count} times" for name, count in names.items() if count > 1]
    if faults:
        msg = f"the worklist has {len(faults)} faults: {'; '.join(faults[:20])}"
        raise InputError(msg)
    return cases


def _rows(worklist: Path) -> list[dict[str, str]]:
    """Return the cells of each line by heading, by the separator that the first line uses."""
    try:
        lines = worklist.read_text(encoding="utf-8-sig").splitlines()
        separator = max(",;\t", key=lines[0].count) if lines else ","
        rows = list(csv.DictReader(lines, delimiter=separator, strict=True))
    except (OSError, ValueError, csv.Error) as error:
        why = (isinstance(error, OSError) and error.strerror) or "it is no CSV file in UTF-8"
        msg = f"the worklist of cases cannot be read: {why}"
        raise InputError(msg) from None
    headings = {name.strip().casefold() for name in (rows[0] if rows else {}) if name}
    if missing := [name for name in _NEEDED if name not in headings]:
        msg = f"the worklist has no case, or lacks the columns {', '.join(missing)}"
        raise InputError(msg)
    return [
        {(name or "").strip().casefold(): _text(cell) for name, cell in row.items()} for row in rows
    ]


def _text(cell: str | list[str] | None) -> str:
    """Return a cell's text; csv gives a list of what a line has too many."""
    return cell.strip() if isinstance(cell, str) else ""
