"""The DVHs of one case on disk: curves as Parquet, all else as JSON, written last."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from imaging.errors import InputError
from imaging.files import write_json
from imaging.rt.cases.tables import CaseDVHs, curves_table, write_table
from imaging.rt.dvh import DVH

_SCALARS = ("volume_cc", "min_gy", "max_gy", "mean_gy", "outside_cc")


@dataclass(frozen=True, slots=True, eq=False)
class StoredCase:
    """What was calculated for one case.

    Attributes:
        key: Fingerprint of the input files and the options.
        colours: ``#rrggbb`` by ROI number.
    """

    key: str
    case: CaseDVHs
    colours: Mapping[int, str]


def store_case(folder: Path, stored: StoredCase) -> None:
    """Write one case; `case.json` comes last, so a folder that has it is complete."""
    clear_case(folder)
    write_table(curves_table([stored.case]), folder, "curves")
    write_json(
        folder / "case.json",
        {
            "key": stored.key,
            "case_id": stored.case.case_id,
            "prescription_gy": stored.case.prescription_gy,
            "dvhs": [_scalars(dvh, stored.colours) for dvh in stored.case.dvhs],
        },
    )


def clear_case(folder: Path) -> None:
    """Forget what was calculated before: it must not pass for the result of new files."""
    for name in ("case.json", "error.txt"):
        (folder / name).unlink(missing_ok=True)


def load_case(folder: Path) -> StoredCase | None:
    """Read what `store_case` wrote; None where nothing complete and readable is."""
    try:
        return _load(folder)
    except (OSError, ValueError, LookupError, TypeError, InputError):
        return None


def _load(folder: Path) -> StoredCase:
    value = json.loads((folder / "case.json").read_text())
    curves = pd.read_parquet(folder / "curves.parquet")
    by_number = {int(str(number)): curve for number, curve in curves.groupby("roi_number")}
    dvhs = tuple(_dvh(row, by_number.get(row["roi_number"])) for row in value["dvhs"])
    colours = {row["roi_number"]: row["colour"] for row in value["dvhs"] if row["colour"]}
    case = CaseDVHs(value["case_id"], dvhs, value["prescription_gy"])
    return StoredCase(value["key"], case, colours)


def _scalars(dvh: DVH, colours: Mapping[int, str]) -> dict[str, Any]:
    return {
        "roi_number": dvh.roi_number,
        "roi_name": dvh.roi_name,
        **{name: getattr(dvh, name) for name in _SCALARS},
        "flags": list(dvh.flags),
        "colour": colours.get(dvh.roi_number, ""),
    }


def _dvh(row: Mapping[str, Any], curve: pd.DataFrame | None) -> DVH:
    points = _curve(curve, "dose_gy"), _curve(curve, "volume_cc")
    return DVH(
        roi_number=row["roi_number"],
        roi_name=row["roi_name"],
        dose_gy=points[0],
        cumulative_cc=points[1],
        flags=tuple(row["flags"]),
        **{name: row[name] for name in _SCALARS},
    )


def _curve(curve: pd.DataFrame | None, column: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return a column as doubles; an empty DVH has the one point (0, 0)."""
    return np.zeros(1) if curve is None else curve[column].to_numpy(dtype=np.float64)
