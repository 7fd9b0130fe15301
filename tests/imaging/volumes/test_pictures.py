"""The contact sheet shows each ROI where it is."""

import numpy as np
import pytest
from PIL import Image

from imaging.volumes import Resampling, Wanted
from imaging.volumes.images import read_stack
from imaging.volumes.masks import Sketch
from imaging.volumes.pictures import _TILE, _title, _window
from imaging.volumes.planes import Planes
from imaging.volumes.stacking import Stack
from tests.imaging.volumes.series import made, series, structures, written
from tests.imaging.volumes.test_masks import ORIGIN_MM, SHAPE, SPACING_MM, blank, circle, stacked

PICTURES = Wanted(image=False, masks=False, label_map=False, dose=False)


def sheet(tmp_path, images, rois=None, **options):
    path = None if rois is None else structures(tmp_path, rois, **options)
    products = made(tmp_path, images, path, wanted=PICTURES)
    assert [file.as_posix() for file in products.files] == ["rois.png"]
    return np.asarray(Image.open(tmp_path / "rois.png")).astype(int)


def disc(tmp_path):
    """A CT of a bright disc of 30 mm radius in air."""
    y, x = np.meshgrid(*(np.arange(count) for count in SHAPE[1:]), indexing="ij")
    distance_mm = np.hypot(x * SPACING_MM[2] + ORIGIN_MM[0], y * SPACING_MM[1] + ORIGIN_MM[1])
    plane = np.where(distance_mm <= 30, 200, -1000).astype(np.int16)
    values = np.broadcast_to(plane, SHAPE)
    return written(series(values, origin_mm=ORIGIN_MM, spacing_mm=SPACING_MM), tmp_path / "ct")


def test_outlines_are_drawn_in_the_colour_of_their_roi_around_what_they_outline(tmp_path):
    drawn = {"A": stacked([circle(30)])}

    picture = sheet(tmp_path, disc(tmp_path), drawn, colours={"A": (0, 255, 0)})

    tile = picture[34 : 34 + _TILE, 6 : 6 + _TILE]
    is_green = (tile[:, :, 1] > 200) & (tile[:, :, 0] < 60)
    rows, columns = np.nonzero(is_green)
    middle = (_TILE - 1) / 2
    radius = np.hypot(rows - middle, columns - middle)
    assert radius.mean() == pytest.approx(30 / 90 * _TILE, abs=1.0)  # round, as 1.0 x 0.8 mm are
    assert np.ptp(radius) < 5
    for down, across in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        inner, outer = (
            tile[round(middle + down * mm), round(middle + across * mm)]
            for mm in (radius.mean() - 6, radius.mean() + 6)
        )
        assert inner.min() > 200
        assert outer.max() == 0


def test_there_is_one_tile_for_each_roi(tmp_path):
    one = sheet(tmp_path, blank(tmp_path), {"A": stacked([circle(9)])})
    seven = sheet(tmp_path, blank(tmp_path), {f"{n}": stacked([circle(9)]) for n in range(7)})

    assert seven.shape[0] == one.shape[0] + (_TILE + 30)  # two lines of four
    assert seven.shape[1] == 6 + 4 * (_TILE + 6)


def test_without_a_structure_set_the_middle_slice_is_shown(tmp_path):
    picture = sheet(tmp_path, disc(tmp_path))

    assert picture[34 + _TILE // 2, 6 + _TILE // 2].min() > 200


def planes_of(tmp_path, **options):
    stack = read_stack(blank(tmp_path, **options), Resampling())
    assert isinstance(stack, Stack)
    return Planes(stack, np.float32)


def test_a_small_roi_is_shown_with_what_is_around_it(tmp_path):
    planes = planes_of(tmp_path, spacing_mm=(3.0, 2.0, 1.0))

    window = _window(Sketch("A", "#ff0000", 0, [circle(2.0, (50.0, 60.0))]), planes)

    assert (window.width, window.height) == (90, 45)
    assert (window.left + 45, window.top + 22.5) == pytest.approx((50.5, 60.5))


def test_the_title_counts(tmp_path):
    planes = planes_of(tmp_path)

    assert _title(planes, 3, 5) == "CT, 24 slices, 3 of 5 ROIs; names with their slice"
    assert "no structure set" in _title(planes, 0, 0)
