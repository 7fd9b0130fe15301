"""The DVHs of one case on disk: curves as Parquet, all else as JSON, written last."""

import json
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from imaging.errors import InputError
from imaging.files import whole_file, write_json, write_whole
from imaging.rt.cases.tables import CaseDVHs, curves_table, write_table
from imaging.rt.dvh import DVH
from imaging.rt.metrics.context import PlanContext
from imaging.rt.metrics.indices import body_of
from imaging.rt.planned.stored import PlannedDvh, PlannedDvhs

_SCALARS = ("volume_cc", "min_gy", "max_gy", "mean_gy", "outside_cc", "method")
_OF_PLANNED = ("roi_number", "volume_cc", "bin_gy")
COPY = "rtdose-with-dvhs.dcm"
TRACE = "error.txt"
TRACE_OF_PLANNED = "planned-error.txt"
_PRODUCTS = (
    "case.json",  # the first to go, as it is the last to come
    TRACE,
    TRACE_OF_PLANNED,
    "body.parquet",
    "planned.parquet",
    *(f"{name}.{kind}" for name in ("curves", "metrics", "goals") for kind in ("parquet", "csv")),
    "dvh.html",
    "dvh.png",
    COPY,
)


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
        unasked: DVHs of the body that only metrics need; no table or picture shows them.
        dose_uids: SOP Instance UIDs of the RTDOSEs that were used.
        no_copy: Why there is no copy of the dose with the DVHs, a sentence; "" where none is asked.
        planned: The planning system's own DVHs.
    """

    key: str
    case: CaseDVHs
    colours: Mapping[int, str]
    shown: str = ""
    prescribed_by: str = ""
    notes: tuple[str, ...] = ()
    external: tuple[int, ...] = ()
    unasked: tuple[DVH, ...] = ()
    dose_uids: tuple[str, ...] = ()
    no_copy: str = ""
    planned: PlannedDvhs = field(default_factory=PlannedDvhs)


def store_case(folder: Path, stored: StoredCase) -> None:
    """Write one case; `case.json` comes last, so a folder that has it is complete."""
    (folder / "case.json").unlink(missing_ok=True)
    write_table(curves_table([stored.case]), folder, "curves")
    with whole_file(folder / "body.parquet") as part:
        unasked = CaseDVHs(stored.case.case_id, stored.unasked)
        curves_table([unasked]).to_parquet(part, index=False)
    with whole_file(folder / "planned.parquet") as part:
        _planned_curves(stored.planned).to_parquet(part, index=False)
    store_words(folder, stored)


def store_words(folder: Path, stored: StoredCase) -> None:
    """Write all but the curves, which are those that are there."""
    write_json(folder / "case.json", _values(stored))


def clear_case(folder: Path) -> None:
    """Remove what was made before: it must not pass for the result of new files."""
    for name in _PRODUCTS:
        (folder / name).unlink(missing_ok=True)


def write_trace(folder: Path, name: str = TRACE) -> Path:
    """Write the traceback of the error at hand beside a case's data, for who has access to them.

    Not into the log or a message: what a library says may quote a patient's name.
    """
    return write_whole(folder / name, traceback.format_exc())


def load_case(folder: Path, alpha_beta_gy: Mapping[str, float] | None = None) -> StoredCase | None:
    """Read what `store_case` wrote; None where nothing complete and readable is.

    Args:
        folder: Of the case.
        alpha_beta_gy: For the metrics of BED and EQD2, which are not stored.
    """
    try:
        return _load(folder, alpha_beta_gy or {})
    except (OSError, ValueError, LookupError, TypeError, AttributeError, InputError):
        return None


def fingerprints(folder: Path) -> tuple[str, str]:
    """Read key and ``shown`` of a stored case; empty where nothing readable is."""
    try:
        value = json.loads((folder / "case.json").read_text())
        return value["key"], value["shown"]
    except (OSError, ValueError, LookupError, TypeError):
        return "", ""


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
        "dose_uids": list(stored.dose_uids),
        "no_copy": stored.no_copy,
        "dvhs": [_scalars(dvh, stored.colours) for dvh in stored.case.dvhs],
        "unasked": [_scalars(dvh, {}) for dvh in stored.unasked],
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
    dvhs = _dvhs(value["dvhs"], folder / "curves.parquet")
    unasked = _dvhs(value["unasked"], folder / "body.parquet")
    plan = PlanContext(
        prescription_gy=value["prescription_gy"],
        fractions=value["fractions"],
        body=body_of((*dvhs, *unasked), value["external"]),
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
        unasked=unasked,
        dose_uids=tuple(value["dose_uids"]),
        no_copy=value["no_copy"],
        planned=_planned(value["planned"], pd.read_parquet(folder / "planned.parquet")),
    )


def _dvhs(rows: Sequence[Mapping[str, Any]], curves: Path) -> tuple[DVH, ...]:
    by_number = _by(pd.read_parquet(curves), "roi_number")
    return tuple(_dvh(row, by_number.get(row["roi_number"])) for row in rows)


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
    """Put the planning system's curves into one table, told apart by their place."""
    parts = [
        pd.DataFrame({"item": item, "dose_gy": dvh.dose_gy, "percent": dvh.percent})
        for item, dvh in enumerate(planned.curves)
    ]
    empty = pd.DataFrame({"item": [], "dose_gy": [], "percent": []})
    table = pd.concat(parts, ignore_index=True) if parts else empty
    return table.astype({"item": "int64", "dose_gy": "float64", "percent": "float64"})


def _planned(value: Mapping[str, Any], curves: pd.DataFrame) -> PlannedDvhs:
    by_item = _by(curves, "item")
    dvhs = [
        PlannedDvh(
            dose_gy=_column(by_item[item], "dose_gy"),
            percent=_column(by_item[item], "percent"),
            notes=tuple(row["notes"]),
            **{name: row[name] for name in _OF_PLANNED},
        )
        for item, row in enumerate(value["dvhs"])
    ]
    return PlannedDvhs(tuple(dvhs), tuple(value["left_out"]), value["structure_set_uid"])


def _by(curves: pd.DataFrame, column: str) -> dict[int, pd.DataFrame]:
    return {int(str(number)): curve for number, curve in curves.groupby(column)}


def _column(curve: pd.DataFrame | None, name: str) -> NDArray[np.float64]:
    """Return a column as doubles; an empty DVH has the one point (0, 0)."""
    return np.zeros(1) if curve is None else curve[name].to_numpy(dtype=np.float64)
