"""Whether the slices of a series make a volume: judged from the listing, before any download."""

import numpy as np
from numpy.typing import NDArray

from imaging.cohort.decision import Decision
from imaging.cohort.specification import ImageRules
from imaging.dicom import SeriesRow

# DICOM writes positions as decimal strings, and scanners round them: a tenth of a millimetre is
# below what any contour resolves, and above what rounding makes of a regular grid.
_TOLERANCE_MM = 0.1
_TOLERANCE_COSINE = 1e-3
_DRIFT = 5e-4  # of the length: what rounding cosines to three decimals does to the normal

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
    if any(len(row.position_mm) != 3 or len(row.orientation) != 6 for row in rows):
        return [Decision("II_REV_010", uid, {"slices": len(rows)})]
    sizes = sorted({row.matrix for row in rows if row.matrix})
    if len(sizes) > 1:
        stated = [f"{matrix_rows} x {columns}" for matrix_rows, columns in sizes]
        return [Decision("II_REV_011", uid, {"rows_x_columns": stated})]
    orientation = np.array([row.orientation for row in rows])
    position = np.array([row.position_mm for row in rows])
    if np.ptp(orientation, axis=0).max() > _TOLERANCE_COSINE:
        return [Decision("II_REV_009", uid, {"slices": len(rows)})]
    normal = np.cross(orientation[0, :3], orientation[0, 3:])
    along = position @ normal
    order = np.argsort(along)
    return _tilt(uid, position[order], normal, rules) + _spacing(uid, along[order], rules)


def _tilt(uid: str, position: Floats, normal: Floats, rules: ImageRules) -> list[Decision]:
    """Judge whether the slices are stacked along their own normal (no gantry tilt, no shear)."""
    step = position[-1] - position[0]
    length = float(np.linalg.norm(step))
    sideways_mm = float(np.linalg.norm(step - (step @ normal) * normal))
    if sideways_mm <= _TOLERANCE_MM + _DRIFT * length:
        return []
    degrees = round(float(np.degrees(np.arcsin(min(sideways_mm / length, 1.0)))), 2)
    code = "II_SUCC_003" if rules.straighten_tilt else "II_REV_009"
    return [Decision(code, uid, {"tilt_degrees": degrees})]


def _spacing(uid: str, along_mm: Floats, rules: ImageRules) -> list[Decision]:
    """Judge whether sorted positions are distinct and evenly spaced."""
    gaps = np.diff(along_mm)
    doubled = int((gaps < _TOLERANCE_MM).sum())
    if doubled:
        return [
            Decision("II_REV_008", uid, {"slices": len(along_mm), "at_a_taken_position": doubled})
        ]
    if len(gaps) == 0 or np.ptp(gaps) <= _TOLERANCE_MM:
        return []
    usual = float(np.median(gaps))
    missing = np.rint(gaps / usual - 1).clip(min=0)
    is_regular = bool((np.abs(gaps - (missing + 1) * usual) <= _TOLERANCE_MM).all())
    can_fill = is_regular and missing.max() <= rules.fill_missing_slices
    evidence = {
        "spacing_mm": round(usual, 4),
        "largest_gap_mm": round(float(gaps.max()), 4),
        "missing": int(missing.sum()),
    }
    return [Decision("II_SUCC_003" if can_fill else "II_REV_007", uid, evidence)]
