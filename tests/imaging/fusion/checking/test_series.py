"""What is said of a series that is not worth a paid run."""

import re

import numpy as np
import pytest

from imaging.fusion.checking import CbctRules, check_cbct
from tests.imaging.fusion.checking.slices import (
    LENIENT,
    SERIES,
    every,
    files_of,
    moved,
    one,
    refusal,
    unchanged,
    write_folder,
    write_series,
)

TILTED = [1, 0, 0, 0, 0.9239, 0.3827]
WRONG = {
    "few": (unchanged, "12 slices, where at least 13 are needed"),
    "same place": (every(ImagePositionPatient=[0, 0, 0]), "11 slices at the place of another"),
    "doubled": (moved(lambda n: [0, 0, 0.4 * min(n, 10)]), "1 slices at the place of another"),
    "gap": (
        moved(lambda n: [0, 0, 0.4 * (n + (n > 6))]),
        "usually 0.400 mm apart, at worst 0.800 mm; after slice 7$",
    ),
    "uneven": (
        moved(lambda n: [0, 0, 0.4 * n + 0.02 * (n == 5)]),
        "at worst .*; after slice 5, 6$",
    ),
    "tilt": (moved(lambda n: [0, 0.2 * n, 0.4 * n]), "obliquely .tilt or shear of 26.6 degrees"),
    "not parallel": (one(5, ImageOrientationPatient=TILTED), "not parallel"),
    "coarse pixels": (every(PixelSpacing=[0.7, 0.7]), "voxels of 0.70 mm.*too coarse"),
    "coarse slices": (moved(lambda n: [0, 0, 1.2 * n]), "slices 1.20 mm apart: too coarse"),
    "small view": (every(PixelSpacing=[0.2, 0.2]), "field of view of 5 x 3 x 3 mm"),
    "matrices": (one(4, Rows=8, PixelData=bytes(256)), "differ in Rows"),
    "spacings": (one(4, PixelSpacing=[0.5, 0.51]), "differ in PixelSpacing"),
    "rescale": (one(4, RescaleSlope=2), "differ in RescaleSlope"),
    "frames": (one(4, FrameOfReferenceUID="1.2.9"), "differ in FrameOfReferenceUID"),
    "signed": (one(4, PixelRepresentation=1), "differ in PixelRepresentation"),
    "uid": (one(4, SOPInstanceUID=f"{SERIES}.1"), "1 slices are there twice"),
    "burned in": (one(4, BurnedInAnnotation="YES"), "1 slices with text burned into the pixels"),
    "8 bit": (
        every(BitsAllocated=8, BitsStored=8, HighBit=7, PixelData=bytes(256)),
        "12 slices whose pixels do not have 16 bits",
    ),
    "no place": (one(4, ImagePositionPatient=None), "1 slices without ImagePosition"),
    "bad place": (one(4, ImagePositionPatient=[1, 2]), "1 slices without ImagePosition"),
    "bad axes": (one(4, ImageOrientationPatient=[1, 0, 0, 1, 0, 0]), "1 slices without Image"),
    "no spacing": (one(4, PixelSpacing=None), "1 slices without PixelSpacing"),
    "no spacing at all": (every(PixelSpacing=[0, 0]), "12 slices without PixelSpacing"),
    "few pixels": (one(4, PixelData=bytes(500)), "1 slices with fewer bytes of pixels"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_series_is_told(name, tmp_path):
    change, words = WRONG[name]
    rules = LENIENT.model_copy(update={"least_slices": 13}) if name == "few" else LENIENT

    assert re.search(words, refusal(write_series(tmp_path, change=change), rules))


def test_everything_wrong_is_told_at_once(tmp_path):
    def change(number, ds):
        ds.PixelSpacing = [0.9, 0.9]
        ds.ImagePositionPatient = [0, 0, 0.4 * (number + (number > 5))]
        ds.RescaleSlope = 1 + number % 2

    found = refusal(write_series(tmp_path, change=change), CbctRules()).split("; ")

    assert [part.split()[-1] for part in found[1:2]] == ["RescaleSlope"]
    for words in ("12 slices, where", "differ in", "unevenly", "too coarse", "field of view"):
        assert words in "; ".join(found)


def test_the_limits_are_limits(tmp_path):
    path = write_folder(tmp_path, files_of(100, matrix=64))

    assert "100 slices, where" in refusal(path, CbctRules(least_slices=101))
    assert "field of view" in refusal(path, CbctRules(least_fov_mm=32.1))
    assert "too coarse" in refusal(path, CbctRules(most_pixel_mm=0.49))
    assert "too coarse" in refusal(path, CbctRules(most_gap_mm=0.39))


def test_positions_rounded_to_hundredths_are_even(tmp_path):
    change = moved(lambda n: [0, 0, round(0.125 * n, 2)])

    assert check_cbct(write_series(tmp_path, 40, change), rules=LENIENT).spacing_mm[
        0
    ] == pytest.approx(0.125, abs=0.006)


def test_oblique_axes_are_no_tilt(tmp_path):
    turn = np.array([[0.8, 0.6, 0], [-0.6, 0.8, 0]])
    normal = np.cross(*turn)
    place = moved(lambda n: [*np.round(0.4 * n * normal + [5, 6, 7], 6)])

    def change(number, ds):
        place(number, ds)
        ds.ImageOrientationPatient = [*turn.ravel()]

    assert check_cbct(write_series(tmp_path, change=change), rules=LENIENT).slices == 12
