"""The DVHs of one case on disk: curves as Parquet, all else as JSON, written last."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from imaging.errors import InputError
from imaging.files import whole_file, write_json
from imaging.rt.cases.tables import CaseDVHs, curves_table, write_table
from imaging.rt.dvh import DVH
from imaging.rt.metrics.context import PlanContext
from imaging.rt.metrics.indices import body_of
from imaging.rt.planned.stored import PlannedDvh, PlannedDvhs

_SCALARS = ("volume_cc", "min_gy", "max_gy", "mean_gy", "outside_cc", "method")
_OF_PLANNED = ("roi_number", "volume_cc", "bin_gy")


@dataclass(frozen=True, slots=True, eq=False)
class StoredCase:
    """What was calculated for one case.

    Attributes:
        key: Fingerprint of the input files and of what decides the curves.
        case: The DVHs, and what is known of the plan.
        colours: ``#rrggbb`` by ROI number.
        shown: Fingerprint of what the pictures and pages of the case show beside the curves.
        prescribed_by: Where the prescription is from, in words.
        notes: What was done to the dose, as sentences.
        external: Numbers of the ROIs that the RTSTRUCT calls EXTERNAL.
        planned: The planning system's own DVHs.
    """

    key: str
    case: CaseDVHs
    colours: Mapping[int, str]
    shown: str = ""
    prescribed_by: str = ""
    notes: tuple[str, ...] = ()
    external: tuple[int, ...] = ()
    planned: PlannedDvhs = field(default_factory=lambda: PlannedDvhs((), (), ""))


def store_case(folder: Path, stored: StoredCase) -> None:
    """Write one case; `case.json` comes last, so a folder that has it is complete."""
    clear_case(folder)
    write_table(curves_table([stored.case]), folder, "curves")
    with whole_file(folder / "planned.parquet") as part:
        _planned_curves(stored.planned).to_parquet(part, index=False)
    store_words(folder, stored)


def store_words(folder: Path, stored: StoredCase) -> None:
    """Write all but the curves, which are those that are there."""
    write_json(folder / "case.json", _values(stored))


def clear_case(folder: Path) -> None:
    """Forget what was calculated before: it must not pass for the result of new files."""
    for name in ("case.json", "error.txt"):
        (folder / name).unlink(missing_ok=True)


def load_case(folder: Path, alpha_beta_gy: Mapping[str, float] | None = None) -> StoredCase | None:
    """Read what `store_case` wrote; None where nothing complete and readable is.

    Args:
        folder: Of the case.
        alpha_beta_gy: For the metrics of BED and EQD2, which are not stored.
    """
    try:
        return _load(folder, alpha_beta_gy or {})
    except (OSError, ValueError, LookupError, TypeError, InputError):
        return None


def _values(stored: StoredCase) -> dict[str, Any]:
    plan = stored.case.plan
    return {
        "key": stored.key,
        "shown": stored.shown,
        "case_id": stored.case.case_id,
        "course": stored.case.course,
        "prescription_gy": plan.prescription_gy,
        "prescribed_by": stored.prescribed_by,
        "fractions": plan.fractions,
        "notes": list(stored.notes),
        "external": list(stored.external),
        "dvhs": [_scalars(dvh, stored.colours) for dvh in stored.case.dvhs],
        "planned": {
            "structure_set_uid": stored.planned.structure_set_uid,
            "left_out": list(stored.planned.left_out),
            "dvhs": [
                {name: getattr(dvh, name) for name in _OF_PLANNED} | {"notes": list(dvh.notes)}
                for dvh in stored.planned.curves
            ],
        },
    }


def _scalars(dvh: DVH, colours: Mapping[int, str]) -> dict[str, Any]:
    return {
        "roi_number": dvh.roi_number,
        "roi_name": dvh.roi_name,
        **{name: getattr(dvh, name) for name in _SCALARS},
        "flags": list(dvh.flags),
        "notes": list(dvh.notes),
        "colour": colours.get(dvh.roi_number, ""),
    }


def _load(folder: Path, alpha_beta_gy: Mapping[str, float]) -> StoredCase:
    value = json.loads((folder / "case.json").read_text())
    curves = _by_number(pd.read_parquet(folder / "curves.parquet"))
    dvhs = tuple(_dvh(row, curves.get(row["roi_number"])) for row in value["dvhs"])
    plan = PlanContext(
        prescription_gy=value["prescription_gy"],
        fractions=value["fractions"],
        body=body_of(dvhs, value["external"]),
        alpha_beta_gy=alpha_beta_gy,
    )
    return StoredCase(
        key=value["key"],
        case=CaseDVHs(value["case_id"], dvhs, plan, value["course"]),
        colours={row["roi_number"]: row["colour"] for row in value["dvhs"] if row["colour"]},
        shown=value["shown"],
        prescribed_by=value["prescribed_by"],
        notes=tuple(value["notes"]),
        external=tuple(value["external"]),
        planned=_planned(value["planned"], _by_number(pd.read_parquet(folder / "planned.parquet"))),
    )


def _dvh(row: Mapping[str, Any], curve: pd.DataFrame | None) -> DVH:
    return DVH(
        roi_number=row["roi_number"],
        roi_name=row["roi_name"],
        dose_gy=_column(curve, "dose_gy"),
        cumulative_cc=_column(curve, "volume_cc"),
        flags=tuple(row["flags"]),
        notes=tuple(row["notes"]),
        **{name: row[name] for name in _SCALARS},
    )


def _planned_curves(planned: PlannedDvhs) -> pd.DataFrame:
    """Put the planning system's curves into one table."""
    parts = [
        pd.DataFrame({"roi_number": dvh.roi_number, "dose_gy": dvh.dose_gy, "percent": dvh.percent})
        for dvh in planned.curves
    ]
    empty = pd.DataFrame({"roi_number": [], "dose_gy": [], "percent": []})
    table = pd.concat(parts, ignore_index=True) if parts else empty
    return table.astype({"roi_number": "int64", "dose_gy": "float64", "percent": "float64"})


def _planned(value: Mapping[str, Any], curves: Mapping[int, pd.DataFrame]) -> PlannedDvhs:
    dvhs = [
        PlannedDvh(
            dose_gy=_column(curves[row["roi_number"]], "dose_gy"),
            percent=_column(curves[row["roi_number"]], "percent"),
            notes=tuple(row["notes"]),
            **{name: row[name] for name in _OF_PLANNED},
        )
        for row in value["dvhs"]
    ]
    return PlannedDvhs(tuple(dvhs), tuple(value["left_out"]), value["structure_set_uid"])


def _by_number(curves: pd.DataFrame) -> dict[int, pd.DataFrame]:
    return {int(str(number)): curve for number, curve in curves.groupby("roi_number")}


def _column(curve: pd.DataFrame | None, name: str) -> NDArray[np.float64]:
    """Return a column as doubles; an empty DVH has the one point (0, 0)."""
    return np.zeros(1) if curve is None else curve[name].to_numpy(dtype=np.float64)
