"""The contours of one ROI, sorted by whether an engine can use them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from imaging.errors import DicomError
from imaging.rt.files.decimals import decimals_of
from imaging.rt.files.rois import Roi
from imaging.rt.flags import Flag

Floats = NDArray[np.float64]

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "")  # an empty type is taken for the usual one
_CONTOUR_DATA = Tag(0x30060050)
_TYPE = Tag(0x30060042)


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
    that is stored again, from another start or in the other direction too, counts once.

    Raises:
        DicomError: A contour's data are not triples of finite numbers.
    """
    usable: list[tuple[Dataset, Floats]] = []
    for item in roi.contours:
        if item.get("ContourGeometricType", "") in _CLOSED:
            points = _without_end(_points_mm(roi, item))
            if len(points) >= 3:
                usable.append((item, points))
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
        notes=tuple(f"{count} {text}" for _, count, text in counted if count and text),
    )


def _points_mm(roi: Roi, item: Dataset) -> Floats:
    """Read Contour Data (3006,0050) as points, shape (n, 3).

    The numbers are taken from the bytes as they were stored: pydicom's values are an object each,
    and a large structure set would take seconds.
    """
    element: object = item.get_item(_CONTOUR_DATA)
    try:
        if isinstance(element, RawDataElement) and isinstance(element.value, bytes):
            numbers = decimals_of(element.value)
        else:
            numbers = np.array(item.get("ContourData") or (), dtype=np.float64)
        points = numbers.reshape(-1, 3)
    except (ValueError, TypeError) as error:
        msg = f"ContourData (3006,0050) of ROI {roi.number} are not triples of numbers"
        raise DicomError(roi.rtstruct_uid, msg) from error
    if not np.isfinite(points).all():
        msg = f"ContourData (3006,0050) of ROI {roi.number} are not finite"
        raise DicomError(roi.rtstruct_uid, msg)
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
    keys = np.column_stack([lengths, *extremes])
    kept: list[tuple[Dataset, Floats]] = []
    seen: dict[bytes, list[Floats]] = {}
    for key, (item, points) in zip(keys, contours, strict=True):
        others = seen.setdefault(key.tobytes(), [])
        if not any(_is_same(points, other) for other in others):
            others.append(points)
            kept.append((item, points))
    return kept


def _is_same(points_mm: Floats, other_mm: Floats) -> bool:
    """Say whether two polygons go through the same points one after the other, either way."""
    for start in np.flatnonzero((other_mm == points_mm[0]).all(axis=1)):
        turned = np.roll(other_mm, -start, axis=0)
        if np.array_equal(turned, points_mm) or np.array_equal(
            np.roll(turned[::-1], 1, axis=0), points_mm
        ):
            return True
    return False
