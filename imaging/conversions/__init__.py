"""A segmentation as others keep it: DICOM SEG, RTSTRUCT, surface mesh; and back."""

from imaging.conversions.meshes import meshes_of_labels
from imaging.conversions.reports import Conversion, ConvertedLabel
from imaging.conversions.request import ConversionRequest, Target, convert, title_of
from imaging.conversions.seg_reading import labels_of_seg
from imaging.conversions.seg_writing import SegKind, SegOptions, seg_of_labels
from imaging.conversions.structure_set import StructureOptions
from imaging.conversions.structures_reading import labels_of_structures
from imaging.conversions.structures_writing import structures_of_labels

__all__ = [
    "Conversion",
    "ConversionRequest",
    "ConvertedLabel",
    "SegKind",
    "SegOptions",
    "StructureOptions",
    "Target",
    "convert",
    "labels_of_seg",
    "labels_of_structures",
    "meshes_of_labels",
    "seg_of_labels",
    "structures_of_labels",
    "title_of",
]
