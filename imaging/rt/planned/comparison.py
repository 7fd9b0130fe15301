"""How far our DVHs are from the planning system's, in numbers that physicists know."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from imaging.errors import InputError
from imaging.rt.curves import Curve, mean_distance, signed_difference
from imaging.rt.dvh import DVH
from imaging.rt.planned.stored import PlannedDvh, PlannedDvhs

AT_PERCENT = (98, 95, 50, 2)
_TYPES = {
    "case_id": "str",
    "roi_number": "int64",
    "roi_name": "str",
    "mean_dv_points": "float64",
    "max_dv_points": "float64",
    "max_dv_gy": "float64",
    "volume_ratio": "float64",
    **{f"dD{percent}_gy": "float64" for percent in AT_PERCENT},
    "dmean_gy": "float64",
    "bin_gy": "float64",
    "notes": "str",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Ours minus theirs, for one ROI; each curve is in percent of its own whole volume.

    Attributes:
        mean_points: Mean |dV| from 0 to the highest dose of either, in percentage points.
        max_points: Largest |dV|.
        max_gy: The dose where it is.
        volume_ratio: Our volume over theirs, None when theirs is not known.
        dose_gy: Differences of D98%, D95%, D50% and D2%; None where so much of the ROI is outside
            the dose grid that one has none.
        mean_dose_gy: Difference of the mean doses; theirs is of the curve, not of the tag.
    """

    mean_points: float
    max_points: float
    max_gy: float
    volume_ratio: float | None
    dose_gy: tuple[float | None, ...]
    mean_dose_gy: float


def compare(ours: DVH, theirs: PlannedDvh) -> Difference:
    """Compare two DVHs of one ROI.

    Raises:
        InputError: Ours is empty.
    """
    if ours.is_empty:
        msg = f"the DVH of ROI {ours.roi_number} is empty: there is nothing to compare"
        raise InputError(msg)
    gy, points = signed_difference(ours.percent_curve, theirs.curve)
    worst = int(np.argmax(np.abs(points)))
    return Difference(
        mean_points=mean_distance(ours.percent_curve, theirs.curve),
        max_points=float(abs(points[worst])),
        max_gy=float(gy[worst]),
        volume_ratio=ours.whole_cc / theirs.volume_cc if theirs.volume_cc else None,
        dose_gy=tuple(_dose_difference(ours, theirs, percent) for percent in AT_PERCENT),
        mean_dose_gy=(ours.mean_gy or 0.0) - theirs.mean_gy,
    )


def comparison_table(cases: Iterable[tuple[str, Sequence[DVH], PlannedDvhs]]) -> pd.DataFrame:
    """List the differences of every ROI that both have, by ROI number.

    Args:
        cases: Case id, our DVHs, and the planning system's of the same RTSTRUCT.

    Returns:
        Columns ``case_id, roi_number, roi_name, mean_dv_points, max_dv_points, max_dv_gy,
        volume_ratio, dD98_gy, dD95_gy, dD50_gy, dD2_gy, dmean_gy, bin_gy, notes``; all
        differences are ours minus theirs.
    """
    rows = []
    for case_id, dvhs, planned in cases:
        of_number = {theirs.roi_number: theirs for theirs in planned.curves}
        both = [dvh for dvh in dvhs if dvh.roi_number in of_number]
        rows += [_row(case_id, dvh, of_number[dvh.roi_number]) for dvh in both if not dvh.is_empty]
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def curves_by_name(planned: PlannedDvhs, dvhs: Sequence[DVH]) -> dict[str, Curve]:
    """Match the planning system's curves to ours by ROI number, for a plot's overlays.

    A plot knows overlays by name, so ROIs that are named alike have none.
    """
    of_number = _named_once(dvhs)
    found = [theirs for theirs in planned.curves if theirs.roi_number in of_number]
    return {of_number[theirs.roi_number]: theirs.curve for theirs in found}


def volumes_by_name(planned: PlannedDvhs, dvhs: Sequence[DVH]) -> dict[str, float]:
    """Return what 100 % of those curves is, in cm³, where the file says it."""
    of_number = {theirs.roi_number: theirs.volume_cc for theirs in planned.curves}
    known = {name: of_number.get(number) for number, name in _named_once(dvhs).items()}
    return {name: cc for name, cc in known.items() if cc is not None}


def repeated_names(dvhs: Sequence[DVH]) -> list[str]:
    """List the names that several ROIs have."""
    return [name for name, count in Counter(dvh.roi_name for dvh in dvhs).items() if count > 1]


def _named_once(dvhs: Sequence[DVH]) -> dict[int, str]:
    """Return the names by number of the ROIs that no other is named like."""
    repeated = repeated_names(dvhs)
    return {dvh.roi_number: dvh.roi_name for dvh in dvhs if dvh.roi_name not in repeated}


def _row(case_id: str, ours: DVH, theirs: PlannedDvh) -> tuple[str | int | float | None, ...]:
    """Compare one ROI, as a row of the table."""
    found = compare(ours, theirs)
    points = found.mean_points, found.max_points, found.max_gy
    doses = *found.dose_gy, found.mean_dose_gy
    said = "; ".join(theirs.notes)
    who = case_id, ours.roi_number, ours.roi_name
    return *who, *points, found.volume_ratio, *doses, theirs.bin_gy, said


def _dose_difference(ours: DVH, theirs: PlannedDvh, percent: float) -> float | None:
    """Subtract a dose of theirs from ours; None where one of them has none."""
    ours_gy, theirs_gy = ours.dose_at_volume(percent), theirs.dose_at_volume(percent)
    return None if ours_gy is None or theirs_gy is None else ours_gy - theirs_gy
