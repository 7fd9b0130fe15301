"""From the ROIs of an RTSTRUCT to a label map on the image series that they were drawn on."""

from collections.abc import Sequence
from pathlib import Path

from imaging.conversions.label_writing import Found, Painter, label_of
from imaging.conversions.reports import Conversion
from imaging.conversions.series import ImageSeries, image_series
from imaging.dicom import name_matches, read_references
from imaging.labels.dictionaries import LabelDictionary, dictionary_of
from imaging.labels.dictionaries.label import Color
from imaging.rt.files.objects import read_rtstruct
from imaging.rt.files.rois import Roi, choose_rois, rois_of
from imaging.volumes.filling import filled
from imaging.volumes.outlines import NoOutlines, outlines_of

_MOST_ID = 65_535


def labels_of_structures(
    source: Path, images: Path, target: Path, *, rois: Sequence[str] = ()
) -> Conversion:
    """Write the ROIs of an RTSTRUCT as a label map, with names and colours beside it.

    A voxel belongs to an ROI if its centre lies in the ROI's contours, by the rules that masks and
    DVHs are made by. Where ROIs overlap, the smaller is seen, and how much each loses is reported.
    Label ids are the ROI Numbers, or 1, 2 and so on where one of these is no label id.

    Args:
        source: The RTSTRUCT.
        images: Folder of the DICOM image series that it was drawn on.
        target: The label map to write, ``.nii.gz``; the dictionary gets its name and ``_dseg.tsv``.
        rois: Names of ROIs, ``*`` and ``?`` as wildcards; what is none is taken as labels are: a
            ROI Number, another spelling (``left lung``) or a group (``all lungs``). None for all.

    Raises:
        InputError: No ROI is meant by one of these, none has a voxel, or the series is not there.
        DicomError: The RTSTRUCT cannot be read, or the series makes no volume.
        OSError: A file cannot be read or written.
    """
    references = read_references(source)  # first, as its errors do not name the file
    chosen = _chosen(rois_of(read_rtstruct(source)), rois)
    series = image_series(images, references.series_uids)
    painter = Painter(series.geometry, len(chosen))
    numbers = [roi.number for roi in chosen]
    is_id = all(0 < number <= _MOST_ID for number in numbers)
    for index, roi in enumerate(chosen, 1):
        _paint(painter, roi, roi.number if is_id else index, series)
    notes = () if is_id else ("Label ids are 1, 2 and so on: a ROI Number is none",)
    return painter.write(target, notes)


def _chosen(rois: Sequence[Roi], wanted: Sequence[str]) -> list[Roi]:
    if not wanted:
        return list(rois)
    names = dictionary_of(label_of(Found(roi.number, roi.name, None)) for roi in rois if roi.number)
    numbers = {number for text in wanted for number in _meant(rois, names, text)}
    return [roi for roi in rois if roi.number in numbers]


def _meant(rois: Sequence[Roi], names: LabelDictionary, text: str) -> set[int]:
    """Return the ROI Numbers that a text means: by name as everywhere else, then as of labels."""
    if named := {roi.number for roi in rois if name_matches(roi.name, text)}:
        return named
    if found := {roi.number for roi in rois}.intersection(names.find(text)):
        return found
    return {roi.number for roi in choose_rois(rois, [text])}  # refuses, with the names there are


def _paint(painter: Painter, roi: Roi, label: int, series: ImageSeries) -> None:
    """Paint one ROI, or note why it cannot be."""
    outlines = outlines_of(roi, series.geometry, series.frame_of_reference_uid)
    found = Found(label, roi.name, _color(roi.colour))
    if isinstance(outlines, NoOutlines):
        painter.leave(found, outlines.reason)
        return
    notes = [*map(str, outlines.flags), *(["beyond the image"] if outlines.is_beyond else [])]
    found = Found(label, roi.name, _color(roi.colour), ", ".join(notes))
    painter.paint_mask(found, filled(outlines, series.geometry.shape))


def _color(text: str | None) -> Color | None:
    if text is None:
        return None
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue
