"""Slabs cut where the dose's frames are: between two frames the dose is linear along the normal."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from imaging.rt.doses.grid import DoseGrid
from imaging.rt.exact.slabs import Slabs
from imaging.rt.method import Between

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


_NOTHING_MM = 1e-9
_SUBDIVISIONS = 2  # of a gap between two contours that are joined by a curve


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """Pieces of slabs, sorted by plane, each between two frames of the dose.

    Attributes:
        start: Shape (planes + 1,), where each plane's pieces start.
        frame: Shape (pieces,), the frame below.
        lower: Start of the piece as a share of the way to the next frame.
        upper: Its end.
        weight_mm: Its thickness; negative where a curve through areas overshoots.
        whole_mm: Shape (planes,), the summed weight of each plane, also beyond the dose.
        faces: Frames, with fractions, of the faces of each slab and of the frames inside it.
        face_start: Shape (planes + 1,), where each plane's faces start.
    """

    start: Ints
    frame: Ints
    lower: Floats
    upper: Floats
    weight_mm: Floats
    whole_mm: Floats
    faces: Floats
    face_start: Ints

    @property
    def has_negative(self) -> bool:
        """Whether a curve through areas overshoots: a part may then weigh more than the whole."""
        return bool((self.weight_mm < 0).any())


@dataclass(frozen=True, slots=True, eq=False)
class _Pieces:
    """Parts of slabs before they are cut: plane, start, end, and weight of each."""

    plane: Ints
    lower_mm: Floats
    upper_mm: Floats
    weight: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """Parts of slabs between two frames, as ``Layers`` has them."""

    plane: Ints
    frame: Ints
    lower: Floats
    upper: Floats
    weight_mm: Floats


def layers_of(slabs: Slabs, grid: DoseGrid, between: Between) -> Layers:
    """Cut slabs at the dose's frames, and leave out what is beyond the dose."""
    pieces = _curved(slabs) if between == "cubic" else _prisms(slabs)
    count = slabs.height_mm.size
    whole_mm = np.zeros(count)
    np.add.at(whole_mm, pieces.plane, pieces.weight * (pieces.upper_mm - pieces.lower_mm))
    cut = _cut(grid, pieces)
    order = np.argsort(cut.plane, kind="stable")
    faces, face_start = _faces(grid, slabs)
    return Layers(
        start=np.searchsorted(cut.plane[order], np.arange(count + 1)),
        frame=cut.frame[order],
        lower=cut.lower[order],
        upper=cut.upper[order],
        weight_mm=cut.weight_mm[order],
        whole_mm=whole_mm,
        faces=faces,
        face_start=face_start,
    )


def _prisms(slabs: Slabs) -> _Pieces:
    """Let every slab be a right prism."""
    count = slabs.height_mm.size
    return _Pieces(np.arange(count), slabs.lower_mm, slabs.upper_mm, np.ones(count))


def _curved(slabs: Slabs) -> _Pieces:
    """Let the region between contours be a sum of prisms, weighted by a curve through four planes.

    Areas, and with them volumes and doses, follow Catmull and Rom's cubic through the planes on
    both sides (1974), which is exact for areas that are quadratic along the normal, such as those
    of ellipsoids and cones. Beyond the first and last gap of a part the planes are continued by the
    parabola through the last three. Caps stay prisms.
    """
    pieces: list[tuple[int, float, float, float]] = []
    starts = [*np.flatnonzero(slabs.starts_part).tolist(), slabs.height_mm.size]
    for first, end in pairwise(starts):
        lower_mm, upper_mm = slabs.lower_mm[first:end], slabs.upper_mm[first:end]
        height_mm = slabs.height_mm[first:end]
        if height_mm.size < 3:
            pieces += [(first + i, lower_mm[i], upper_mm[i], 1.0) for i in range(height_mm.size)]
            continue
        pieces.append((first, lower_mm[0], height_mm[0], 1.0))
        pieces.append((end - 1, height_mm[-1], upper_mm[-1], 1.0))
        for gap in range(height_mm.size - 1):
            pieces += _curved_gap(height_mm, gap, first)
    plane, lower, upper, weight = zip(*pieces, strict=True)
    return _Pieces(np.array(plane), np.array(lower), np.array(upper), np.array(weight))


def _curved_gap(height_mm: Floats, gap: int, first: int) -> list[tuple[int, float, float, float]]:
    """Weigh the planes of one part in the gap above one of them; ``first`` is the part's first."""
    shares = np.linspace(0, 1, _SUBDIVISIONS + 1)
    edges_mm = height_mm[gap] + shares * (height_mm[gap + 1] - height_mm[gap])
    return [
        (first + plane, edges_mm[i], edges_mm[i + 1], weight)
        for i in range(_SUBDIVISIONS)
        for plane, weight in _weights(gap, shares[i], shares[i + 1], height_mm.size).items()
        if abs(weight) > 1e-12
    ]


def _weights(gap: int, start: float, end: float, planes: int) -> dict[int, float]:
    """Average the four weights of the cubic over a piece of a gap, by Simpson's rule: exactly."""
    weights: dict[int, float] = {}
    for t, share in ((start, 1 / 6), ((start + end) / 2, 4 / 6), (end, 1 / 6)):
        cubic = {
            gap - 1: -0.5 * t + t**2 - 0.5 * t**3,
            gap: 1 - 2.5 * t**2 + 1.5 * t**3,
            gap + 1: 0.5 * t + 2 * t**2 - 1.5 * t**3,
            gap + 2: -0.5 * t**2 + 0.5 * t**3,
        }
        for plane, weight in cubic.items():
            for target, factor in _within(plane, planes):
                weights[target] = weights.get(target, 0.0) + share * weight * factor
    return weights


def _within(plane: int, planes: int) -> list[tuple[int, float]]:
    """Replace a plane before the first or after the last by the parabola through three planes."""
    if plane < 0:
        return [(0, 3.0), (1, -3.0), (2, 1.0)]
    if plane >= planes:
        return [(planes - 1, 3.0), (planes - 2, -3.0), (planes - 3, 1.0)]
    return [(plane, 1.0)]


def _cut(grid: DoseGrid, pieces: _Pieces) -> _Cut:
    """Cut pieces at the frames inside them, and clip them to the dose."""
    frames_mm = grid.frames_mm
    lower_mm = np.maximum(pieces.lower_mm, frames_mm[0] - grid.border_mm[0])
    upper_mm = np.minimum(pieces.upper_mm, frames_mm[-1] + grid.border_mm[1])
    kept = np.flatnonzero(upper_mm - lower_mm > _NOTHING_MM)
    first = np.searchsorted(frames_mm, lower_mm[kept] + _NOTHING_MM, side="right")
    last = np.searchsorted(frames_mm, upper_mm[kept] - _NOTHING_MM, side="left")
    count = last - first + 1
    source = np.repeat(kept, count)
    number = np.arange(source.size) - np.repeat(np.cumsum(count) - count, count)
    above = np.repeat(first, count) + number  # the frame where the part ends, unless it is the last
    is_first, is_last = number == 0, number == np.repeat(count, count) - 1
    last_frame = frames_mm.size - 1
    start_mm = np.where(is_first, lower_mm[source], frames_mm[np.clip(above - 1, 0, last_frame)])
    end_mm = np.where(is_last, upper_mm[source], frames_mm[np.clip(above, 0, last_frame)])
    frame = np.clip(above - 1, 0, frames_mm.size - 2)
    layer_mm = frames_mm[frame + 1] - frames_mm[frame]
    return _Cut(
        plane=pieces.plane[source],
        frame=frame,
        lower=np.clip((start_mm - frames_mm[frame]) / layer_mm, 0, 1),
        upper=np.clip((end_mm - frames_mm[frame]) / layer_mm, 0, 1),
        weight_mm=pieces.weight[source] * (end_mm - start_mm),
    )


def _faces(grid: DoseGrid, slabs: Slabs) -> tuple[Floats, Ints]:
    """List the faces of every slab and the frames inside it, as frames with fractions.

    These are where the parts of the slab start, and where the last one ends.
    """
    cut = _cut(grid, _prisms(slabs))
    count = np.bincount(cut.plane, minlength=slabs.height_mm.size)
    is_last = np.append(cut.plane[1:] != cut.plane[:-1], True)[: cut.plane.size]
    both = np.stack([cut.frame + cut.lower, cut.frame + cut.upper], axis=1)
    keep = np.stack([np.ones_like(is_last), is_last], axis=1)
    return both[keep], np.concatenate([[0], np.cumsum(count + (count > 0))])
