"""From an RTDOSE to a dose grid (PS3.3 C.8.8.3), whatever way the exporter wrote it.

Frames are sorted along the normal of the planes, so that a grid stored from the head down equals
the same grid stored from the feet up. What cannot be placed or scaled for certain is refused, and
the refusal names the attribute.
"""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from imaging.rt.doses.grid import DoseGrid
from imaging.rt.doses.pixels import Stored, stored_values
from imaging.rt.files.attributes import Floats, number, numbers, positive, refuse, text
from imaging.rt.flags import Flag

_COSINES = 1e-4  # how far direction cosines may be from unit length and right angles
_PLACE_MM = 0.01  # how well a frame's absolute place must agree with the first voxel's
_SAME_MM = 1e-3  # frames that are nearer than this are in one place
_MOST_OF_A_FRACTION = 10.0  # a relative dose above this is in percent: nobody gives ten times


def dose_grid(rtdose: Dataset, *, prescription_gy: float | None = None) -> DoseGrid:
    """Read the doses of an RTDOSE and where they are.

    A single frame is put twice, half of Slice Thickness below and above its place, so its dose is
    the same through that thickness and unknown beyond.

    Args:
        rtdose: The dose, as read from its file; it is not changed.
        prescription_gy: What a RELATIVE dose is relative to: 1 is the prescription, or 100 when
            the largest value is above 10.

    Raises:
        DicomError: An attribute is missing or wrong, the dose is RELATIVE and no prescription is
            given, or it holds differences of doses. Names the attribute and its tag.
    """
    _refuse_no_dose(rtdose, prescription_gy)
    along_columns, along_rows = _directions(rtdose)
    normal = np.cross(along_columns, along_rows)
    stored = stored_values(rtdose)
    scaling = _gy_per_unit(rtdose, stored, prescription_gy)
    places_mm = _places_mm(rtdose, len(stored), normal)
    order = np.argsort(places_mm, kind="stable")
    frames_mm = places_mm[order]
    gaps_mm = np.diff(frames_mm)
    if gaps_mm.min() < _SAME_MM:
        refuse(rtdose, "GridFrameOffsetVector", "puts two frames in one place")
    is_single = len(stored) == 1
    spacing_mm = positive(rtdose, "PixelSpacing", 2)
    return DoseGrid(
        uid=str(rtdose.SOPInstanceUID),
        frame_of_reference_uid=str(rtdose.get("FrameOfReferenceUID") or ""),
        values_gy=_scaled(stored, order, scaling),
        origin_mm=numbers(rtdose, "ImagePositionPatient", 3) + normal * frames_mm[0],
        along_columns=along_columns,
        along_rows=along_rows,
        spacing_mm=(float(spacing_mm[0]), float(spacing_mm[1])),
        frames_mm=frames_mm - frames_mm[0],
        border_mm=(0.0, 0.0) if is_single else (float(gaps_mm[0] / 2), float(gaps_mm[-1] / 2)),
    )


def grid_flags(rtdose: Dataset) -> tuple[Flag, ...]:
    """Say what is odd about a dose that ``dose_grid`` reads."""
    found = {
        Flag.SINGLE_FRAME: number(rtdose, "NumberOfFrames", default=1) == 1,
        Flag.RELATIVE_DOSE: text(rtdose, "DoseUnits") == "RELATIVE",
        Flag.EFFECTIVE_DOSE: text(rtdose, "DoseType") == "EFFECTIVE",
    }
    return tuple(flag for flag, is_so in found.items() if is_so)


def _refuse_no_dose(rtdose: Dataset, prescription_gy: float | None) -> None:
    """Refuse what is in no unit that can be made Gy, and differences of doses."""
    units = text(rtdose, "DoseUnits")
    if units not in ("GY", "RELATIVE"):
        refuse(rtdose, "DoseUnits", f"is {units or '(none)'}, not GY")
    if units == "RELATIVE" and not (prescription_gy and prescription_gy > 0):
        refuse(rtdose, "DoseUnits", "is RELATIVE, and no prescription is given to scale it by")
    if text(rtdose, "DoseType") == "ERROR":
        refuse(rtdose, "DoseType", "is ERROR: it holds differences of doses")


def _directions(rtdose: Dataset) -> tuple[Floats, Floats]:
    """Read the directions toward increasing columns and rows, made orthonormal exactly."""
    cosines = numbers(rtdose, "ImageOrientationPatient", 6).reshape(2, 3)
    if not np.allclose(cosines @ cosines.T, np.eye(2), rtol=0, atol=_COSINES):
        refuse(rtdose, "ImageOrientationPatient", "holds no two unit vectors at right angles")
    along_columns: Floats = cosines[0] / np.linalg.norm(cosines[0])
    along_rows: Floats = cosines[1] - (cosines[1] @ along_columns) * along_columns
    return along_columns, along_rows / float(np.linalg.norm(along_rows))


def _places_mm(rtdose: Dataset, frames: int, normal: Floats) -> Floats:
    """Place the frames along the normal, from ImagePositionPatient; a single one twice."""
    if frames == 1:
        half_mm = positive(rtdose, "SliceThickness")[0] / 2
        return np.array([-half_mm, half_mm])
    offsets_mm = numbers(rtdose, "GridFrameOffsetVector")
    if offsets_mm.size != frames:
        refuse(rtdose, "GridFrameOffsetVector", f"has {offsets_mm.size} values for {frames} frames")
    places_mm: Floats = _toward_normal(rtdose, offsets_mm, normal) * (offsets_mm - offsets_mm[0])
    return places_mm


def _toward_normal(rtdose: Dataset, offsets_mm: Floats, normal: Floats) -> float:
    """Say whether the offsets run along the normal (1) or against it (-1), by PS3.3 C.8.8.3.2.

    Offsets from 0 are relative, and run along the normal. Others are the frames' own places: z in
    the patient for axial planes, and along the normal as some exporters have it for others.
    """
    first_mm = numbers(rtdose, "ImagePositionPatient", 3)
    if abs(offsets_mm[0]) <= _PLACE_MM:
        return 1.0
    is_axial = abs(normal[2]) > 1 - _COSINES
    if is_axial and abs(offsets_mm[0] - first_mm[2]) <= _PLACE_MM:
        return float(np.sign(normal[2]))
    if abs(offsets_mm[0] - first_mm @ normal) <= _PLACE_MM:
        return 1.0
    fault = f"starts at {offsets_mm[0]:g}, neither 0 nor where ImagePositionPatient is"
    return refuse(rtdose, "GridFrameOffsetVector", fault)


def _gy_per_unit(rtdose: Dataset, stored: Stored, prescription_gy: float | None) -> float:
    """Say how many Gy a stored 1 is."""
    scaling = float(positive(rtdose, "DoseGridScaling")[0])
    if text(rtdose, "DoseUnits") == "GY" or prescription_gy is None:
        return scaling
    is_percent = float(stored.max()) * scaling > _MOST_OF_A_FRACTION
    return scaling * prescription_gy / (100 if is_percent else 1)


def _scaled(stored: Stored, order: NDArray[np.intp], scaling: float) -> Floats:
    """Scale the frames in ``order``, into the one array that is kept."""
    if len(stored) == 1:
        stored = np.broadcast_to(stored, (2, *stored.shape[1:]))
    values_gy = np.empty(stored.shape, dtype=np.float64)
    for target, frame in zip(values_gy, order, strict=True):
        np.multiply(stored[int(frame)], scaling, out=target)
    return values_gy


def voxel_mm3(rtdose: Dataset) -> float:
    """Give the volume of a voxel, from the mean distance of frames; raises as ``dose_grid``."""
    area_mm2 = float(np.prod(positive(rtdose, "PixelSpacing", 2)))
    if number(rtdose, "NumberOfFrames", default=1) == 1:
        return area_mm2 * float(positive(rtdose, "SliceThickness")[0])
    offsets_mm = numbers(rtdose, "GridFrameOffsetVector")
    return area_mm2 * float(np.ptp(offsets_mm)) / max(offsets_mm.size - 1, 1)
