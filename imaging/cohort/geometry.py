"""Whether the slices of a series make a volume: judged from the listing, before any download."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from imaging.cohort.decision import Decision
from imaging.cohort.specification import ImageRules
from imaging.dicom import InstanceRow, SeriesRow
from imaging.dicom.arrangement import Arrangement, are_directions, arrangement_of

Floats = NDArray[np.float64]


def judge_slices(series: SeriesRow, rules: ImageRules | None = None) -> list[Decision]:
    """Return what is odd about the slices of an image series; nothing, when they stack evenly.

    Slices are ordered by the projection of ImagePositionPatient on the normal of
    ImageOrientationPatient (DICOM PS3.3 C.7.6.2.1.1), never by SliceLocation or InstanceNumber.

    Args:
        series: The images.
        rules: What is to be resampled, and so is no reason for a review.
    """
    rules = rules or ImageRules()
    uid = series.series_instance_uid
    rows = series.instances
    if not _are_placed(rows):
        return [Decision("II_REV_010", uid, {"slices": len(rows)})]
    sizes = sorted({row.matrix for row in rows if row.matrix})
    if len(sizes) > 1:
        stated = [f"{matrix_rows} x {columns}" for matrix_rows, columns in sizes]
        return [Decision("II_REV_011", uid, {"rows_x_columns": stated})]
    stacked = arrangement_of(*_places(rows))
    if stacked is None:
        return [Decision("II_REV_009", uid, {"slices": len(rows)})]
    return _tilt(uid, stacked, rules) + _spacing(uid, stacked, rules)


def _are_placed(rows: Sequence[InstanceRow]) -> bool:
    """Whether every slice states where it is and which way it lies, in numbers that can be."""
    if any(len(row.position_mm) != 3 or len(row.orientation) != 6 for row in rows):
        return False
    position_mm, orientation = _places(rows)
    return bool(np.isfinite(position_mm).all()) and are_directions(orientation)


def _places(rows: Sequence[InstanceRow]) -> tuple[Floats, Floats]:
    """Return positions, shape (slices, 3), and orientations, shape (slices, 6)."""
    return np.array([row.position_mm for row in rows]), np.array([row.orientation for row in rows])


def _tilt(uid: str, stacked: Arrangement, rules: ImageRules) -> list[Decision]:
    """Judge whether the slices are stacked along their own normal (no gantry tilt, no shear)."""
    if not stacked.is_tilted:
        return []
    evidence = {"tilt_degrees": round(stacked.tilt_degrees, 2)}
    if evidence["tilt_degrees"] == 0:  # not the last slice, but one on the way to it
        evidence["largest_shift_mm"] = round(stacked.largest_shift_mm, 3)
    code = "II_SUCC_003" if rules.straighten_tilt else "II_REV_009"
    return [Decision(code, uid, evidence)]


def _spacing(uid: str, stacked: Arrangement, rules: ImageRules) -> list[Decision]:
    """Judge whether the slices are at distinct places and evenly spaced."""
    slices = stacked.order.size
    if slices == 1:
        return []
    spacing = stacked.spacing()
    if spacing.doubled:
        doubled = {"slices": slices, "at_a_taken_position": spacing.doubled}
        return [Decision("II_REV_008", uid, doubled)]
    if spacing.is_even and not spacing.missing:
        return []
    can_fill = spacing.is_even and spacing.missing_in_a_row <= rules.fill_missing_slices
    evidence = {
        "spacing_mm": round(spacing.usual_mm, 4),
        "largest_gap_mm": round(float(spacing.gaps_mm.max()), 4),
        "missing": spacing.missing,
    }
    return [Decision("II_SUCC_003" if can_fill else "II_REV_007", uid, evidence)]
