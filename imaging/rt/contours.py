"""The contours of one ROI, sorted by whether an engine can use them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from imaging.errors import DicomError
from imaging.rt.flags import Flag
from imaging.rt.rois import Roi

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "")  # an empty type is taken for the usual one
_SAME_PLANE_MM = 0.01  # contour coordinates are often written with two decimals


@dataclass(frozen=True, slots=True, eq=False)
class Contours:
    """The closed axial contours of one ROI.

    Attributes:
        items: The usable items of the Contour Sequence, each once.
        points_mm: One array of shape (n, 3) per item, (x, y, z) in patient coordinates.
        flags: What was left out, and what is odd.
    """

    items: tuple[Dataset, ...]
    points_mm: tuple[NDArray[np.float64], ...]
    flags: tuple[str, ...]

    @property
    def box_mm(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper corner of all points, each of shape (3,)."""
        points = np.concatenate(self.points_mm)
        return points.min(axis=0), points.max(axis=0)


def contours_of(roi: Roi) -> Contours:
    """Take the closed axial contours of an ROI, each once (DICOM PS3.3, C.8.8.6).

    An ROI with a contour across axial planes gives no contour at all: without that part the
    volume would be wrong in silence.

    Raises:
        DicomError: A contour's data are not triples of numbers.
    """
    closed = [item for item in roi.contours if item.get("ContourGeometricType", "") in _CLOSED]
    unique = _without_repeats([(item, _points_mm(roi, item)) for item in closed])
    usable = [(item, points) for item, points in unique if len(points) >= 3]
    if any(np.ptp(points[:, 2]) > _SAME_PLANE_MM for _, points in usable):
        return Contours((), (), (Flag.NOT_AXIAL,))
    found = {
        Flag.NO_CONTOURS: not roi.contours,
        Flag.NOT_CLOSED: len(closed) < len(roi.contours) or len(usable) < len(unique),
        Flag.REPEATED_CONTOURS: len(unique) < len(closed),
        **_oddities_of_planes([float(points[0, 2]) for _, points in usable]),
    }
    items, points_mm = zip(*usable, strict=True) if usable else ((), ())
    return Contours(items, points_mm, tuple(flag for flag, is_so in found.items() if is_so))


def _points_mm(roi: Roi, item: Dataset) -> NDArray[np.float64]:
    """Read Contour Data (3006,0050) as points, shape (n, 3)."""
    try:
        numbers = np.array(item.get("ContourData") or (), dtype=np.float64).reshape(-1, 3)
    except ValueError as error:
        msg = f"the contour data of ROI {roi.number} are not triples of numbers"
        raise DicomError(roi.rtstruct_uid, msg) from error
    return numbers


def _without_repeats(
    contours: list[tuple[Dataset, NDArray[np.float64]]],
) -> list[tuple[Dataset, NDArray[np.float64]]]:
    """Keep the first of contours that are stored twice: even-odd filling would cancel them."""
    return list({points.tobytes(): (item, points) for item, points in reversed(contours)}.values())[
        ::-1
    ]


def _oddities_of_planes(z_mm: list[float]) -> dict[Flag, bool]:
    """Say whether the planes leave the ROI's thickness unknown."""
    planes = np.unique(np.round(z_mm, 2))
    gaps = np.diff(planes)
    uneven = gaps.size > 0 and bool(np.ptp(gaps) > 2 * _SAME_PLANE_MM + 1e-6)
    return {Flag.SINGLE_PLANE: planes.size == 1, Flag.UNEVEN_PLANES: uneven}
