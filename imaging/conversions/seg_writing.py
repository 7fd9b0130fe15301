"""From a label map to a DICOM Segmentation (PS3.3 A.51), voxel for voxel."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import highdicom as hd
import numpy as np

from imaging.conversions.codes import coded
from imaging.conversions.label_file import Ints, LabelFile, label_file, read_labels
from imaging.conversions.naming import fitting, note_on, series_and_object
from imaging.conversions.placement import placement_of
from imaging.conversions.reports import Conversion, ConvertedLabel
from imaging.conversions.series import ImageSeries, image_series
from imaging.conversions.structure_set import UTF_8
from imaging.dicom.reading import UNREADABLE
from imaging.errors import DicomError
from imaging.files import whole_file
from imaging.labels.dictionaries import Label

SegKind = Literal["BINARY", "LABELMAP"]
Maker = Literal["AUTOMATIC", "SEMIAUTOMATIC", "MANUAL"]

UNKNOWN = "unknown"
ID_PREFIX = "Label id "  # of a segment's description, by which an id is found again
_MOST_ID = 65_535  # segment numbers have 16 bits


@dataclass(frozen=True, slots=True)
class SegOptions:
    """How a DICOM SEG is made.

    Attributes:
        kind: ``BINARY`` has a bit plane for each segment, and every viewer reads it. ``LABELMAP``
            (of 2024) stores the label ids as they are and is smaller, but few programs read it yet.
        algorithm_type: Who drew the labels.
        algorithm_name: What the model or program is called; not written of ``MANUAL``.
        algorithm_version: Its version.
        series_description: Of the new series.
    """

    kind: SegKind = "BINARY"
    algorithm_type: Maker = "AUTOMATIC"
    algorithm_name: str = UNKNOWN
    algorithm_version: str = UNKNOWN
    series_description: str = "Segmentation"


_OPTIONS = SegOptions()


def seg_of_labels(  # noqa: PLR0913 - what, on what, where to, and how
    source: Path,
    images: Path,
    target: Path,
    *,
    labels: Sequence[str | int] = (),
    dictionary: str = "",
    options: SegOptions = _OPTIONS,
) -> Conversion:
    """Write a label map as DICOM SEG; no voxel is resampled.

    In a ``LABELMAP`` the segment numbers are the label ids. In a ``BINARY`` they must be 1, 2 and
    so on, so each id stands in its segment's description, where ``labels_of_seg`` finds it.

    Patient and study are those of the images: of images that are de-identified, so is the SEG.

    Args:
        source: The label map; its axes may run in any order and direction.
        images: Folder of the DICOM image series that it was made on.
        target: The file to write, whole or not at all.
        labels: Ids, names, patterns or groups; none for all.
        dictionary: A model's name or a table's path; empty for what the label map comes with.
        options: What kind of SEG, and who drew the labels.

    Raises:
        InputError: The grid of the label map is another than that of the series, a label was asked
            for that is not there, or its id is no segment number.
        NiftiError: The label map is damaged.
        DicomError: The series makes no volume, or lacks what a SEG must repeat.
        OSError: A file cannot be read or written.
    """
    chosen = label_file(source, labels, dictionary)
    chosen.check_ids(_MOST_ID, "numbers of DICOM segments")
    series = image_series(images, must_be_framed=True)
    placed = placement_of(chosen.affine, chosen.shape, series.geometry)
    voxels: Ints = placed.turned(read_labels(chosen))
    seg = _segmentation(chosen, voxels, series, options)
    with whole_file(target) as part:
        seg.save_as(part)
    rows = tuple(
        ConvertedLabel(
            each.id, name := chosen.label(each.id).name, each.voxels, each.ml, note_on(name)
        )
        for each in chosen.statistics
    )
    return Conversion((target,), rows, (f"Names: {chosen.named_by}",))


def _segmentation(
    chosen: LabelFile, voxels: Ints, series: ImageSeries, options: SegOptions
) -> Any:  # highdicom's class says nothing of what it inherits
    """Let highdicom make the object.

    Raises:
        DicomError: The images lack what it must repeat.
    """
    ids = [each.id for each in chosen.statistics]
    numbers = ids if options.kind == "LABELMAP" else list(range(1, len(ids) + 1))
    described = [
        _described(number, chosen.label(label), options)
        for number, label in zip(numbers, ids, strict=True)
    ]
    said = [series.stack.series_instance_uid, options, *chosen.names]
    series_uid, object_uid = series_and_object(voxels, *said)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it may quote the headers of the images
            seg: Any = hd.seg.Segmentation(
                source_images=series.headers,
                pixel_array=_in_file_order(_numbered(voxels, ids, numbers), series),
                segmentation_type=options.kind,
                segment_descriptions=described,
                series_instance_uid=series_uid,
                series_number=series.new_number,
                sop_instance_uid=object_uid,
                instance_number=1,
                manufacturer="imaging",
                manufacturer_model_name="imaging.conversions",
                software_versions="1",
                device_serial_number="0",
                content_label="LABELS",
            )
    except UNREADABLE as error:
        uid = series.stack.series_instance_uid
        msg = f"no SEG can be made on these images ({type(error).__name__}): {_attribute(error)}"
        raise DicomError(uid, msg) from error
    seg.SpecificCharacterSet = UTF_8
    if len(series.stack.slices) == 1:  # highdicom takes a single slice to be 1 mm thick
        measures = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
        measures.SpacingBetweenSlices = series.geometry.spacing_mm[0]
    seg.SeriesDescription = fitting(options.series_description)
    return seg


def _described(number: int, label: Label, options: SegOptions) -> Any:
    """Describe a segment: name, codes, colour, and who drew it."""
    found = coded(label.name)
    algorithm = None
    if options.algorithm_type != "MANUAL":
        algorithm = hd.AlgorithmIdentificationSequence(
            name=fitting(options.algorithm_name) or UNKNOWN,
            family=hd.sr.CodedConcept("123110", "DCM", "Artificial Intelligence"),
            version=fitting(options.algorithm_version) or UNKNOWN,
        )
    segment: Any = hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=fitting(label.name),
        segmented_property_category=found.category,
        segmented_property_type=found.kind,
        algorithm_type=options.algorithm_type,
        algorithm_identification=algorithm,
        display_color=hd.color.CIELabColor.from_rgb(*label.color),
    )
    segment.SegmentDescription = f"{ID_PREFIX}{label.id}"
    if found.side is not None:
        kind = segment.SegmentedPropertyTypeCodeSequence[0]
        side = hd.sr.CodedConcept.from_code(found.side)
        kind.SegmentedPropertyTypeModifierCodeSequence = [side]
    return segment


def _numbered(voxels: Ints, ids: Sequence[int], numbers: Sequence[int]) -> Ints:
    """Replace label ids by segment numbers."""
    table = np.zeros(max(ids) + 1, dtype=np.uint16 if max(numbers) > 255 else np.uint8)
    table[ids] = numbers
    return np.asarray(table[voxels])


def _in_file_order(voxels: Ints, series: ImageSeries) -> Ints:
    """Sort the planes as the frames of a multi-frame image are; slices in files are sorted."""
    slices = series.stack.slices
    if len(series.headers) == len(slices):
        return voxels
    return np.asarray(voxels[np.argsort([each.pixels.frame for each in slices])])


def _attribute(error: Exception) -> str:
    """Say which attribute is missing; other messages may quote values."""
    words = str(error).split("'")
    return words[-2] if isinstance(error, AttributeError) and len(words) > 2 else "see the series"
