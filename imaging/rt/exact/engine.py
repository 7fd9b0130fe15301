"""Exact DVHs: from contours and a dose to curves, one ROI at a time.

An ROI's polygons become a region in the indices of the dose (``region``), its planes become slabs
(``slabs``), and these are cut at the dose's frames (``layers``). The smallest and the largest dose
are found (``extremes``), and between them the histogram is filled (``histogram``, ``curve``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.rt.doses.grid import DoseGrid
from imaging.rt.dvh import DVH
from imaging.rt.exact.alignment import aligned
from imaging.rt.exact.curve import PADDING, bins_for, curve_of
from imaging.rt.exact.extremes import dose_range
from imaging.rt.exact.histogram import fill_histogram
from imaging.rt.exact.layers import Layers, layers_of
from imaging.rt.exact.region import Region, region_of
from imaging.rt.exact.sampling import box_of, is_under_sampled, refined
from imaging.rt.exact.shapes import shaped
from imaging.rt.exact.slabs import Slabs, slabs_of
from imaging.rt.files.contours import contours_of
from imaging.rt.files.rois import Roi
from imaging.rt.flags import Flag
from imaging.rt.method import Method

Floats = NDArray[np.float64]

_CELLS = 40_000  # an ROI is split into at least so many parts ...
_FINEST = 16  # ... but a pixel of the dose into no more than 16 x 16
_NOTHING = 1e-9  # of a volume: rounding
_EXCESS = 1e-6  # of a volume: more than this is a mistake of ours, and no result is better
_FEW_VOXELS = 30
_SPLINE_MARGIN = 6  # voxels around an ROI, beyond which a spline does not feel the cut


Spacing = Callable[[], float | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """One ROI in one dose, ready to be integrated.

    Attributes:
        grid: The dose, its frames parallel to the contours.
        region: The polygons.
        slabs: How far they reach.
        layers: The slabs, cut at the dose's frames.
        notes: What could not be interpolated between the contours, as sentences.
    """

    grid: DoseGrid
    region: Region
    slabs: Slabs
    layers: Layers
    notes: tuple[str, ...] = ()

    @property
    def pixel_cc(self) -> float:
        """Volume of a pixel of the dose, 1 mm thick."""
        return self.grid.spacing_mm[0] * self.grid.spacing_mm[1] / 1000

    @property
    def volume_cc(self) -> float:
        """Volume of the whole region, inside the dose or not."""
        return float(self.region.area @ self.layers.whole_mm) * self.pixel_cc

    @property
    def is_beyond_frames(self) -> bool:
        """Whether a slab reaches beyond the dose along the normal."""
        lower_mm, upper_mm = self.slabs.lower_mm[0], self.slabs.upper_mm[-1]
        frames_mm, border_mm = self.grid.frames_mm, self.grid.border_mm
        return bool(
            lower_mm < frames_mm[0] - border_mm[0] or upper_mm > frames_mm[-1] + border_mm[1]
        )

    def extent(self) -> tuple[Floats, Floats]:
        """Return the smallest and the largest frame, row and column index, each of shape (3,)."""
        x, y = self.region.flattened[:2]
        frames_mm = self.grid.frames_mm
        ends_mm = np.array([self.slabs.lower_mm[0], self.slabs.upper_mm[-1]])
        first, last = np.interp(ends_mm, frames_mm, np.arange(frames_mm.size))
        return np.array([first, y.min(), x.min()]), np.array([last, y.max(), x.max()])


def calculate(
    rois: Sequence[Roi], grid: DoseGrid, method: Method, spacing_mm: Spacing = lambda: None
) -> list[DVH]:
    """Calculate the DVH of each ROI, in the order given; one without volume is flagged.

    Args:
        rois: ROIs in the dose's frame of reference.
        grid: The dose.
        method: End caps and interpolations.
        spacing_mm: Tells the distance of the slices that ROIs were drawn on, or None; asked for an
            ROI of one contour only, which then is as thick, else as the dose's frames are apart.

    Raises:
        DicomError: A contour's data are not triples of numbers.
    """
    highest_gy = grid.max_gy
    return [_dvh(roi, grid, method, spacing_mm, highest_gy) for roi in rois]


def _dvh(roi: Roi, grid: DoseGrid, method: Method, spacing_mm: Spacing, highest_gy: float) -> DVH:
    """Calculate one DVH."""
    contours = contours_of(roi)
    points_mm = list(contours.points_mm)
    if not points_mm:
        return DVH.empty(roi.number, roi.name, contours.flags, contours.notes)
    cap_mm = 0.0 if isinstance(method.end_caps, str) else float(method.end_caps)
    parallel = aligned(grid, points_mm, cap_mm)
    if parallel is None:
        flags = (*contours.flags, Flag.NOT_PARALLEL)
        return DVH.empty(roi.number, roi.name, flags, contours.notes)
    scene = _scene(points_mm, parallel[0], method, spacing_mm)
    if scene.region.flattened[0].size == 0:  # what crosses cancels out
        flags = (*contours.flags, Flag.CROSSING_CONTOURS)
        return DVH.empty(roi.number, roi.name, flags, contours.notes)
    doubts = _doubts(scene, highest_gy)
    if method.dose_interpolation == "cubic":
        fine = refined(scene.grid, box_of(scene.grid, *scene.extent(), _SPLINE_MARGIN))
        scene = _scene(points_mm, fine, method, spacing_mm)
    flags = (*contours.flags, *parallel[1], *scene.region.flags, *scene.slabs.flags, *doubts)
    return _integrated(roi, scene, flags, (*contours.notes, *scene.notes))


def _scene(points_mm: list[Floats], grid: DoseGrid, method: Method, spacing_mm: Spacing) -> _Scene:
    """Put contours into the indices of a dose."""
    region = region_of(points_mm, grid)
    single_mm = 0.0
    if region.height_mm.size == 1:
        single_mm = spacing_mm() or float(np.median(np.diff(grid.frames_mm)))
    slabs = slabs_of(region.height_mm, method.end_caps, single_mm, method.longest_cap_mm)
    notes: tuple[str, ...] = ()
    if method.between == "shape":
        region, slabs, notes = shaped(region, slabs, grid.spacing_mm)
    return _Scene(grid, region, slabs, layers_of(slabs, grid, method.between), notes)


def _doubts(scene: _Scene, highest_gy: float) -> tuple[Flag, ...]:
    """Say whether the dose is too coarse for the ROI."""
    voxel_cc = scene.pixel_cc * float(np.median(np.diff(scene.grid.frames_mm)))
    flags = (Flag.FEW_VOXELS,) if scene.volume_cc < _FEW_VOXELS * voxel_cc else ()
    around = scene.grid.values_gy[box_of(scene.grid, *scene.extent(), 1)]
    return (*flags, Flag.UNDER_SAMPLED) if is_under_sampled(around, highest_gy) else flags


def _integrated(roi: Roi, scene: _Scene, flags: tuple[Flag, ...], notes: tuple[str, ...]) -> DVH:
    """Integrate, once more with overlaid polygons where the coverage tells that they cross."""
    inside = scene.region.clipped(scene.grid)
    result = _integrate(scene, inside)
    crossed = result.crossed
    if inside is not scene.region or scene.is_beyond_frames:  # what is outside was not looked at
        crossed = crossed | scene.region.crossing_itself()
    if crossed.any():
        region = scene.region.overlaid(crossed)
        scene = _Scene(scene.grid, region, scene.slabs, scene.layers)
        result = _integrate(scene, region.clipped(scene.grid))
    volume_cc = max(scene.volume_cc, result.volume_cc)
    if volume_cc > scene.volume_cc * (1 + _EXCESS) and not scene.layers.has_negative:
        msg = f"ROI {roi.number}: {volume_cc:.6g} cc were integrated of {scene.volume_cc:.6g} cc"
        raise ArithmeticError(msg)
    outside_cc = volume_cc - result.volume_cc
    is_inside = outside_cc <= _NOTHING * volume_cc
    odd = {
        Flag.CROSSING_CONTOURS: bool(scene.region.meets.any()),
        Flag.OUTSIDE_DOSE_GRID: not is_inside,
    }
    flags = (*flags, *(flag for flag, is_so in odd.items() if is_so))
    if not is_inside:
        notes = (*notes, f"{outside_cc:.3f} of {volume_cc:.3f} cc are outside the dose grid")
    if result.volume_cc <= 0:
        return DVH.empty(roi.number, roi.name, flags, notes, volume_cc=volume_cc)
    return DVH(
        roi_number=roi.number,
        roi_name=roi.name,
        volume_cc=volume_cc,
        dose_gy=result.dose_gy,
        cumulative_cc=result.cumulative_cc,
        min_gy=float(result.dose_gy[0]),
        max_gy=float(result.dose_gy[-1]),
        mean_gy=result.mean_gy,
        outside_cc=0.0 if is_inside else outside_cc,
        flags=flags,
        notes=notes,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Result:
    """What was integrated over the part of a region inside the dose."""

    volume_cc: float
    mean_gy: float
    dose_gy: Floats
    cumulative_cc: Floats
    crossed: NDArray[np.bool_]


def _integrate(scene: _Scene, inside: Region) -> _Result:
    """Find the range of doses, then fill the histogram over it."""
    layers, values_gy = scene.layers, scene.grid.values_gy
    x, y, ring_start, plane_start = inside.flattened
    low, high = dose_range(
        values_gy, x, y, ring_start, plane_start, layers.faces, layers.face_start
    )
    crossed = np.zeros(inside.height_mm.size, dtype=np.bool_)
    if not low <= high:
        return _Result(0.0, 0.0, np.zeros(1), np.zeros(1), crossed)
    low = max(low, 0.0)  # a vertex beside doses of 0 may be rounded below
    range_gy = (low, max(high, low + 1e-9))
    splits = _splits(inside)
    kinks, bends = np.zeros((2, bins_for(range_gy) + PADDING))
    volume_cc, integral = fill_histogram(
        values_gy,
        splits,
        x * splits,
        y * splits,
        ring_start,
        plane_start,
        layers.frame,
        layers.lower,
        layers.upper,
        layers.weight_mm * scene.pixel_cc / splits**2,
        layers.start,
        range_gy,
        kinks,
        bends,
        crossed,
    )
    if volume_cc <= 0:
        return _Result(0.0, 0.0, np.zeros(1), np.zeros(1), crossed)
    curve = curve_of(kinks, bends, volume_cc, range_gy)
    mean_gy = min(max(integral / volume_cc, low), high)
    if layers.has_negative:  # the curve was kept from rising, and the mean is to be that of it
        mean_gy = low + float(np.trapezoid(curve[1], curve[0])) / volume_cc
    return _Result(volume_cc, mean_gy, *curve, crossed)


def _splits(region: Region) -> int:
    """Choose how finely to split pixels of the dose, so that small ROIs get parts enough."""
    pixels = float(region.area.sum())
    splits = 1
    while splits < _FINEST and pixels * splits**2 < _CELLS:
        splits *= 2
    return splits
