"""Which attributes a series is summarised by, and how their values become text and numbers."""

import math
from typing import Any

from pydicom.multival import MultiValue

from imaging.dicom.reading import UNREADABLE
from imaging.dicom.references import RT_MODALITIES, Tags
from imaging.dicom.rows import Vector

SERIES_TAGS = ("Modality", "SeriesDescription", "SeriesDate", "SeriesTime", "Manufacturer")
IMAGE_TAGS = (
    *SERIES_TAGS,
    "BurnedInAnnotation",
    "Columns",
    "ConvolutionKernel",
    "FrameOfReferenceUID",
    "GantryDetectorTilt",
    "ImageType",
    "KVP",
    "ManufacturerModelName",
    "NumberOfFrames",
    "PatientPosition",
    "PixelSpacing",
    "RescaleIntercept",
    "RescaleSlope",
    "Rows",
    "SOPClassUID",
    "SliceThickness",
)

_WITHOUT_PIXELS = RT_MODALITIES | {
    "AU",
    "DOC",
    "ECG",
    "EPS",
    "FID",
    "HD",
    "KO",
    "PLAN",
    "PR",
    "REG",
    "RESP",
    "RTRECORD",
    "RWV",
    "SEG",
    "SMR",
    "SR",
}


def is_image(modality: str) -> bool:
    """Tell whether series of that modality are pictures, summarised by one of their instances.

    SEG has pixels, but its header repeats itself for every frame and grows to megabytes.
    """
    return modality not in _WITHOUT_PIXELS


def series_tags(tags: Tags, modality: str) -> dict[str, str]:
    """Return what a series is summarised by, as text; what is absent or empty is left out.

    Args:
        tags: Of an instance of the series, or of the series itself.
        modality: Its modality, which decides what is of interest.
    """
    is_picture = is_image(modality)
    keywords = IMAGE_TAGS if is_picture else SERIES_TAGS
    always = ("Modality", "SeriesDescription", *(["FrameOfReferenceUID"] if is_picture else []))
    texts = {keyword: tag_text(tags, keyword) for keyword in keywords}
    return {keyword: text for keyword, text in texts.items() if text or keyword in always}


def tag_text(tags: Tags, keyword: str) -> str:
    """Return a value as text, without the padding that one archive keeps and another drops."""
    try:
        return joined(tags.get(keyword)).strip()
    except UNREADABLE:
        return ""  # one bad value is no reason to lose the series


def joined(value: Any) -> str:
    """Return a value as DICOM writes it, its parts with a backslash between; None is ""."""
    if value is None:
        return ""
    parts = list(value) if isinstance(value, MultiValue) else str(value).split("\\")
    return "\\".join(str(part).strip() for part in parts) if len(parts) > 1 else str(parts[0])


def vector(text: str) -> Vector:
    """Return the numbers of a multi-valued text, () when one of them is none, or is not finite."""
    try:
        numbers = tuple(float(number) for number in text.split("\\")) if text else ()
    except ValueError:
        return ()
    return numbers if all(map(math.isfinite, numbers)) else ()


def matrix_of(tags: Tags) -> tuple[int, ...]:
    """Return Rows and Columns, () where they are not both given."""
    texts = [tag_text(tags, keyword) for keyword in ("Rows", "Columns")]
    return tuple(map(int, texts)) if all(text.isdecimal() for text in texts) else ()
