"""Odd attributes; see ``odd_cases``."""

from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from tests.imaging.rt.odd_cases import HEIGHTS_MM, Odd, square, stack

DATA = Tag("ContourData")


def without(keyword):
    return lambda dataset: delattr(dataset, keyword)


def without_bits(dataset):
    dataset["PixelData"].VR = "OW"
    del dataset.BitsAllocated


def having(keyword, value):
    return lambda dataset: setattr(dataset, keyword, value)


def in_roi(change):
    """Change the item of the StructureSetROISequence."""
    return lambda dataset: change(dataset.StructureSetROISequence[0])


def in_drawn(change):
    """Change the item of the ROIContourSequence."""
    return lambda dataset: change(dataset.ROIContourSequence[0])


def in_contour(change, index=4):
    return lambda dataset: change(dataset.ROIContourSequence[0].ContourSequence[index])


def data(text, vr="DS"):
    """Give one contour other bytes."""

    def change(item):
        element = RawDataElement(
            DATA, vr, len(text), text, 0, is_implicit_VR=True, is_little_endian=True
        )
        item[DATA] = element

    return in_contour(change)


def drawn_twice(dataset):
    """Spread the contours of the ROI over two items."""
    first, second = dataset.ROIContourSequence[0], Dataset()
    second.ReferencedROINumber = 1
    second.ContourSequence = list(first.ContourSequence)[5:]
    first.ContourSequence = list(first.ContourSequence)[:5]
    dataset.ROIContourSequence.append(second)


def numbers(mm=8):
    return "\\".join(f"{x}\\{y}\\0" for x, y in square(mm))


MISSING = {
    "DoseUnits": "is (none), not GY",
    "DoseGridScaling": "is missing or empty",
    "PixelData": "is missing or empty",
    "Rows": "is missing or empty",
    "Columns": "is missing or empty",
    "BitsAllocated": "is missing or empty",
    "PixelSpacing": "is missing or empty",
    "ImagePositionPatient": "is missing or empty",
    "ImageOrientationPatient": "is missing or empty",
    "GridFrameOffsetVector": "is missing or empty",
}
WRONG = (
    ("DoseUnits", "CGY", "is CGY, not GY"),
    ("DoseType", "ERROR", "is ERROR: it holds differences of doses"),
    ("DoseGridScaling", 0, "is 0, and must be above 0"),
    ("NumberOfFrames", 30, "has 119164 bytes; 30 frames of 31 x 31 take 115320"),
    ("GridFrameOffsetVector", [0.0, 2.0], "has 2 values for 31 frames"),
    (
        "GridFrameOffsetVector",
        [5.0 + 2 * index for index in range(31)],
        "starts at 5, neither 0 nor",
    ),
    ("GridFrameOffsetVector", [0.0, *range(30)], "puts two frames in one place"),
    ("ImageOrientationPatient", [1, 0, 0, 0.1, 1, 0], "holds no two unit vectors at right angles"),
    ("PixelSpacing", [2, 0], "is 0, and must be above 0"),
    ("BitsAllocated", 8, "is 8; a dose has 16 or 32"),
)
_NAMES = {"NumberOfFrames": "PixelData"}


def _named(keyword):
    keyword = _NAMES.get(keyword, keyword)
    return f"{keyword} {Tag(keyword)}"


OF_DOSE = (
    *(
        Odd(
            what=f"no {keyword}",
            dose=without_bits if keyword == "BitsAllocated" else without(keyword),
            refusal=f"{_named(keyword)} {fault}",
        )
        for keyword, fault in MISSING.items()
    ),
    *(
        Odd(
            what=f"{keyword} {fault}",
            dose=having(keyword, value),
            refusal=f"{_named(keyword)} {fault}",
        )
        for keyword, value, fault in WRONG
    ),
    Odd(
        what="no NumberOfFrames",
        dose=without("NumberOfFrames"),
        refusal="PixelData (7FE0,0010) has 119164 bytes; 1 frames",
    ),
    Odd(what="no DoseType", dose=without("DoseType")),
    Odd(what="no DoseSummationType", dose=without("DoseSummationType")),
    Odd(what="no SliceThickness, several frames", dose=without("SliceThickness")),
    Odd(what="no FrameIncrementPointer", dose=without("FrameIncrementPointer")),
    Odd(what="no ReferencedRTPlanSequence", dose=without("ReferencedRTPlanSequence")),
    Odd(what="DoseType EFFECTIVE", dose=having("DoseType", "EFFECTIVE"), flags=["EFFECTIVE_DOSE"]),
)

BROKEN: dict[str, Any] = {"flags": ["EMPTY", "BROKEN_CONTOURS"], "truth": ()}
EMPTY: dict[str, Any] = {"flags": ["EMPTY", "NO_CONTOURS"], "truth": ()}
LEFT_OUT = ["NOT_CLOSED", "UNEVEN_PLANES"]
MANY = np.concatenate(
    [
        np.linspace(a, b, 4000, endpoint=False)
        for a, b in zip(square(8), np.roll(square(8), -1, axis=0), strict=True)
    ]
)

OF_STRUCTURES = (
    Odd(
        what="no StructureSetROISequence",
        structures=without("StructureSetROISequence"),
        refusal="StructureSetROISequence (3006,0020) is missing or empty, and there are contours",
    ),
    Odd(
        what="no ROINumber",
        structures=in_roi(without("ROINumber")),
        refusal="ROINumber (3006,0022) None is missing or used twice",
    ),
    Odd(what="ROIName empty", structures=in_roi(having("ROIName", ""))),
    Odd(what="no ROIName", structures=in_roi(without("ROIName"))),
    Odd(
        what="no ReferencedFrameOfReferenceUID",
        structures=in_roi(without("ReferencedFrameOfReferenceUID")),
    ),
    Odd(what="no ROIContourSequence", structures=without("ROIContourSequence"), **EMPTY),
    Odd(
        what="no ReferencedROINumber", structures=in_drawn(without("ReferencedROINumber")), **EMPTY
    ),
    Odd(what="no ContourSequence", structures=in_drawn(without("ContourSequence")), **EMPTY),
    Odd(what="the contours of an ROI in two items", structures=drawn_twice),
    Odd(what="no ROIDisplayColor", structures=in_drawn(without("ROIDisplayColor"))),
    Odd(what="no RTROIObservationsSequence", structures=without("RTROIObservationsSequence")),
    Odd(what="no ContourGeometricType", structures=in_contour(without("ContourGeometricType"))),
    Odd(what="no NumberOfContourPoints", structures=in_contour(without("NumberOfContourPoints"))),
    Odd(
        what="NumberOfContourPoints of another number",
        structures=in_contour(having("NumberOfContourPoints", 3)),
    ),
    Odd(what="ContourData empty, one contour", structures=data(b""), flags=LEFT_OUT),
    Odd(
        what="ContourData missing, one contour",
        structures=in_contour(without("ContourData")),
        flags=LEFT_OUT,
    ),
    Odd(what="ContourData not triples, one contour", structures=data(b"0\\0\\0\\9 "), **BROKEN),
    Odd(what="ContourData NaN", structures=data(b"0\\0\\0\\nan\\0\\0\\9\\9\\0 "), **BROKEN),
    Odd(what="ContourData infinite", structures=data(b"0\\0\\0\\1e999\\0\\0\\9\\9\\0"), **BROKEN),
    Odd(
        what="ContourData with decimal commas",
        structures=data(b"0,0\\0,0\\0,0\\9,0\\0,0\\0,0\\9,0\\9,0\\0,0"),
        **BROKEN,
    ),
    Odd(
        what="ContourData with a value left out",
        structures=data(b"0\\0\\0\\9\\\\0\\9\\9\\0 "),
        **BROKEN,
    ),
    Odd(what="ContourData ends with a backslash", structures=data(numbers().encode() + b"\\")),
    Odd(
        what="ContourData with blanks and exponents",
        structures=data(b" -8e0\\-.8E+1\\+0 \\8.\\ -8\\0\\8\\8\\0\\-8\\8\\0"),
    ),
    Odd(what="ContourData of 16 000 points", contours=stack(MANY, heights_mm=HEIGHTS_MM)),
)
