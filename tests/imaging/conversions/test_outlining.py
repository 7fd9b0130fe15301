"""Outlines enclose the pixels that they were drawn around, and no others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from imaging.conversions.outlining import outlines
from imaging.rt.exact.rings import overlaid
from imaging.volumes.filling import filled
from imaging.volumes.outlines import Outlines

PLANES = npst.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def filled_again(rings, shape):
    drawn = Outlines([rings], np.zeros(1, dtype=np.intp), is_beyond=False, flags=())
    (plane,) = filled(drawn, (1, *shape)).planes()
    return plane.astype(bool)


def area(ring):
    x, y = ring.T
    return (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


@given(PLANES.filter(np.any))
def test_filled_they_give_the_pixels_again(inside):
    rings = outlines(inside)

    np.testing.assert_array_equal(filled_again(rings, inside.shape), inside)
    assert sum(abs(area(ring)) for ring in rings) == pytest.approx(inside.sum())


@given(PLANES.filter(np.any))
def test_they_enclose_the_whole_of_each_pixel(inside):
    rings = outlines(inside)

    finer = filled_again([4 * ring + 1.5 for ring in rings], tuple(4 * n for n in inside.shape))
    np.testing.assert_array_equal(finer, np.kron(inside, np.ones((4, 4), dtype=bool)))
    assert sum(map(area, overlaid(rings))) == pytest.approx(inside.sum())  # as a DVH sees it


def test_a_ring_is_one_polygon_whose_channel_is_walked_twice():
    inside = np.ones((5, 5), dtype=bool)
    inside[2, 2] = False

    (ring,) = outlines(inside)

    points, counts = np.unique(ring, axis=0, return_counts=True)
    twice = points[counts == 2]
    assert twice.tolist() == [[-0.5, 1.75], [1.5, 1.75]]
    assert abs(area(ring)) == 24


def test_straight_edges_have_no_points_between_their_ends():
    inside = np.zeros((6, 8), dtype=bool)
    inside[1:5, 2:7] = True

    (ring,) = outlines(inside)

    assert sorted(map(tuple, ring.tolist())) == [(1.5, 0.5), (1.5, 4.5), (6.5, 0.5), (6.5, 4.5)]
