"""Filling by crossings gives what testing every pixel against every edge gives."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.volumes.filling import filled
from imaging.volumes.outlines import Outlines

SHAPE = (5, 13, 17)
bounded = settings(derandomize=True, max_examples=120, deadline=None, database=None)


def outlines(planes, plane_of):
    return Outlines(planes, np.array(plane_of), is_beyond=False, flags=())


def brute_force(rings):
    """Count for each pixel the edges to its left, one at a time."""
    inside = np.zeros(SHAPE[1:], dtype=bool)
    for row, column in np.ndindex(*SHAPE[1:]):
        for ring in rings:
            for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
                if (y0 <= row) == (y1 <= row):
                    continue
                at = x0 + (row - y0) * (x1 - x0) / (y1 - y0)
                inside[row, column] ^= at <= column
    return inside


@st.composite
def polygons(draw):
    """A few polygons that may cross each other, themselves, and the border of the image."""
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    step = draw(st.sampled_from([0.0, 0.5, 1.0]))  # corners on pixels' centres and edges, too
    rings = []
    for _ in range(draw(st.integers(1, 4))):
        ring = random.uniform(-6, 22, (draw(st.integers(3, 9)), 2))
        rings.append(np.rint(ring / step) * step if step else ring)
    return rings


@bounded
@given(polygons(), polygons())
def test_pixels_are_inside_by_the_even_odd_rule(one, other):
    mask = filled(outlines([one, other], [-1, 1, 0, 0, -1]), SHAPE)

    expected = [brute_force(one), brute_force(other)]
    planes = [plane.astype(bool) for plane in (each.copy() for each in mask.planes())]
    assert not planes[0].any()
    assert np.array_equal(planes[1], expected[1])
    assert np.array_equal(planes[2], expected[0])
    assert np.array_equal(planes[3], expected[0])
    assert not planes[4].any()
    assert mask.voxels == 2 * expected[0].sum() + expected[1].sum()


def test_polygons_that_share_an_edge_share_no_pixel():
    left = np.array([(2.0, 2.0), (8.0, 2.0), (8.0, 9.0), (2.0, 9.0)])
    right = left + np.array([6.0, 0.0])

    one = filled(outlines([[left]], [0] * 5), SHAPE)
    both = filled(outlines([[left, right]], [0] * 5), SHAPE)

    assert one.voxels == 5 * 6 * 7
    assert both.voxels == 2 * one.voxels


def test_what_is_right_or_left_of_the_image_is_cut_off():
    beside = np.array([(20.0, 2.0), (30.0, 2.0), (30.0, 9.0), (20.0, 9.0)])

    assert filled(outlines([[beside]], [0] * 5), SHAPE).voxels == 0
    assert filled(outlines([[beside - np.array([40.0, 0.0])]], [0] * 5), SHAPE).voxels == 0


def test_an_outline_between_the_centres_of_rows_has_no_pixel():
    thin = np.array([(2.0, 2.2), (9.0, 2.2), (9.0, 2.8), (2.0, 2.8)])

    assert filled(outlines([[thin]], [0] * 5), SHAPE).voxels == 0
