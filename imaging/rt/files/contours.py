"""The contours of one ROI, sorted by whether an engine can use them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from scipy.spatial import KDTree

from imaging.dicom.reading import UNREADABLE
from imaging.rt.files.attributes import named, text
from imaging.rt.files.decimals import decimals_of
from imaging.rt.files.rois import Roi
from imaging.rt.flags import Flag

Floats = NDArray[np.float64]

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "")  # an empty type is taken for the usual one
_CONTOUR_DATA = Tag(0x30060050)
_ALIKE_MM = 0.1  # how far the boxes of one contour may differ that was written twice
_ROUNDED = 0.01  # of its area, likewise


@dataclass(frozen=True, slots=True, eq=False)
class Contours:
    """The closed contours of one ROI, each once, in whatever plane they lie.

    Attributes:
        items: The usable items of the Contour Sequence.
        points_mm: One array of shape (n, 3) per item, (x, y, z) in patient coordinates.
        flags: What was left out.
        notes: How much of it, in words.
    """

    items: tuple[Dataset, ...]
    points_mm: tuple[Floats, ...]
    flags: tuple[Flag, ...]
    notes: tuple[str, ...]


def contours_of(roi: Roi) -> Contours:
    """Take the closed contours of an ROI, each once (DICOM PS3.3, C.8.8.6).

    Points, open contours and those of less than three points are left out and counted. A contour
    that is stored again, from another start or in the other direction or with other decimals too,
    counts once.

    An ROI with a contour whose data are not triples of finite numbers has none: without that
    contour its volume would be wrong. It costs the other ROIs nothing.
    """
    usable: list[tuple[Dataset, Floats]] = []
    try:
        for item in roi.contours:
            if text(item, "ContourGeometricType") in _CLOSED:
                points = _without_end(_points_mm(item))
                if len(points) >= 3:
                    usable.append((item, points))
    except ValueError as error:
        note = f"{named('ContourData')} of a contour {error}"
        return Contours((), (), (Flag.BROKEN_CONTOURS,), (note,))
    unique = _without_repeats(usable)
    left_out, repeated = len(roi.contours) - len(usable), len(usable) - len(unique)
    counted = [
        (Flag.NO_CONTOURS, int(not roi.contours), ""),
        (Flag.NOT_CLOSED, left_out, "contours that are not closed polygons were left out"),
        (Flag.REPEATED_CONTOURS, repeated, "contours are stored again and were counted once"),
    ]
    return Contours(
        items=tuple(item for item, _ in unique),
        points_mm=tuple(points for _, points in unique),
        flags=tuple(flag for flag, count, _ in counted if count),
        notes=tuple(f"{count} {words}" for _, count, words in counted if count and words),
    )


def _points_mm(item: Dataset) -> Floats:
    """Read Contour Data (3006,0050) as points, shape (n, 3).

    The numbers are taken from the bytes as they were stored: pydicom's values are an object each,
    and a large structure set would take seconds.

    Raises:
        ValueError: They are not triples of finite numbers.
    """
    element: object = item.get_item(_CONTOUR_DATA)
    try:
        if isinstance(element, RawDataElement) and isinstance(element.value, bytes):
            numbers = decimals_of(element.value)
        else:
            numbers = np.array(item.get("ContourData") or (), dtype=np.float64)
        points = numbers.reshape(-1, 3)
    except UNREADABLE as error:
        msg = "are not triples of numbers"
        raise ValueError(msg) from error
    if not np.isfinite(points).all():
        msg = "are not finite"
        raise ValueError(msg)
    return points


def _without_end(points_mm: Floats) -> Floats:
    """Leave out a last point that repeats the first, as some systems close a contour."""
    is_closed = len(points_mm) > 1 and bool(np.array_equal(points_mm[0], points_mm[-1]))
    return points_mm[:-1] if is_closed else points_mm


def _without_repeats(contours: Sequence[tuple[Dataset, Floats]]) -> list[tuple[Dataset, Floats]]:
    """Keep the first of contours that are stored twice: even-odd filling would cancel them."""
    if not contours:
        return []
    every = np.concatenate([points for _, points in contours])
    lengths = np.array([len(points) for _, points in contours])
    start = np.cumsum(lengths) - lengths
    # Extremes are the same from any start and in any direction, and quick to compare.
    extremes = np.minimum.reduceat(every, start), np.maximum.reduceat(every, start)
    alike = KDTree(np.column_stack(extremes)).query_pairs(_ALIKE_MM, p=np.inf)
    repeats: set[int] = set()
    for first, second in sorted(alike):
        if first not in repeats and _is_same(contours[first][1], contours[second][1]):
            repeats.add(second)
    return [contour for index, contour in enumerate(contours) if index not in repeats]


def _is_same(points_mm: Floats, other_mm: Floats) -> bool:
    """Say whether two polygons in one plane enclose the same: all but a hundredth of each."""
    axes = np.sort(np.argsort(np.ptp(points_mm, axis=0))[1:])  # those that the plane lies along
    one, other = (
        shapely.make_valid(shapely.Polygon(points[:, axes])) for points in (points_mm, other_mm)
    )
    differs = shapely.area(shapely.symmetric_difference(one, other))
    return bool(differs <= _ROUNDED * min(one.area, other.area))
