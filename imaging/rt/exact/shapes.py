"""Planes put between the contours of an ROI, so that outlines change from one to the next.

Slabs of these planes are prisms again, but thin ones: a cone is no longer a stair. Contours stay as
drawn in their own planes, and the ends of a part stay where its end caps put them.

Outlines change evenly, so that a solid bulging between its contours, such as a ball, loses more of
its volume than with prisms (areas of prisms change evenly, and those of cones lie below).
"""

import math
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from imaging.rt.exact.blends import Floats, Mask, Rings, blended
from imaging.rt.exact.region import Region
from imaging.rt.exact.slabs import Slabs

_APART_MM = 1.0  # planes lie no farther apart ...
_FEWEST, _MOST = 2, 8  # ... with so many in a gap, an even number: none lies half-way
_SAME = 1e-6  # pixels by which equal outlines may differ


class Shaped(NamedTuple):
    """An ROI with planes between its contours.

    Attributes:
        region: The polygons.
        slabs: How far they reach.
        notes: What could not be interpolated, as sentences.
    """

    region: Region
    slabs: Slabs
    notes: tuple[str, ...]


class _Gap(NamedTuple):
    """Planes between two contours: how far on the way each lies, and its polygons."""

    shares: Floats
    planes: list[list[Floats]]
    has_lone: bool


_NOTHING = _Gap(np.zeros(0), [], has_lone=False)


def shaped(region: Region, slabs: Slabs, spacing_mm: tuple[float, float]) -> Shaped:
    """Put planes between the contours of each part.

    Args:
        region: The polygons as drawn.
        slabs: How far they reach.
        spacing_mm: Between rows and between columns of the dose.
    """
    pixel_mm = np.array([spacing_mm[1], spacing_mm[0]])
    gaps_mm = np.where(slabs.starts_part[1:], 0.0, np.diff(region.height_mm))
    gaps = [
        _gap(below, above, pixel_mm, gap_mm)
        for (below, above), gap_mm in zip(pairwise(region.planes), gaps_mm.tolist(), strict=True)
    ]
    lone = sum(gap.has_lone for gap in gaps)
    note = f"{lone} times something overlaps nothing in the next contours; it ends half-way to them"
    return Shaped(*_with_planes(region, slabs, gaps), (note,) if lone else ())


def _gap(below: Rings, above: Rings, pixel_mm: Floats, gap_mm: float) -> _Gap:
    """Interpolate between two planes; across no gap, and between equal ones, nothing."""
    if gap_mm <= 0 or _is_same(below, above):
        return _NOTHING
    count = min(max(2 * math.ceil((gap_mm / _APART_MM - 1) / 2), _FEWEST), _MOST)
    shares = np.arange(1, count + 1) / (count + 1)
    blend = blended(below, above, pixel_mm, shares)
    return _NOTHING if blend is None else _Gap(shares, *blend)


def _is_same(below: Rings, above: Rings) -> bool:
    """Say whether two planes have the same polygons."""
    return len(below) == len(above) and all(
        one.shape == other.shape and bool(np.abs(one - other).max() <= _SAME)
        for one, other in zip(below, above, strict=True)
    )


def _with_planes(region: Region, slabs: Slabs, gaps: list[_Gap]) -> tuple[Region, Slabs]:
    """Put the planes of each gap among those of the contours."""
    planes, drawn, place = region.planes[:1], region.drawn[:1], [np.zeros(1)]
    for index, gap in enumerate(gaps):
        planes += [*gap.planes, region.planes[index + 1]]
        drawn += [*gap.planes, region.drawn[index + 1]]
        place.append(index + np.append(gap.shares, 1.0))
    places = np.concatenate(place)  # among the contours, with fractions between them
    height_mm = np.asarray(np.interp(places, np.arange(region.height_mm.size), region.height_mm))
    is_contour: Mask = places == np.round(places)
    meets, starts_part = is_contour.copy(), is_contour.copy()
    meets[is_contour], starts_part[is_contour] = region.meets, slabs.starts_part
    return (
        replace(region, height_mm=height_mm, planes=planes, drawn=drawn, meets=meets),
        _slabs_between(height_mm, starts_part, slabs),
    )


def _slabs_between(height_mm: Floats, starts_part: Mask, drawn: Slabs) -> Slabs:
    """Let planes meet half-way, and parts end where those of the contours do."""
    middle_mm = (height_mm[1:] + height_mm[:-1]) / 2
    lower_mm, upper_mm = np.append(-np.inf, middle_mm), np.append(middle_mm, np.inf)
    ends_part, drawn_ends = (np.append(each[1:], True) for each in (starts_part, drawn.starts_part))
    lower_mm[starts_part] = drawn.lower_mm[drawn.starts_part]
    upper_mm[ends_part] = drawn.upper_mm[drawn_ends]
    return Slabs(height_mm, lower_mm, upper_mm, starts_part, drawn.flags)
