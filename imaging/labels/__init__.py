"""NIfTI label maps: some labels kept, all labels measured, by streaming in constant memory."""

from imaging.labels.filtering import FilterReport, filter_labels
from imaging.labels.header import NiftiHeader
from imaging.labels.measuring import LabelStatistics, measure_labels
from imaging.labels.naming import NamedDictionary, Names, dictionary_for, given_dictionary, stem_of
from imaging.labels.source import read_head

__all__ = [
    "FilterReport",
    "LabelStatistics",
    "NamedDictionary",
    "Names",
    "NiftiHeader",
    "dictionary_for",
    "filter_labels",
    "given_dictionary",
    "measure_labels",
    "read_head",
    "stem_of",
]
