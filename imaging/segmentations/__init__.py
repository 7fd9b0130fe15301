"""Label maps of many patients: which files there are, some labels kept, their volumes compared."""

from imaging.segmentations.filtering import filter_file
from imaging.segmentations.measured import MeasuredFile, measure_file
from imaging.segmentations.overview import (
    MeasuringFailedError,
    VolumeSummary,
    summarise_volumes,
)
from imaging.segmentations.page import page_of
from imaging.segmentations.place import OutputsBusyError, outputs_in
from imaging.segmentations.record import FilterResult
from imaging.segmentations.request import FilterRequest, request_of
from imaging.segmentations.sources import LabelMapFile, LabelMaps, label_maps_of
from imaging.segmentations.summary import FilterFailedError, FilterSummary

__all__ = [
    "FilterFailedError",
    "FilterRequest",
    "FilterResult",
    "FilterSummary",
    "LabelMapFile",
    "LabelMaps",
    "MeasuredFile",
    "MeasuringFailedError",
    "OutputsBusyError",
    "VolumeSummary",
    "filter_file",
    "label_maps_of",
    "measure_file",
    "outputs_in",
    "page_of",
    "request_of",
    "summarise_volumes",
]
