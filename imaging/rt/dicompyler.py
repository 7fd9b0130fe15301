"""DVHs by dicompyler-core: the only module that knows it.

Its histogram is used, its statistics are not: D_x is the nearest bin there (0 Gy for D99% when all
of a curve is flat below the minimum) and Dmin the upper edge of a bin. What it would get wrong in
silence is refused or flagged here, before it is asked.
"""

import logging
import warnings
from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import pydicom
import pydicom.dicomio
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import RTStructureSetStorage

from imaging.errors import DicomError
from imaging.rt.doses.pixels import check_decoded_size
from imaging.rt.dvh import DVH
from imaging.rt.files.contours import Contours, contours_of
from imaging.rt.files.rois import Roi
from imaging.rt.flags import Flag

# dicompyler-core 0.5.6 imports a name that pydicom 3 removed; dcmread is the same function.
pydicom.dicomio.read_file = pydicom.dcmread  # type: ignore[attr-defined]
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of another name, gone from pydicom 4
    from dicompylercore import (
        dicomparser,  # noqa: F401 - dvhcalc imports it when called, and would warn then
        dvhcalc,
    )

# It logs names of ROIs and a line per plane outside the dose grid, which a flag says once.
logging.getLogger("dicompylercore").setLevel(logging.ERROR)

BIN_GY = 0.01  # fixed in dicompyler-core
_SAME_PLANE_MM = 0.01  # contour coordinates are often written with two decimals
_MARGIN = 2  # dose pixels beyond the ROI that its cropping to the ROI needs to lose nothing
_EDGE_MM = 1e-3  # how far beyond the dose grid rounding may put a point


def calculate(rois: Sequence[Roi], rtdose: Dataset) -> list[DVH]:
    """Calculate the DVH of each ROI, in the order given; one without volume is flagged.

    Args:
        rois: ROIs in the dose's frame of reference.
        rtdose: The dose; it is not changed.

    Raises:
        DicomError: The dose is not in Gy, not a stack of axial planes, or contradicts itself.
    """
    dose = _with_relative_offsets(_checked(rtdose))
    _decode(dose)
    return [_dvh(roi, dose) for roi in rois]


def _dvh(roi: Roi, dose: Dataset) -> DVH:
    """Calculate one DVH, from the part of the ROI that is inside the dose grid."""
    contours = contours_of(roi)
    if any(np.ptp(points[:, 2]) > _SAME_PLANE_MM for points in contours.points_mm):
        # Without that part the volume would be wrong in silence.
        return DVH.empty(roi.number, roi.name, (Flag.NOT_AXIAL,))
    flags = (*contours.flags, *_oddities_of_planes(contours))
    if not contours.items:
        return DVH.empty(roi.number, roi.name, flags)
    inside = _room_mm(contours, dose)
    if inside.min() < -_EDGE_MM:
        flags = (*flags, Flag.OUTSIDE_DOSE_GRID)
    if _is_apart(contours, dose):
        return DVH.empty(roi.number, roi.name, flags)
    result = dvhcalc.get_dvh(
        _structure_set(roi, contours, dose),
        dose,
        roi.number,
        # The alternative scales the histogram up to the whole ROI, so the dose outside is guessed.
        calculate_full_volume=False,
        use_structure_extents=_can_crop(inside, dose),
    )
    differential_cc = np.asarray(result.differential.counts, dtype=np.float64)
    return _from_histogram(roi, differential_cc, flags)


def _oddities_of_planes(contours: Contours) -> tuple[Flag, ...]:
    """Say whether the planes leave the ROI's thickness unknown."""
    planes_mm = np.unique(np.round([points[0, 2] for points in contours.points_mm], 2))
    if planes_mm.size == 1:
        return (Flag.SINGLE_PLANE,)
    gaps_mm = np.diff(planes_mm)
    is_even = gaps_mm.size == 0 or np.ptp(gaps_mm) <= 2 * _SAME_PLANE_MM + 1e-6
    return () if is_even else (Flag.UNEVEN_PLANES,)


def _from_histogram(roi: Roi, differential_cc: NDArray[np.float64], flags: tuple[str, ...]) -> DVH:
    """Make a DVH from volumes in cm³ per bin of ``BIN_GY`` from 0, shape (n,).

    Minimum and maximum are the outer edges of the first and last bin that hold volume, as the
    curve has them; like the mean, from bin centres, they are right to one bin.
    """
    filled = np.flatnonzero(differential_cc)
    if filled.size == 0:
        return DVH.empty(roi.number, roi.name, flags)
    differential_cc = differential_cc[: filled[-1] + 1]
    edges_gy = np.arange(differential_cc.size + 1, dtype=np.float64) * BIN_GY
    cumulative_cc = np.append(np.cumsum(differential_cc[::-1])[::-1], 0.0)
    centres_gy = edges_gy[:-1] + BIN_GY / 2
    return DVH(
        roi_number=roi.number,
        roi_name=roi.name,
        volume_cc=float(cumulative_cc[0]),
        dose_gy=edges_gy,
        cumulative_cc=cumulative_cc,
        min_gy=float(edges_gy[filled[0]]),
        max_gy=float(edges_gy[-1]),
        mean_gy=float(np.average(centres_gy, weights=differential_cc)),
        outside_cc=None if Flag.OUTSIDE_DOSE_GRID in flags else 0.0,
        flags=flags,
    )


def _structure_set(roi: Roi, contours: Contours, dose: Dataset) -> Dataset:
    """Make an RTSTRUCT of one ROI; the rest of a real one only costs time and trips the parser."""
    named = Dataset()
    named.ROINumber = roi.number
    named.ROIName = f"ROI {roi.number}"  # the name is not needed there, so it cannot leak
    drawn = Dataset()
    drawn.ReferencedROINumber = roi.number
    drawn.ContourSequence = list(contours.items)
    dataset = Dataset()
    dataset.file_meta = deepcopy(dose.file_meta)
    dataset.SOPClassUID = RTStructureSetStorage
    dataset.StructureSetROISequence = [named]
    dataset.ROIContourSequence = [drawn]
    return dataset


def _checked(rtdose: Dataset) -> Dataset:
    """Refuse a dose that dicompyler-core would read wrongly (DICOM PS3.3, C.8.8.3)."""
    offsets = rtdose.get("GridFrameOffsetVector") or ()
    frames = int(rtdose.get("NumberOfFrames") or 1)
    axes = np.abs(np.array(rtdose.get("ImageOrientationPatient") or np.zeros(6), dtype=np.float64))
    needed = ("PixelData", "ImagePositionPatient", "PixelSpacing", "DoseGridScaling")
    faults = {
        f"dose units are {rtdose.get('DoseUnits') or '(none)'}, not GY": rtdose.get("DoseUnits")
        != "GY",
        "it holds differences of doses": rtdose.get("DoseType") == "ERROR",
        f"it lacks one of {', '.join(needed)}": not all(name in rtdose for name in needed),
        "it is not a stack of planes": frames < 2 or len(offsets) != frames,
        "its planes are not axial": not np.allclose(np.sort(axes), [0, 0, 0, 0, 1, 1], atol=1e-8)
        or bool(axes[2] + axes[5] > 1e-8),
    }
    for fault, is_so in faults.items():
        if is_so:
            raise DicomError(str(rtdose.SOPInstanceUID), fault)
    return rtdose


def _decode(dose: Dataset) -> None:
    """Decode the pixels now; pydicom keeps them for dicompyler-core, which does not expect faults.

    Raises:
        DicomError: The pixels are cut short, or compressed in a way that nothing here decodes, or
            to more than 512 MB.
    """
    check_decoded_size(dose)
    try:
        _ = dose.pixel_array
    except (ValueError, AttributeError, RuntimeError, NotImplementedError) as error:
        msg = f"its pixels cannot be decoded ({type(error).__name__})"
        raise DicomError(str(dose.SOPInstanceUID), msg) from error


def _with_relative_offsets(rtdose: Dataset) -> Dataset:
    """Make the planes' offsets start at 0, in a copy (DICOM PS3.3, C.8.8.3.2).

    The standard also allows the planes' own z coordinates. dicompyler-core would add these to the
    position of the first plane, and shift the dose by that much without a word.
    """
    offsets_mm = np.array(rtdose.GridFrameOffsetVector, dtype=np.float64)
    if offsets_mm[0] == 0:
        return rtdose
    first_mm = float(rtdose.ImagePositionPatient[2])
    if not np.isclose(offsets_mm[0], first_mm, atol=1e-2):
        msg = f"frame offsets start at {offsets_mm[0]:g}, neither 0 nor the first z {first_mm:g}"
        raise DicomError(str(rtdose.SOPInstanceUID), msg)
    copy = Dataset()
    copy.update(rtdose)
    del copy.GridFrameOffsetVector  # the copy shares its elements with the original
    copy.file_meta = rtdose.file_meta
    relative_mm = _normal_z(rtdose) * (offsets_mm - offsets_mm[0])  # an offset runs with the normal
    copy.GridFrameOffsetVector = [f"{offset:.10g}" for offset in relative_mm]
    return copy


def _normal_z(rtdose: Dataset) -> float:
    """Give the z component of the planes' normal: 1 or -1."""
    axes = np.array(rtdose.ImageOrientationPatient, dtype=np.float64)
    return float(np.cross(axes[:3], axes[3:])[2])


def _grid_box_mm(dose: Dataset) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper corner of the centres of the dose pixels, each of shape (3,)."""
    axes = np.array(dose.ImageOrientationPatient, dtype=np.float64)
    row_mm, column_mm = (float(value) for value in dose.PixelSpacing)
    first = np.array(dose.ImagePositionPatient, dtype=np.float64)
    last = first + axes[:3] * column_mm * (dose.Columns - 1) + axes[3:] * row_mm * (dose.Rows - 1)
    offsets_mm = _normal_z(dose) * np.array(dose.GridFrameOffsetVector, dtype=np.float64)
    lower, upper = np.minimum(first, last), np.maximum(first, last)
    lower[2], upper[2] = first[2] + offsets_mm.min(), first[2] + offsets_mm.max()
    return lower, upper


def _box_mm(contours: Contours) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper corner of all points, each of shape (3,)."""
    points = np.concatenate(contours.points_mm)
    return points.min(axis=0), points.max(axis=0)


def _room_mm(contours: Contours, dose: Dataset) -> NDArray[np.float64]:
    """Say how far the contours stay inside the dose grid: below in (x, y, z), then above; (6,)."""
    (lower, upper), (grid_lower, grid_upper) = _box_mm(contours), _grid_box_mm(dose)
    return np.concatenate((lower - grid_lower, grid_upper - upper))


def _is_apart(contours: Contours, dose: Dataset) -> bool:
    """Say whether no contour lies in a plane of the dose grid: there dicompyler-core breaks."""
    (lower, upper), (grid_lower, grid_upper) = _box_mm(contours), _grid_box_mm(dose)
    z_mm = np.array([points[0, 2] for points in contours.points_mm])
    has_plane = np.any((z_mm >= grid_lower[2] - _EDGE_MM) & (z_mm <= grid_upper[2] + _EDGE_MM))
    return bool(not has_plane or np.any(upper < grid_lower) or np.any(lower > grid_upper))


def _can_crop(room_mm: NDArray[np.float64], dose: Dataset) -> bool:
    """Say whether cropping the dose to the ROI is safe: at the grid's border it loses a row."""
    in_plane_mm = room_mm[[0, 1, 3, 4]].min()
    return bool(in_plane_mm >= _MARGIN * max(float(value) for value in dose.PixelSpacing))
