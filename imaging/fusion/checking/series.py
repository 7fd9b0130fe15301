"""Whether the slices of a series are a volume that teeth can be found in."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from imaging.dicom.arrangement import Arrangement, arrangement_of
from imaging.fusion.checking.rules import CbctRules
from imaging.fusion.checking.slices import COMPRESSED, Floats, Slice

# Positions are decimal strings: two that are rounded to hundredths are wrong by this much together.
_TOLERANCE_MM = 0.011
_TOLERANCE = 0.02  # of the distance of slices
_SAME_PLACE_MM = 0.01
_SAME_SPACING = 1e-3  # relative
_MOST_LISTED = 5


def stacked(slices: Sequence[Slice]) -> Arrangement | None:
    """Sort slices along their normal; None when some say nothing of it, or are not parallel."""
    position_mm = [each.position_mm for each in slices if each.position_mm is not None]
    orientation = [each.orientation for each in slices if each.orientation is not None]
    if min(len(position_mm), len(orientation)) < len(slices):
        return None
    return arrangement_of(np.array(position_mm), np.array(orientation))


def size_mm(slices: Sequence[Slice], stack: Arrangement) -> tuple[Floats, Floats]:
    """Return the distances of slices, rows and columns, and what they span, both shape (3,)."""
    between = slices[0].spacing_mm
    in_plane = np.zeros(2) if between is None else between
    gap_mm = float(np.median(np.diff(stack.height_mm))) if len(slices) > 1 else 0.0
    spacing_mm = np.array([gap_mm, *in_plane])
    return spacing_mm, spacing_mm * (len(slices), *slices[0].shape)


def problems(slices: Sequence[Slice], rules: CbctRules) -> Iterator[str]:
    """Yield every reason why a series is not worth a paid run."""
    if len(slices) < rules.least_slices:
        yield f"{len(slices)} slices, where at least {rules.least_slices} are needed"
    faults = Counter(fault for each in slices for fault in each.faults)
    if rules.compressed:
        faults.pop(COMPRESSED, None)
    yield from (f"{count} slices {fault}" for fault, count in faults.items())
    twice = len(slices) - len({each.sop_instance_uid for each in slices})
    if twice:
        yield f"{twice} slices are there twice (the same SOPInstanceUID)"
    if differing := _differing(slices):
        yield f"slices that differ in {', '.join(differing)}"
    yield from _geometry(slices, rules)


def _differing(slices: Sequence[Slice]) -> list[str]:
    """Name what should be one in all slices, and is not."""
    keywords = slices[0].same
    differing = [name for name in keywords if len({each.same[name] for each in slices}) > 1]
    spacing = np.array([each.spacing_mm for each in slices if each.spacing_mm is not None])
    if len(spacing) and (np.ptp(spacing, axis=0) > _SAME_SPACING * spacing[0]).any():
        differing.append("PixelSpacing")
    return differing


def _geometry(slices: Sequence[Slice], rules: CbctRules) -> Iterator[str]:
    """Yield what is wrong with where slices lie."""
    unplaced = sum(each.position_mm is None or each.orientation is None for each in slices)
    unscaled = sum(each.spacing_mm is None or bool((each.spacing_mm <= 0).any()) for each in slices)
    if unplaced:
        yield f"{unplaced} slices without ImagePositionPatient or ImageOrientationPatient"
    if unscaled:
        yield f"{unscaled} slices without PixelSpacing"
    if unplaced:
        return
    stack = stacked(slices)
    if stack is None:
        yield "slices that are not parallel"
        return
    if stack.is_tilted:
        yield f"slices stacked obliquely (tilt or shear of {stack.tilt_degrees:.1f} degrees)"
    yield from _gaps(stack)
    if not unscaled:
        yield from _extent(slices, stack, rules)


def _gaps(stack: Arrangement) -> Iterator[str]:
    """Yield what is wrong with the distances of slices, which are numbered along the normal."""
    gaps_mm = np.diff(stack.height_mm)
    if not gaps_mm.size:
        return
    if doubled := int((gaps_mm < _SAME_PLACE_MM).sum()):
        yield f"{doubled} slices at the place of another"
        return
    usual_mm = float(np.median(gaps_mm))
    allowed_mm = max(_TOLERANCE_MM, _TOLERANCE * usual_mm)
    wrong = np.flatnonzero(np.abs(gaps_mm - usual_mm) > allowed_mm)
    if not wrong.size:
        return
    after = ", ".join(str(index + 1) for index in wrong[:_MOST_LISTED])
    more = " and further on" if wrong.size > _MOST_LISTED else ""
    worst = gaps_mm[np.abs(gaps_mm - usual_mm).argmax()]
    yield (
        f"slices that are missing or unevenly spaced: usually {usual_mm:.3f} mm apart, at worst"
        f" {worst:.3f} mm; after slice {after}{more}"
    )


def _extent(slices: Sequence[Slice], stack: Arrangement, rules: CbctRules) -> Iterator[str]:
    """Yield what is wrong with the size of voxels and of the field of view."""
    spacing_mm, fov_mm = size_mm(slices, stack)
    yield from extent_problems(spacing_mm, fov_mm, rules)


def extent_problems(spacing_mm: Floats, fov_mm: Floats, rules: CbctRules) -> Iterator[str]:
    """Yield what is wrong with the size of voxels and of the field of view.

    Args:
        spacing_mm: Between slices, rows and columns, shape (3,).
        fov_mm: Along the same, shape (3,).
        rules: The limits.
    """
    between, pixel = float(spacing_mm[0]), float(spacing_mm[1:].max())
    if pixel > rules.most_pixel_mm or between > rules.most_gap_mm:
        yield (
            f"voxels of {pixel:.2f} mm, slices {between:.2f} mm apart: too coarse for teeth (at"
            f" most {rules.most_pixel_mm:g} and {rules.most_gap_mm:g} mm)"
        )
    if fov_mm.min() < rules.least_fov_mm:
        view = " x ".join(f"{mm:.0f}" for mm in fov_mm)
        yield f"a field of view of {view} mm, where {rules.least_fov_mm:g} mm are needed"
