"""The outlines of an ROI in the planes of an image; all that this room asks of ``imaging.rt``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.rt.doses.grid import DoseGrid
from imaging.rt.exact.alignment import is_flat
from imaging.rt.exact.region import Region, region_of
from imaging.rt.exact.slabs import Slabs, slabs_of
from imaging.rt.files.contours import contours_of
from imaging.rt.files.objects import read_rtstruct
from imaging.rt.files.rois import Roi, rois_of
from imaging.rt.flags import Flag
from imaging.volumes.findings import FindingKind
from imaging.volumes.geometry import Floats, Geometry

_TIE = 0.02  # of the spacing: slices half-way between two contours all go to the same side
_MOST_TIE_MM = 0.05
_EDGE = 0.05  # pixels or slices beyond the image that are not worth a word


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """The contours of an ROI, in the indices of an image.

    Attributes:
        rings: For each contour plane, its polygons of shape (n, 2): column and row.
        plane_of: Shape (slices,): which contour plane each slice takes; -1 where there is none.
        is_beyond: Whether a contour reaches beyond the image.
        flags: What is odd about the contours.
    """

    rings: list[list[Floats]]
    plane_of: NDArray[np.intp]
    is_beyond: bool
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class NoOutlines:
    """Why an ROI has no mask.

    Attributes:
        kind: ROIS_WITHOUT_CONTOURS, CONTOURS_BROKEN or CONTOURS_OUT_OF_PLANE.
        reason: The same in words.
    """

    kind: FindingKind
    reason: str


def read_rois(rtstruct: Path) -> tuple[str, list[Roi]]:
    """Read the SOP Instance UID of a structure set, and its ROIs.

    Raises:
        DicomError: It is no readable RTSTRUCT.
    """
    dataset = read_rtstruct(rtstruct)
    return str(dataset.SOPInstanceUID), rois_of(dataset)


def outlines_of(roi: Roi, geometry: Geometry, frame_of_reference_uid: str) -> Outlines | NoOutlines:
    """Put the closed contours of an ROI onto the slices of an image.

    A slice takes the contours of the slab of tissue that its centre lies in: the same slabs that a
    DVH is calculated of, so volumes agree, on whatever slices the contours are drawn.

    Args:
        roi: The ROI.
        geometry: The image.
        frame_of_reference_uid: Of the image.
    """
    contours = contours_of(roi)
    if Flag.BROKEN_CONTOURS in contours.flags:
        return NoOutlines(FindingKind.CONTOURS_BROKEN, "coordinates cannot be read")
    points_mm = list(contours.points_mm)
    if not points_mm:
        return NoOutlines(FindingKind.ROIS_WITHOUT_CONTOURS, "no closed contour")
    frames = {roi.frame_of_reference_uid, frame_of_reference_uid} - {""}
    if len(frames) > 1:
        return NoOutlines(FindingKind.CONTOURS_OUT_OF_PLANE, "another frame of reference")
    if not is_flat(points_mm, geometry.normal):
        reason = "contours do not lie in the planes of the image"
        return NoOutlines(FindingKind.CONTOURS_OUT_OF_PLANE, reason)
    region = region_of(points_mm, _as_grid(geometry))
    slabs = slabs_of(region.height_mm, "half", geometry.spacing_mm[0])
    return Outlines(
        rings=region.drawn,
        plane_of=_planes_of(slabs, geometry),
        is_beyond=_is_beyond(region, geometry),
        flags=(*contours.flags, *region.flags, *slabs.flags),
    )


def _as_grid(geometry: Geometry) -> DoseGrid:
    """Describe an image as a dose without values, which is how ``imaging.rt`` knows a grid."""
    between_slices, between_rows, between_columns = geometry.spacing_mm
    return DoseGrid(
        uid="",
        frame_of_reference_uid="",
        values_gy=np.broadcast_to(np.float64(0), geometry.shape),
        origin_mm=geometry.origin_mm,
        along_columns=geometry.along_columns,
        along_rows=geometry.along_rows,
        spacing_mm=(between_rows, between_columns),
        frames_mm=np.arange(geometry.shape[0], dtype=np.float64) * between_slices,
        border_mm=(between_slices / 2, between_slices / 2),
    )


def _planes_of(slabs: Slabs, geometry: Geometry) -> NDArray[np.intp]:
    """Find the slab that the centre of each slice lies in."""
    tie_mm = min(_TIE * geometry.spacing_mm[0], _MOST_TIE_MM)
    height_mm = np.arange(geometry.shape[0]) * geometry.spacing_mm[0] + tie_mm
    found = np.searchsorted(slabs.lower_mm, height_mm, side="right") - 1
    is_in = (found >= 0) & (height_mm < slabs.upper_mm[found])
    return np.where(is_in, found, -1)


def _is_beyond(region: Region, geometry: Geometry) -> bool:
    """Say whether a contour lies outside the voxels of an image, or partly so."""
    x, y = region.flattened[:2]
    slice_index = region.height_mm / geometry.spacing_mm[0]
    places: Sequence[Floats] = (slice_index, y, x)
    return any(
        bool(place.size) and (place.min() < -0.5 - _EDGE or place.max() > count - 0.5 + _EDGE)
        for place, count in zip(places, geometry.shape, strict=True)
    )
