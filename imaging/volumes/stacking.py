"""Whether slices make a volume, and which."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from imaging.dicom.arrangement import Arrangement, Spacing, arrangement_of
from imaging.volumes.findings import Evidence, Finding, FindingKind
from imaging.volumes.geometry import Floats, Geometry
from imaging.volumes.headers import SliceHeader
from imaging.volumes.request import Resampling

_SAME_SPACING = 1e-3  # relative
_MOST_LISTED = 200


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
    stacked = _arranged(headers)
    slices = tuple(headers[index] for index in stacked.order)
    slots, gap_mm, filled = _slots(slices, stacked, resampling)
    pixel_mm = between_mm[::-1]
    shift, straightened = _shift(stacked, pixel_mm, resampling)
    first = np.floor(shift.min(axis=0))
    extra = (np.ceil(shift.max(axis=0)) - first).astype(int)
    rows, columns = slices[0].pixels.shape
    geometry = Geometry(
        shape=(int(slots[-1]) + 1, rows + int(extra[1]), columns + int(extra[0])),
        origin_mm=stacked.position_mm[0] + (first * pixel_mm) @ stacked.axes,
        along_columns=stacked.axes[0],
        along_rows=stacked.axes[1],
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


def _arranged(headers: Sequence[SliceHeader]) -> Arrangement:
    """Sort slices that say where they are and are parallel."""
    positions = [each.position_mm for each in headers if each.position_mm is not None]
    orientations = [each.orientation for each in headers if each.orientation is not None]
    stated = min(len(positions), len(orientations))
    if stated < len(headers):
        evidence: Evidence = {"reason": "no place or direction", "slices": len(headers) - stated}
        raise _UnfitError(FindingKind.SLICES_UNEVEN, evidence)
    stacked = arrangement_of(np.array(positions), np.array(orientations))
    if stacked is None:
        evidence = {"reason": "slices of different orientation", "slices": len(headers)}
        raise _UnfitError(FindingKind.SLICES_UNEVEN, evidence)
    return stacked


def _slots(
    slices: Sequence[SliceHeader], stacked: Arrangement, resampling: Resampling
) -> tuple[NDArray[np.intp], float, Evidence]:
    """Number the slices of an even grid, with gaps where some are missing."""
    if len(slices) == 1:
        thickness_mm = slices[0].thickness_mm or 0.0
        if thickness_mm <= 0:
            evidence: Evidence = {"reason": "a single slice without thickness"}
            raise _UnfitError(FindingKind.SLICES_UNEVEN, evidence)
        return np.zeros(1, dtype=np.intp), thickness_mm, {}
    spacing = stacked.spacing()
    if spacing.doubled:
        evidence = {"reason": "several slices at one place", "doubled": spacing.doubled}
        raise _UnfitError(FindingKind.SLICES_UNEVEN, evidence)
    if not spacing.is_even:
        range_mm = [f"{end:.3f}" for end in (spacing.gaps_mm.min(), spacing.gaps_mm.max())]
        evidence = {"reason": "uneven spacing", "smallest_and_largest_gap_mm": range_mm}
        raise _UnfitError(FindingKind.SLICES_UNEVEN, evidence)
    return spacing.slots, spacing.gap_mm, _missing(spacing, resampling)


def _missing(spacing: Spacing, resampling: Resampling) -> Evidence:
    """Say which slices are missing, and refuse more of them in a row than may be interpolated."""
    if spacing.missing == 0:
        return {}
    steps = zip(spacing.slots, spacing.slots[1:], strict=False)
    missing = (slot for one, other in steps for slot in range(one + 1, other))
    evidence: dict[str, str | int | float | list[str]] = {
        "missing": spacing.missing,
        "most_in_a_row": spacing.missing_in_a_row,
        "spacing_mm": round(spacing.gap_mm, 4),
        "slices": [str(slot + 1) for slot in islice(missing, _MOST_LISTED)],
    }
    if spacing.missing_in_a_row > resampling.fill_missing_slices:
        evidence["reason"] = "slices are missing"
        raise _UnfitError(FindingKind.SLICES_UNEVEN, evidence)
    return evidence


def _shift(
    stacked: Arrangement, pixel_mm: Floats, resampling: Resampling
) -> tuple[Floats, Evidence]:
    """Say how far slices are shifted in their plane, in pixels, and refuse what must not be.

    Args:
        stacked: The slices.
        pixel_mm: Between columns and between rows.
        resampling: Whether they may be.
    """
    beside_mm = stacked.beside_mm
    if not stacked.is_tilted:
        return np.zeros_like(beside_mm), {}
    evidence: dict[str, str | int | float | list[str]] = {
        "tilt_degrees": round(stacked.tilt_degrees, 2),
        "largest_shift_mm": round(stacked.largest_shift_mm, 3),
    }
    if not resampling.straighten_tilt:
        evidence["reason"] = "slices are tilted against the direction they are stacked in"
        raise _UnfitError(FindingKind.SLICES_UNEVEN, evidence)
    # Rounded, so that a shift by whole pixels is one, and no outermost pixel is lost to it.
    return np.round(beside_mm / pixel_mm, 6), evidence
