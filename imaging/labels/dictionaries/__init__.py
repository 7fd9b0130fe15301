"""Dictionaries of labels: what the integers of a label map mean; read, written, asked by name."""

from imaging.labels.dictionaries.dictionary import LabelDictionary, dictionary_of
from imaging.labels.dictionaries.embedded import embed_dictionary, embedded_dictionary
from imaging.labels.dictionaries.formats import Format, read_dictionary, write_dictionary
from imaging.labels.dictionaries.label import Label, color_of, described
from imaging.labels.dictionaries.shipped import Known, known

__all__ = [
    "Format",
    "Known",
    "Label",
    "LabelDictionary",
    "color_of",
    "described",
    "dictionary_of",
    "embed_dictionary",
    "embedded_dictionary",
    "known",
    "read_dictionary",
    "write_dictionary",
]
