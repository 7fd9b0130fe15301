"""From a label map to an RTSTRUCT (PS3.3 A.19), whose contours enclose exactly its voxels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from imaging.conversions.label_file import Ints, LabelFile, label_file, read_labels
from imaging.conversions.naming import note_on, series_and_object
from imaging.conversions.outlining import outlines
from imaging.conversions.placement import Box, Placement, placement_of
from imaging.conversions.reports import Conversion, ConvertedLabel
from imaging.conversions.series import ImageSeries, image_series
from imaging.conversions.structure_set import (
    Contour,
    DrawnRoi,
    StructureOptions,
    structure_set,
)
from imaging.files import whole_file
from imaging.labels import LabelStatistics
from imaging.labels.dictionaries import Label
from imaging.rt.files.rois import Roi, rois_of
from imaging.volumes.filling import filled
from imaging.volumes.outlines import NoOutlines, outlines_of

_MOST_NUMBER = 2**31 - 1


_OPTIONS = StructureOptions()


def structures_of_labels(  # noqa: PLR0913 - what, on what, where to, and how
    source: Path,
    images: Path,
    target: Path,
    *,
    labels: Sequence[str | int] = (),
    dictionary: str = "",
    options: StructureOptions = _OPTIONS,
) -> Conversion:
    """Write a label map as RTSTRUCT; the contours run along the edges of the voxels.

    They are filled again before the file is written, and what differs from the label map is noted:
    contours cannot say that a slice between others is empty, and where one or two are, every reader
    fills them (``imaging.rt`` half-way from both sides).

    Args:
        source: The label map; its axes may run in any order and direction.
        images: Folder of the DICOM image series that it was made on.
        target: The file to write, whole or not at all.
        labels: Ids, names, patterns or groups; none for all.
        dictionary: A model's name or a table's path; empty for what the label map comes with.
        options: What the structure set says of itself.

    Raises:
        InputError: The grid of the label map is another than that of the series, a label was asked
            for that is not there, or its id is no ROI Number.
        NiftiError: The label map is damaged.
        DicomError: The series makes no volume, or its headers cannot be read.
        OSError: A file cannot be read or written.
    """
    chosen = label_file(source, labels, dictionary)
    chosen.check_ids(_MOST_NUMBER, "ROI Numbers")
    series = image_series(images, must_be_framed=True)
    placed = placement_of(chosen.affine, chosen.shape, series.geometry)
    voxels: Ints = placed.turned(read_labels(chosen))
    drawn = [
        _drawn(chosen.label(each.id), voxels, _box_of(each, placed, chosen), series)
        for each in chosen.statistics
    ]
    said = [series.stack.series_instance_uid, options, *chosen.names]
    dataset = structure_set(drawn, series, options, series_and_object(voxels, *said))
    made = {roi.number: roi for roi in rois_of(dataset)}
    rows = tuple(
        ConvertedLabel(
            each.id,
            chosen.label(each.id).name,
            each.voxels,
            each.ml,
            _notes(chosen.label(each.id).name, made[each.id], each, voxels, series),
        )
        for each in chosen.statistics
    )
    with whole_file(target) as part:
        dataset.save_as(part, enforce_file_format=True)
    return Conversion((target,), rows, (f"Names: {chosen.named_by}",))


def _box_of(each: LabelStatistics, placed: Placement, chosen: LabelFile) -> Box:
    """Find the slices, rows and columns of the series among which a label lies."""
    first, last = each.box
    ranges = [slice(low, high + 1) for low, high in zip(first, last, strict=True)]
    start = placed.start_of((ranges[2], ranges[1], ranges[0]), chosen.shape[::-1])
    column, row, plane = (
        slice(begin, begin + ranges[axis].stop - ranges[axis].start)
        for begin, axis in zip(start, placed.order, strict=True)
    )
    return plane, row, column


def _drawn(label: Label, voxels: Ints, box: Box, series: ImageSeries) -> DrawnRoi:
    """Draw the contours of a label, slice by slice."""
    planes, rows, columns = box
    corner = np.array([columns.start, rows.start])
    contours = [
        Contour(index, _in_mm(ring + corner, index, series))
        for index in range(planes.start, planes.stop)
        if (inside := voxels[index, rows, columns] == label.id).any()
        for ring in outlines(inside)
    ]
    return DrawnRoi(label.id, label.name, label.color, tuple(contours))


def _in_mm(ring: np.ndarray, index: int, series: ImageSeries) -> np.ndarray:
    """Turn columns and rows into x, y and z, shape (n, 3), in the plane of the slice."""
    geometry = series.geometry
    _, between_rows, between_columns = geometry.spacing_mm
    columns = ring[:, :1] * between_columns * geometry.along_columns
    rows = ring[:, 1:] * between_rows * geometry.along_rows
    place = geometry.origin_mm + index * geometry.spacing_mm[0] * geometry.normal
    return np.asarray(place + columns + rows)


def _notes(name: str, roi: Roi, each: LabelStatistics, voxels: Ints, series: ImageSeries) -> str:
    """Say what is not as the label map has it."""
    notes = [note_on(name), _difference(roi, each, voxels, series)]
    return "; ".join(note for note in notes if note)


def _difference(roi: Roi, each: LabelStatistics, voxels: Ints, series: ImageSeries) -> str:
    """Fill the contours again, and say how many voxels come out different."""
    found = outlines_of(roi, series.geometry, series.frame_of_reference_uid)
    if isinstance(found, NoOutlines):
        return f"cannot be filled again: {found.reason}"
    mask = filled(found, series.geometry.shape)
    common = sum(
        int(np.count_nonzero(box.astype(np.bool_) & (mask.box_of(voxels[index]) == each.id)))
        for index, box in mask.boxes()
    )
    differing = mask.voxels + each.voxels - 2 * common
    if not differing:
        return ""
    return f"{differing} voxels differ when the contours are filled, as in slices that it skips"
