"""From a DICOM Segmentation to a label map (PS3.3 C.8.20), on the grid of its images."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imaging.conversions.label_writing import Found, Painter
from imaging.conversions.placement import Box, Placement, placement_of
from imaging.conversions.reports import Conversion
from imaging.conversions.seg_writing import ID_PREFIX
from imaging.conversions.series import image_series
from imaging.dicom.reading import UNREADABLE
from imaging.dicom.references import uid_of
from imaging.dicom.whole import structural_fault
from imaging.errors import DicomError, InputError
from imaging.labels.dictionaries.label import Color
from imaging.volumes.geometry import Geometry

_BROKEN = (*UNREADABLE, RuntimeError)
_MOST_VOXELS = 2**31  # no scanner makes more; planes that ask for it lie
_NO_IMAGES = "The grid ends at the outermost planes of the SEG; with its images it is theirs"
_WHOLE: Box = (slice(None), slice(None), slice(None))
_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class _Segment:
    """A segment as its header describes it."""

    number: int
    id: int
    name: str
    color: Color | None


_Masked = tuple[_Segment, NDArray[np.bool_], Box]  # its voxels in a box, and where that lies


def labels_of_seg(
    source: Path,
    target: Path,
    *,
    images: Path | None = None,
    labels: tuple[str, ...] = (),
    threshold: float = 0.5,
) -> Conversion:
    """Write a DICOM SEG as a label map, with its names and colours beside it as ``_dseg.tsv``.

    Where segments overlap, the smaller one is seen, and how much each loses is reported. Ids are
    those that ``seg_of_labels`` noted, else the segment numbers.

    Args:
        source: A SEG of kind BINARY, FRACTIONAL or LABELMAP.
        target: The label map to write, ``.nii.gz``.
        images: Folder of the image series it was made on, which gives the grid. Without it the grid
            ends at the outermost planes that the SEG holds.
        labels: Names, patterns or ids; empty for all.
        threshold: Least value, of 0 to 1, of a FRACTIONAL segment's voxel that counts.

    Raises:
        InputError: A segment was asked for that is not there, or the SEG is not on the images.
        DicomError: The file is damaged, no SEG, or its planes make no regular volume.
        OSError: A file cannot be read or written.
    """
    if not 0 < threshold <= 1:
        msg = f"the threshold of a fractional segment lies above 0 and up to 1, not at {threshold}"
        raise InputError(msg)
    seg = _read(source)
    segments = _segments(seg)
    _check_pixels(seg)
    own, placed, geometry = _place(seg, images)
    painter = Painter(geometry, len(segments))
    chosen = painter.choose([(each.id, each.name) for each in segments], labels)
    for segment, voxels, box in _masks(seg, segments, own, threshold):
        if segment.id in chosen:
            found = Found(segment.id, segment.name, segment.color)
            painter.paint(found, placed.turned(voxels), placed.start_of(box, own.spatial_shape))
    return painter.write(target, () if images else (_NO_IMAGES,))


def _read(path: Path) -> Any:
    """Read a SEG.

    Raises:
        DicomError: It is damaged, or no SEG.
    """
    with path.open("rb") as file:
        fault, uid = structural_fault(file), uid_of(file)
    if fault:
        raise DicomError(uid, fault)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a warning may quote the header
            return hd.seg.segread(path)
    except _BROKEN as error:
        msg = f"cannot be read as a DICOM SEG ({type(error).__name__})"
        raise DicomError(uid, msg) from error


def _segments(seg: Any) -> list[_Segment]:
    """List the segments; ids count only if every segment notes one of its own."""
    try:
        items = [item for item in seg.SegmentSequence if int(item.SegmentNumber) > 0]
        noted = [_noted(str(item.get("SegmentDescription") or "")) for item in items]
        ids = [each for each in noted if each is not None]
        is_noted = len(ids) == len(items) == len(set(ids))
        return [
            _Segment(
                number=int(item.SegmentNumber),
                id=label if is_noted and label else int(item.SegmentNumber),
                name=str(item.get("SegmentLabel") or ""),
                color=_color(item),
            )
            for item, label in zip(items, noted, strict=True)
        ]
    except UNREADABLE as error:
        msg = f"its segments cannot be read ({type(error).__name__})"
        raise DicomError(str(seg.SOPInstanceUID), msg) from error


def _noted(description: str) -> int | None:
    number = description.removeprefix(ID_PREFIX)
    return int(number) if number != description and number.isdecimal() and int(number) else None


def _color(item: Any) -> Color | None:
    stored = item.get("RecommendedDisplayCIELabValue")
    if not stored or len(stored) != 3:
        return None
    red, green, blue = hd.color.CIELabColor.from_dicom_value(list(map(int, stored))).to_rgb()
    return int(red), int(green), int(blue)


def _check_pixels(seg: Any) -> None:
    """Refuse frames that are not there: room for them would be made before they are missed.

    Raises:
        DicomError: There are fewer pixels than the header says.
    """
    try:
        bits = int(seg.Rows) * int(seg.Columns) * int(seg.NumberOfFrames) * int(seg.BitsAllocated)
        is_native = not seg.file_meta.TransferSyntaxUID.is_encapsulated
        held = len(seg.PixelData)
    except _BROKEN as error:
        msg = f"its planes cannot be read ({type(error).__name__})"
        raise DicomError(str(seg.SOPInstanceUID), msg) from error
    if is_native and 8 * held < bits:
        msg = f"its planes take {(bits + 7) // 8} bytes, and it holds {held}"
        raise DicomError(str(seg.SOPInstanceUID), msg)


def _place(seg: Any, images: Path | None) -> tuple[Any, Placement, Geometry]:
    """Find the grid of the planes of a SEG, and how it lies in that of the label map.

    Raises:
        DicomError: The planes make no regular volume.
        InputError: They are not on the images.
    """
    uid = str(seg.SOPInstanceUID)
    try:
        own = seg.get_volume_geometry(allow_missing_positions=True)
    except _BROKEN:
        own = None
    if own is None or str(seg.get("FrameOfReferenceUID", "")) == "":
        msg = "its planes make no regular volume in a patient, so it has no label map"
        raise DicomError(uid, msg)
    if np.prod(own.spatial_shape, dtype=np.float64) > _MOST_VOXELS:
        msg = f"its planes are so far apart that the grid has {own.spatial_shape} voxels"
        raise DicomError(uid, msg)
    affine = _RAS @ own.affine[:, [2, 1, 0, 3]]  # highdicom's axes are slices, rows, columns
    shape = own.spatial_shape[::-1]
    if images is None:
        geometry = _upright(own)
        return own, placement_of(affine, shape, geometry), geometry
    series = image_series(images, _referenced(seg))
    if series.frame_of_reference_uid != str(seg.FrameOfReferenceUID):
        msg = "the SEG is in another frame of reference than the images; give those it was made on"
        raise InputError(msg)
    if shape[2] == 1:  # a single plane has no step to the next, whatever the file says
        affine[:3, 2] *= series.geometry.spacing_mm[0] / np.linalg.norm(affine[:3, 2])
    placed = placement_of(affine, shape, series.geometry, may_be_part=True)
    return own, placed, series.geometry


def _referenced(seg: Any) -> list[str]:
    return [
        str(item.SeriesInstanceUID)
        for item in seg.get("ReferencedSeriesSequence") or []
        if item.get("SeriesInstanceUID")
    ]


def _upright(own: Any) -> Geometry:
    """Describe highdicom's grid with slices in the direction of the normal."""
    affine = np.asarray(own.affine, dtype=np.float64)[:, [2, 1, 0, 3]]
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    along = affine[:3, :3] / spacing
    is_up = float(np.cross(along[:, 0], along[:, 1]) @ along[:, 2]) > 0
    slices, rows, columns = own.spatial_shape
    origin = affine[:3, 3] if is_up else affine[:3, 3] + (slices - 1) * affine[:3, 2]
    spacing_mm = float(spacing[2]), float(spacing[1]), float(spacing[0])
    return Geometry((slices, rows, columns), origin, along[:, 0], along[:, 1], spacing_mm)


def _masks(seg: Any, segments: list[_Segment], own: Any, threshold: float) -> Iterator[_Masked]:
    """Give the voxels of each segment, one after the other.

    Segments that do not overlap are decoded together, which is many times quicker.

    Raises:
        DicomError: They cannot be decoded.
    """
    try:
        whole = _together(seg)
        if whole is not None:
            yield from _apart(whole.reshape(own.spatial_shape), segments)
            return
        for each in segments:
            one = seg.get_volume(segment_numbers=[each.number]).array.reshape(own.spatial_shape)
            yield each, one >= np.float32(threshold) if one.dtype.kind == "f" else one > 0, _WHOLE
    except _BROKEN as error:
        msg = f"its planes cannot be read ({type(error).__name__})"
        raise DicomError(str(seg.SOPInstanceUID), msg) from error


def _together(seg: Any) -> NDArray[np.integer] | None:
    """Decode all segments into one array of their numbers; None where that is not all there is."""
    if str(seg.SegmentationType) == "FRACTIONAL":
        return None
    try:
        return np.asarray(seg.get_volume(combine_segments=True).array)
    except RuntimeError:  # so highdicom says that segments overlap
        return None


def _apart(whole: NDArray[np.integer], segments: list[_Segment]) -> Iterator[_Masked]:
    """Cut each segment out of an array of their numbers."""
    boxes = ndimage.find_objects(whole)
    for each in segments:
        if each.number > len(boxes) or (box := boxes[each.number - 1]) is None:
            yield each, np.zeros((0, 0, 0), dtype=np.bool_), _WHOLE
        else:
            yield each, whole[box] == each.number, box
