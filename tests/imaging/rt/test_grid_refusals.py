import re
from contextlib import nullcontext

import numpy as np
import pytest

from imaging.errors import DicomError
from imaging.rt.doses.grid_reading import dose_grid
from tests.imaging.rt.slanted import check_slanted, made

REFUSED = [
    ("DoseUnits", "CGY", "is CGY, not GY"),
    ("DoseUnits", None, "is .none., not GY"),
    ("DoseType", "ERROR", "differences"),
    ("DoseGridScaling", None, "is missing"),
    ("DoseGridScaling", 0, "must be above 0"),
    ("DoseGridScaling", -1e-3, "must be above 0"),
    ("PixelData", None, "is missing"),
    ("PixelData", b"\0" * 64, "has 64 bytes; 6 frames of 8 x 9 take 1728"),
    ("Rows", 1, "is 1, and must be a whole number of at least 2"),
    ("Columns", 1, "is 1, and must be a whole number of at least 2"),
    ("BitsAllocated", 8, "is 8; a dose has 16 or 32"),
    ("BitsStored", 12, "holds a larger number"),
    ("SamplesPerPixel", 3, "is not 1"),
    ("PixelSpacing", [2.5], "has 1 values, not 2"),
    ("PixelSpacing", [2.5, 0], "must be above 0"),
    ("ImagePositionPatient", None, "is missing"),
    ("ImagePositionPatient", [0, 0], "has 2 values, not 3"),
    ("ImageOrientationPatient", None, "is missing"),
    ("ImageOrientationPatient", [1, 0, 0, 0, 0.999, 0], "no two unit vectors"),
    ("ImageOrientationPatient", [1, 0, 0, 0.001, 1, 0], "no two unit vectors"),
    ("GridFrameOffsetVector", None, "is missing"),
    ("GridFrameOffsetVector", [0, 4, 8], "has 3 values for 6 frames"),
    ("GridFrameOffsetVector", [0, 4, 8, 8, 12, 16], "two frames in one place"),
    ("GridFrameOffsetVector", [7, 11, 15, 19, 23, 27], "starts at 7, neither 0 nor"),
    ("GridFrameOffsetVector", [0.02, 4, 8, 12, 16, 20], "starts at 0.02, neither 0 nor"),
    ("GridFrameOffsetVector", [-107.02, -103, -99, -95, -91, -87], "starts at -107.02, neither"),
    ("GridFrameOffsetVector", [107, 103, 99, 95, 91, 87], "starts at 107, neither 0 nor"),
]


@pytest.mark.parametrize(("keyword", "value", "fault"), REFUSED)
def test_what_cannot_be_read_for_certain_is_refused_by_name(tiny, keyword, value, fault):
    dataset = made(tiny)
    tag = re.escape(str(dataset[keyword].tag))
    if value is None:
        delattr(dataset, keyword)
    else:
        setattr(dataset, keyword, value)

    with pytest.raises(DicomError, match=f": {keyword} {tag} .*{fault}") as refusal:
        dose_grid(dataset)
    assert refusal.value.uid == dataset.SOPInstanceUID


@pytest.mark.parametrize(
    ("keyword", "value", "needed"),
    [
        ("Rows", 7, 1512),
        ("Columns", 10, 1920),
        ("NumberOfFrames", 5, 1440),
        ("BitsAllocated", 16, 864),
    ],
)
def test_pixels_of_another_size_than_stated_are_refused(tiny, keyword, value, needed):
    dataset = made(tiny)
    setattr(dataset, keyword, value)

    with pytest.raises(
        DicomError, match=rf"PixelData \(7FE0,0010\) has 1728 bytes; .* take {needed}"
    ):
        dose_grid(dataset)


@pytest.mark.parametrize(("largest", "is_refused"), [(4095, False), (4096, True)])
def test_a_number_of_more_bits_than_stated_is_refused(tiny, largest, is_refused):
    dataset = made(tiny)
    dataset.PixelData = np.full(dataset.pixel_array.shape, largest, "<u4").tobytes()
    dataset.BitsStored = 12

    refusal = pytest.raises(DicomError, match=r"BitsStored \(0028,0101\) is 12, and PixelData")
    with refusal if is_refused else nullcontext():
        dose_grid(dataset)


def test_negative_doses_are_refused(tiny):
    dataset = made(tiny)
    pixels = (dataset.pixel_array // 4).astype("<i4")
    dataset.PixelRepresentation = 1
    dataset.PixelData = pixels.tobytes()
    dataset.DoseGridScaling = float(dataset.DoseGridScaling) * 4
    check_slanted(dose_grid(dataset))

    pixels[0, 0, 0] = -1
    dataset.PixelData = pixels.tobytes()
    with pytest.raises(DicomError, match=r"PixelData \(7FE0,0010\) holds negative doses"):
        dose_grid(dataset)


def test_a_single_frame_without_thickness_is_refused(tiny):
    dataset = made(tiny)
    dataset.PixelData = dataset.pixel_array[2].tobytes()
    dataset.NumberOfFrames = 1
    del dataset.SliceThickness

    with pytest.raises(DicomError, match=r"SliceThickness \(0018,0050\) is missing"):
        dose_grid(dataset)
