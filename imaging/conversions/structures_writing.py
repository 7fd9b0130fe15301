"""From a label map to an RTSTRUCT (PS3.3 A.19), whose contours enclose exactly its voxels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imaging.conversions.label_file import Ints, LabelFile, label_file, read_labels
from imaging.conversions.outlining import outlines
from imaging.conversions.placement import placement_of
from imaging.conversions.reports import Conversion, ConvertedLabel
from imaging.conversions.series import ImageSeries, image_series
from imaging.conversions.structure_set import Contour, DrawnRoi, Maker, structure_set
from imaging.errors import InputError
from imaging.files import whole_file
from imaging.labels import LabelStatistics
from imaging.rt.files.rois import Roi, rois_of
from imaging.volumes.filling import filled
from imaging.volumes.outlines import NoOutlines, outlines_of

_MOST_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class StructureOptions:
    """How an RTSTRUCT is made.

    Attributes:
        label: Structure Set Label, up to 16 characters.
        algorithm_type: Who drew the labels.
        series_description: Of the new series.
    """

    label: str = "LABELS"
    algorithm_type: Maker = "AUTOMATIC"
    series_description: str = "Structures of a label map"


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
    _check_ids(chosen)
    series = image_series(images)
    placed = placement_of(chosen.affine, chosen.shape, series.geometry)
    voxels: Ints = placed.turned(read_labels(chosen))
    drawn = [_drawn(each, chosen, voxels, series) for each in chosen.statistics]
    dataset = structure_set(
        drawn, series, options.label, options.algorithm_type, options.series_description
    )
    made = {roi.number: roi for roi in rois_of(dataset)}
    rows = tuple(
        ConvertedLabel(
            each.id,
            chosen.label(each.id).name,
            each.voxels,
            each.ml,
            _difference(made[each.id], each, voxels, series),
        )
        for each in chosen.statistics
    )
    with whole_file(target) as part:
        dataset.save_as(part, enforce_file_format=True)
    return Conversion((target,), rows, (f"Names: {chosen.named_by}",))


def _check_ids(chosen: LabelFile) -> None:
    ids = [each.id for each in chosen.statistics]
    if outside := [label for label in ids if not 0 < label <= _MOST_NUMBER]:
        msg = (
            f"ROI Numbers are 1 to {_MOST_NUMBER}, and there are labels {outside[:20]}: give them"
            " other ids first (filter-labels, remap), or leave them out"
        )
        raise InputError(msg)


def _drawn(each: LabelStatistics, chosen: LabelFile, voxels: Ints, series: ImageSeries) -> DrawnRoi:
    """Draw the contours of a label, slice by slice."""
    label = chosen.label(each.id)
    contours = [
        Contour(index, _in_mm(ring, index, series))
        for index, plane in enumerate(voxels)
        if (inside := plane == each.id).any()
        for ring in outlines(inside)
    ]
    return DrawnRoi(each.id, label.name, label.color, tuple(contours))


def _in_mm(ring: np.ndarray, index: int, series: ImageSeries) -> np.ndarray:
    """Turn columns and rows into x, y and z, shape (n, 3), in the plane of the slice."""
    geometry = series.geometry
    _, between_rows, between_columns = geometry.spacing_mm
    columns = ring[:, :1] * between_columns * geometry.along_columns
    rows = ring[:, 1:] * between_rows * geometry.along_rows
    place = geometry.origin_mm + index * geometry.spacing_mm[0] * geometry.normal
    return np.asarray(place + columns + rows)


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
