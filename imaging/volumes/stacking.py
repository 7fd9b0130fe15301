"""Whether slices make a volume, and which."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.volumes.findings import Evidence, Finding, FindingKind
from imaging.volumes.geometry import Floats, Geometry, orthonormal
from imaging.volumes.headers import SliceHeader
from imaging.volumes.request import Resampling

# Positions are decimal strings, and scanners round them: a tenth of a millimetre is below what any
# contour resolves, and above what rounding makes of a regular grid.
_TOLERANCE_MM = 0.1
_TOLERANCE_COSINE = 1e-3
_DRIFT = 5e-4  # of the length: what rounding cosines to three decimals does to the normal
_SAME_SPACING = 1e-3  # relative
_SAME_PLACE_MM = 0.01
_DOUBLED = 0.1  # of the spacing: two slices that are nearer are at one place


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Slices in the order of a volume.

    Attributes:
        slices: Those that there are.
        slots: Shape (slices,): which slice of the volume each is; missing ones leave gaps.
        shift_pixels: Shape (slices, 2): where each begins in the volume's plane, by column and row;
            0 but for tilted slices.
        geometry: The volume.
        findings: What has to be resampled to make it.
    """

    slices: tuple[SliceHeader, ...]
    slots: NDArray[np.intp]
    shift_pixels: Floats
    geometry: Geometry
    findings: tuple[Finding, ...]

    @property
    def series_instance_uid(self) -> str:
        """The UID of the series."""
        return self.slices[0].series_instance_uid


class _UnfitError(Exception):
    """The slices make no volume; never leaves this module."""

    def __init__(self, kind: FindingKind, evidence: Evidence) -> None:
        super().__init__(kind)
        self.kind, self.evidence = kind, evidence


def stack_of(headers: Sequence[SliceHeader], resampling: Resampling) -> Stack | Finding:
    """Sort slices along their normal, and check that they are a volume.

    Args:
        headers: At least one, in any order.
        resampling: What may be done when they are not.

    Returns:
        The volume, or why there is none.
    """
    try:
        return _stack(headers, resampling)
    except _UnfitError as unfit:
        return Finding(unfit.kind, headers[0].series_instance_uid, unfit.evidence)


def _stack(headers: Sequence[SliceHeader], resampling: Resampling) -> Stack:
    """Make the volume, or raise why there is none."""
    between_mm = _common_spacing(headers)
    position_mm, orientation = _places(headers)
    axes = np.stack(orthonormal(orientation))
    normal = np.cross(*axes)
    order = np.argsort(position_mm @ normal, kind="stable")
    slices, position_mm = tuple(headers[index] for index in order), position_mm[order]
    relative_mm = position_mm - position_mm[0]
    slots, gap_mm, filled = _slots(slices, relative_mm @ normal, resampling)
    pixel_mm = between_mm[::-1]
    shift, straightened = _shift(
        relative_mm @ axes.T, slots.astype(np.float64) * gap_mm, pixel_mm, resampling
    )
    first = np.floor(shift.min(axis=0))
    extra = (np.ceil(shift.max(axis=0)) - first).astype(int)
    rows, columns = slices[0].pixels.shape
    geometry = Geometry(
        shape=(int(slots[-1]) + 1, rows + int(extra[1]), columns + int(extra[0])),
        origin_mm=position_mm[0] + (first * pixel_mm) @ axes,
        along_columns=axes[0],
        along_rows=axes[1],
        spacing_mm=(gap_mm, float(between_mm[0]), float(between_mm[1])),
    )
    done = {
        FindingKind.SLICES_INTERPOLATED: filled,
        FindingKind.TILT_STRAIGHTENED: straightened,
    }
    uid = slices[0].series_instance_uid
    findings = tuple(Finding(kind, uid, evidence) for kind, evidence in done.items() if evidence)
    return Stack(slices, slots, shift - first, geometry, findings)


def _common_spacing(headers: Sequence[SliceHeader]) -> Floats:
    """Return the pixel spacing of slices that agree in all that a volume has once."""
    spacing = [each.spacing_mm for each in headers if each.spacing_mm is not None]
    if len(spacing) < len(headers) or np.min(spacing) <= 0:
        raise _UnfitError(FindingKind.SLICES_DIFFER, {"reason": "PixelSpacing is not stated"})
    allowed = _SAME_SPACING * spacing[0]
    differing = {
        "rows and columns": len({each.pixels.shape for each in headers}) > 1,
        "pixel spacing": bool((np.ptp(spacing, axis=0) > allowed).any()),
        "meaning of pixels": len({each.meaning for each in headers}) > 1,
        "series": len({each.series_instance_uid for each in headers}) > 1,
    }
    found = [what for what, differs in differing.items() if differs]
    if found:
        evidence: Evidence = {"slices": len(headers), "differing": found}
        raise _UnfitError(FindingKind.SLICES_DIFFER, evidence)
    return spacing[0]


def _places(headers: Sequence[SliceHeader]) -> tuple[Floats, Floats]:
    """Return where slices are, shape (slices, 3), and the orientation that they share."""
    positions = [each.position_mm for each in headers if each.position_mm is not None]
    orientations = [each.orientation for each in headers if each.orientation is not None]
    stated = min(len(positions), len(orientations))
    if stated < len(headers):
        evidence: Evidence = {"reason": "no place or direction", "slices": len(headers) - stated}
        raise _UnfitError(FindingKind.SLICES_UNEVEN, evidence)
    if np.ptp(orientations, axis=0).max() > _TOLERANCE_COSINE:
        evidence = {"reason": "slices of different orientation", "slices": len(headers)}
        raise _UnfitError(FindingKind.SLICES_UNEVEN, evidence)
    return np.array(positions), np.mean(orientations, axis=0)


def _slots(
    slices: Sequence[SliceHeader], height_mm: Floats, resampling: Resampling
) -> tuple[NDArray[np.intp], float, Evidence]:
    """Number the slices of an even grid, with gaps where some are missing."""
    if len(slices) == 1:
        thickness_mm = slices[0].thickness_mm or 0.0
        if thickness_mm <= 0:
            evidence: Evidence = {"reason": "a single slice without thickness"}
            raise _UnfitError(FindingKind.SLICES_UNEVEN, evidence)
        return np.zeros(1, dtype=np.intp), thickness_mm, {}
    gaps_mm = np.diff(height_mm)
    apart_mm = gaps_mm[gaps_mm > _SAME_PLACE_MM]
    usual_mm = float(np.median(apart_mm)) if apart_mm.size else 0.0
    doubled = int((gaps_mm < max(_DOUBLED * usual_mm, _SAME_PLACE_MM)).sum())
    if doubled:
        evidence = {"reason": "several slices at one place", "doubled": doubled}
        raise _UnfitError(FindingKind.SLICES_UNEVEN, evidence)
    steps = np.maximum(np.rint(gaps_mm / usual_mm), 1).astype(np.intp)
    slots = np.concatenate([[0], np.cumsum(steps)])
    gap_mm = float(height_mm[-1] / slots[-1])
    if np.abs(height_mm - slots * gap_mm).max() > _TOLERANCE_MM:
        range_mm = [f"{end:.3f}" for end in (gaps_mm.min(), gaps_mm.max())]
        evidence = {"reason": "uneven spacing", "smallest_and_largest_gap_mm": range_mm}
        raise _UnfitError(FindingKind.SLICES_UNEVEN, evidence)
    return slots, gap_mm, _missing(slots, gap_mm, resampling)


def _missing(slots: NDArray[np.intp], gap_mm: float, resampling: Resampling) -> Evidence:
    """Say which slices are missing, and refuse more of them in a row than may be interpolated."""
    missing = np.setdiff1d(np.arange(slots[-1]), slots)
    if missing.size == 0:
        return {}
    in_a_row = int(np.diff(slots).max()) - 1
    evidence: dict[str, str | int | float | list[str]] = {
        "missing": int(missing.size),
        "most_in_a_row": in_a_row,
        "spacing_mm": round(gap_mm, 4),
        "slices": [str(slot) for slot in missing + 1],
    }
    if in_a_row > resampling.fill_missing_slices:
        evidence["reason"] = "slices are missing"
        raise _UnfitError(FindingKind.SLICES_UNEVEN, evidence)
    return evidence


def _shift(
    beside_mm: Floats, height_mm: Floats, pixel_mm: Floats, resampling: Resampling
) -> tuple[Floats, Evidence]:
    """Say how far slices are shifted in their plane, in pixels, and refuse what must not be.

    Args:
        beside_mm: Shape (slices, 2), along columns and rows, from the first slice.
        height_mm: Shape (slices,).
        pixel_mm: Between columns and between rows.
        resampling: Whether they may be.
    """
    allowed_mm = _TOLERANCE_MM + _DRIFT * float(height_mm[-1])
    if np.abs(beside_mm).max() <= allowed_mm:
        return np.zeros_like(beside_mm), {}
    degrees = np.degrees(np.arctan2(np.hypot(*beside_mm[-1]), height_mm[-1]))
    evidence: dict[str, str | int | float | list[str]] = {
        "tilt_degrees": round(float(degrees), 2),
        "largest_shift_mm": round(float(np.hypot(*beside_mm.T).max()), 3),
    }
    if not resampling.straighten_tilt:
        evidence["reason"] = "slices are tilted against the direction they are stacked in"
        raise _UnfitError(FindingKind.SLICES_UNEVEN, evidence)
    # Rounded, so that a shift by whole pixels is one, and no outermost pixel is lost to it.
    return np.round(beside_mm / pixel_mm, 6), evidence
