"""Whether the pixels of an object may show who it is of; that is for a person to look at.

Nothing here reads pixels: an object's own words about them, its kind, and its sizes tell.
"""

from collections.abc import Callable

from pydicom import Dataset

from imaging.dicom.deidentify.elements import element_at, text_at, texts_at
from imaging.dicom.deidentify.outcome import Suspicion
from imaging.dicom.deidentify.tags import tag_of
from imaging.dicom.reading import UNREADABLE

_STORAGE = "1.2.840.10008.5.1.4.1.1."
# PS3.4, B.5: secondary captures, single and multi-frame.
_SECONDARY_CAPTURE = f"{_STORAGE}7"
# Ultrasound and its multi-frame kinds, retired ones included.
_ULTRASOUND = tuple(f"{_STORAGE}{number}" for number in ("3", "3.1", "6", "6.1", "6.2", "6.3"))
_HARDCOPY = ("1.2.840.10008.5.1.1.29", "1.2.840.10008.5.1.1.30")  # printed films, retired
_AUDIO = f"{_STORAGE}9.4"
_VISIBLE_LIGHT = f"{_STORAGE}77.1"
_NO_COLOUR = frozenset({"CT", "MR", "PT", "CR", "DX", "MG", "RTDOSE", "RTIMAGE", "XA", "RF"})
_SCREENS = frozenset(
    {"SCREEN SAVE", "SCREENSHOT", "SCREEN_SAVE", "DISPLAY", "CAPTURE", "DOSE_INFO", "DOSE INFO"}
)
_CT_IMAGES = frozenset({f"{_STORAGE}2", f"{_STORAGE}2.1", f"{_STORAGE}2.2"})
_DIRECTORY = "1.2.840.10008.1.3.10"
_TAG = {
    keyword: tag_of(keyword)
    for keyword in (
        "SOPClassUID",
        "Modality",
        "ImageType",
        "ConversionType",
        "SecondaryCaptureDeviceManufacturer",
        "NumberOfFrames",
        "BurnedInAnnotation",
        "RecognizableVisualFeatures",
        "PhotometricInterpretation",
    )
}
_OF_CAPTURE = ("ConversionType", "SecondaryCaptureDeviceManufacturer")
_SIZES = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated")


def suspicions(dataset: Dataset) -> tuple[Suspicion, ...]:
    """Return why a person should look at an object before it leaves.

    Args:
        dataset: As it was received; its pixel data may be absent.
    """
    sop_class = text_at(dataset, _TAG["SOPClassUID"])
    tests: list[tuple[Suspicion, Callable[[], bool]]] = [
        (Suspicion.BURNED_IN, lambda: not _denies(dataset, "BurnedInAnnotation")),
        (Suspicion.VISUAL_FEATURES, lambda: not _denies(dataset, "RecognizableVisualFeatures")),
        (Suspicion.AUDIO, lambda: sop_class.startswith(_AUDIO)),
        (Suspicion.SECONDARY_CAPTURE, lambda: _is_capture(dataset, sop_class)),
        (Suspicion.ULTRASOUND, lambda: _is_ultrasound(dataset, sop_class)),
        (Suspicion.PHOTOGRAPH, lambda: sop_class.startswith(_VISIBLE_LIGHT)),
        (Suspicion.COLOUR, lambda: _has_odd_colour(dataset)),
        (Suspicion.OVERLAY_IN_PIXELS, lambda: _hides_overlays(dataset)),
    ]
    return tuple(suspicion for suspicion, holds in tests if holds())


def is_ct_image(dataset: Dataset) -> bool:
    """Whether an object is an image of a CT volume, a localizer apart (PS3.3, C.8.2.1.1.1)."""
    is_localizer = "LOCALIZER" in texts_at(dataset, _TAG["ImageType"])
    return text_at(dataset, _TAG["SOPClassUID"]) in _CT_IMAGES and not is_localizer


def is_directory(dataset: Dataset) -> bool:
    """Whether an object is a DICOMDIR: it finds records by their place in it (PS3.10, 8.6)."""
    stored = getattr(dataset, "file_meta", {}).get("MediaStorageSOPClassUID", "")
    return stored == _DIRECTORY or "DirectoryRecordSequence" in dataset


def has_more_bytes(dataset: Dataset, length: int) -> bool:
    """Whether uncompressed pixel data may be longer than its frames, and the byte that pads them.

    Args:
        dataset: The object's attributes.
        length: Of the pixel data, in bytes.
    """
    try:
        rows, columns, samples, bits = (int(dataset[keyword].value) for keyword in _SIZES)
        frames = int(text_at(dataset, _TAG["NumberOfFrames"]) or 1)
    except (*UNREADABLE, KeyError):
        return True  # nothing tells how many there should be
    if text_at(dataset, _TAG["PhotometricInterpretation"]) == "YBR_FULL_422":
        samples = 2  # the two colour differences are halved (PS3.3, C.7.6.3.1.2)
    return length > -(-rows * columns * samples * bits * frames // 8) + 1


def _is_capture(dataset: Dataset, sop_class: str) -> bool:
    is_class = f"{sop_class}.".startswith(f"{_SECONDARY_CAPTURE}.") or sop_class in _HARDCOPY
    is_screen = any(word.upper() in _SCREENS for word in texts_at(dataset, _TAG["ImageType"]))
    is_captured = any(text_at(dataset, _TAG[keyword]) for keyword in _OF_CAPTURE)
    return is_class or is_screen or is_captured


def _is_ultrasound(dataset: Dataset, sop_class: str) -> bool:
    is_class = sop_class in _ULTRASOUND or text_at(dataset, _TAG["Modality"]) in {"US", "IVUS"}
    return is_class or "SequenceOfUltrasoundRegions" in dataset


def _has_odd_colour(dataset: Dataset) -> bool:
    photometric = text_at(dataset, _TAG["PhotometricInterpretation"])
    is_grey = photometric.startswith("MONOCHROME") or not photometric
    return not is_grey and text_at(dataset, _TAG["Modality"]) in _NO_COLOUR


def _hides_overlays(dataset: Dataset) -> bool:
    """Whether an overlay lies in bits of the pixels, as it did before 2004 (PS3.5, 8.1.2)."""
    groups = {tag.group for tag in dataset.keys() if tag.group >> 8 == 0x60}  # noqa: SIM118 - to iterate a Dataset decodes its elements
    planes = (element_at(dataset, group << 16 | 0x3000) for group in groups)
    return any(plane is None or not plane.value for plane in planes)


def _denies(dataset: Dataset, keyword: str) -> bool:
    """Whether an object says NO, or nothing; anything else may mean yes."""
    return text_at(dataset, _TAG[keyword]).upper() in {"", "NO"}
