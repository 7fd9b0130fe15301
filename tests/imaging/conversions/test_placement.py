"""Which grids are the same but for the order and direction of their axes."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.conversions.placement import Placement, placement_of
from imaging.dicom.arrangement import orthonormal
from imaging.errors import InputError
from imaging.volumes.geometry import Geometry

SHAPE = (4, 5, 6)  # slices, rows, columns


def grid(shape=SHAPE, orientation=(1, 0, 0, 0, 1, 0), spacing_mm=(3.0, 0.7, 1.1)):
    along = orthonormal(np.array(orientation, dtype=float))
    return Geometry(shape, np.array([-50.0, 20.0, 7.5]), *along, spacing_mm)


OBLIQUE = (0.9, 0.3, 0.316, -0.3, 0.95, -0.05)


@given(
    order=st.permutations((0, 1, 2)),
    flips=st.sets(st.integers(0, 2)),
    orientation=st.sampled_from([(1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1), OBLIQUE]),
)
def test_any_order_and_direction_of_axes_is_turned_back(order, flips, orientation):
    there = grid(orientation=orientation)
    numbers = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    voxels, affine = numbers.transpose(2, 1, 0).transpose(order), there.affine_ras[:, [*order, 3]]
    for axis in flips:
        affine[:, 3] += affine[:, axis] * (voxels.shape[axis] - 1)
        affine[:, axis] *= -1
        voxels = np.flip(voxels, axis)

    placed = placement_of(affine, voxels.shape, there)

    np.testing.assert_array_equal(placed.turned(voxels.transpose(2, 1, 0)), numbers)
    assert placed.start == (0, 0, 0)


def test_a_part_of_a_grid_knows_where_it_begins():
    there, affine = grid(), grid().affine_ras
    affine[:, 3] = affine @ [2, 1, 3, 1]

    placed = placement_of(affine, (4, 4, 1), there, may_be_part=True)

    assert placed.start == (2, 1, 3)
    with pytest.raises(InputError, match="has 4 x 4 x 1 voxels and begins at"):
        placement_of(affine, (4, 4, 1), there)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shape": (4, 5, 7)}, "has 6 x 5 x 4 voxels and begins at [0, 0, 0], and the series has"),
        ({"spacing_mm": (3.0, 0.7, 1.4)}, "times as large"),
        ({"orientation": OBLIQUE}, "axes are turned"),
        ({"spacing_mm": (3.15, 0.7, 1.1)}, "a corner lies 0.45 mm beside"),
    ],
)
def test_another_grid_is_refused_with_the_difference(change, said):
    with pytest.raises(InputError, match=re.escape(said)):
        placement_of(grid().affine_ras, SHAPE[::-1], grid(**change))


def test_a_grid_half_a_voxel_off_is_refused_and_rounding_is_not():
    affine = grid().affine_ras
    affine[0, 3] += 0.05
    assert placement_of(affine, SHAPE[::-1], grid()).order == (0, 1, 2)
    affine[0, 3] += 0.5
    with pytest.raises(InputError, match=r"beside|begins"):
        placement_of(affine, SHAPE[::-1], grid())


@given(order=st.permutations((0, 1, 2)), flips=st.tuples(*[st.booleans()] * 3), data=st.data())
def test_a_box_is_found_again_where_it_was(order, flips, data):
    numbers = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    placed: Any = Placement(tuple(order), flips, (0, 0, 0))
    whole = placed.turned(numbers)
    ends = [sorted(data.draw(st.lists(st.integers(0, n), min_size=2, max_size=2))) for n in SHAPE]
    box = tuple(slice(*pair) for pair in ends)

    part = placed.turned(numbers[box])

    column, row, plane = placed.start_of(box, SHAPE)
    planes, rows, columns = part.shape
    there = whole[plane : plane + planes, row : row + rows, column : column + columns]
    np.testing.assert_array_equal(there, part)
