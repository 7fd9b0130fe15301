from dataclasses import replace

import numpy as np
import pytest
from pydicom.uid import UID

from imaging.errors import DicomError
from imaging.rt.doses.grid import DoseGrid
from imaging.rt.doses.selection import select_dose
from imaging.rt.doses.sums import add_to
from imaging.rt.flags import Flag
from tests.imaging.rt.folders import BEAM, FINER, GRID, Folder, expected, field_of


@pytest.fixture
def folder(tiny, tmp_path) -> Folder:
    return Folder(tiny, tmp_path)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("orientation", ["HFS", "FFDL"])
def test_a_sum_is_on_the_finer_grid_whatever_the_order(folder, order, orientation):
    plan, second = folder.plan(), replace(BEAM, beam_number=2, orientation=orientation)
    paths = [
        folder.dose(plan, 10, encoding=BEAM),
        folder.dose(plan, 5, grid=FINER, encoding=second),
    ]

    found = select_dose(paths[::order])

    assert np.sort(found.grid.values_gy, axis=None) == pytest.approx(
        np.sort(expected(15, FINER), axis=None), abs=1e-5
    )
    assert at_corners(found.grid) == pytest.approx(corner_doses(found.grid, 15), abs=1e-5)
    assert found.flags == (Flag.BEAMS_UNVERIFIED,)


def at_corners(grid):
    return [grid.values_gy[corner] for corner in [(0, 0, 0), (-1, 0, 0), (0, -1, 0), (0, 0, -1)]]


def corner_doses(grid, gy):
    _, rows, columns = grid.values_gy.shape
    steps = np.array(
        [
            0 * grid.normal,
            grid.frames_mm[-1] * grid.normal,
            (rows - 1) * grid.spacing_mm[0] * grid.along_rows,
            (columns - 1) * grid.spacing_mm[1] * grid.along_columns,
        ]
    )
    return list(field_of(gy)(*(grid.origin_mm + steps).T))


def test_beyond_the_grid_of_a_part_it_counts_as_0_and_is_flagged(folder):
    plan = folder.plan()
    # Two voxels of the finer grid further along x than the coarse one reaches with its border.
    shifted = replace(FINER, first_mm=(2.0, -25.0, 6.0))
    paths = [
        folder.dose(plan, 10, encoding=BEAM),
        folder.dose(plan, 5, grid=shifted, encoding=replace(BEAM, beam_number=2)),
    ]

    found = select_dose(paths)

    x_mm = shifted.axis_mm(0)
    inside = x_mm <= GRID.axis_mm(0)[-1] + 2
    both, one = expected(15, shifted), expected(5, shifted)
    within = x_mm <= GRID.axis_mm(0)[-1]
    assert found.grid.values_gy[..., within] == pytest.approx(both[..., within], abs=1e-5)
    assert found.grid.values_gy[..., ~inside] == pytest.approx(one[..., ~inside], abs=1e-5)
    assert Flag.OUTSIDE_COMPONENT_GRID in found.flags
    count = int((~inside).sum()) * 5 * 7
    assert f"{count} voxels of the sum are outside" in found.notes[-1]


def test_grids_that_do_not_meet_are_refused(folder):
    plan = folder.plan()
    far = replace(GRID, first_mm=(500.0, 0.0, 0.0))
    paths = [
        folder.dose(plan, encoding=BEAM),
        folder.dose(plan, grid=far, encoding=replace(BEAM, beam_number=2)),
    ]

    with pytest.raises(DicomError, match="does not overlap"):
        select_dose(paths)


def test_a_voxel_outside_any_of_the_parts_counts_as_outside(folder):
    plan = folder.plan()
    larger = replace(GRID, first_mm=(-20.0, -30.0, -6.0), shape=(7, 7, 11))
    grids = [replace(FINER, first_mm=(2.0, -25.0, 6.0)), GRID, larger]
    paths = [
        folder.dose(plan, grid=grid, encoding=replace(BEAM, beam_number=number))
        for number, grid in enumerate(grids, 1)
    ]

    assert "70 voxels of the sum are outside" in select_dose(paths).notes[-1]


def cube(**changes):
    """A dose on a grid of its own that is linear in space."""
    grid = DoseGrid(
        uid="1.2.3",
        frame_of_reference_uid="",
        values_gy=np.zeros((3, 4, 4)),
        origin_mm=np.zeros(3),
        along_columns=np.array([1.0, 0, 0]),
        along_rows=np.array([0, 1.0, 0]),
        spacing_mm=(2.0, 2.0),
        frames_mm=np.array([0.0, 2, 4]),
        border_mm=(1.0, 1.0),
    )
    grid = replace(grid, **changes)
    grid.values_gy[...] = np.reshape(doses_at_voxels(grid), grid.values_gy.shape)
    return grid


def doses_at_voxels(grid):
    _, rows, columns = grid.values_gy.shape
    place, row, column = np.meshgrid(
        grid.frames_mm, np.arange(rows), np.arange(columns), indexing="ij"
    )
    x, y, z = (
        grid.origin_mm[axis]
        + place * grid.normal[axis]
        + row * grid.spacing_mm[0] * grid.along_rows[axis]
        + column * grid.spacing_mm[1] * grid.along_columns[axis]
        for axis in range(3)
    )
    return field_of(10)(x, y, z)


@pytest.mark.parametrize(
    ("changes", "outside"),
    [
        ({}, 0),
        ({"origin_mm": np.array([0.5, 0, 0])}, None),
        ({"origin_mm": np.array([4.0, 0, 0])}, 24),
        ({"origin_mm": np.array([0, 4.0, 0])}, 24),
        ({"frames_mm": np.array([0.0, 3, 6])}, 0),
        ({"frames_mm": np.array([0.0, 3, 4])}, 0),
        ({"spacing_mm": (3.0, 2.0)}, 0),
        ({"spacing_mm": (2.0, 2.5)}, 0),
        ({"along_columns": np.array([0, 1.0, 0]), "along_rows": np.array([1.0, 0, 0])}, 32),
    ],
)
def test_grids_of_one_shape_are_added_by_place(changes, outside):
    total, other = cube(), cube(**changes)

    missed = add_to(total, other)

    expected_gy = doses_at_voxels(total) * np.where(missed, 1, 2)
    if outside is None:  # a row of voxels lies in the border, where the dose stays what it is
        assert total.values_gy[..., 1:] == pytest.approx(expected_gy[..., 1:])
    else:
        assert total.values_gy == pytest.approx(expected_gy)
        assert missed.sum() == outside


def test_a_dose_reaches_half_a_gap_beyond_its_outermost_frames():
    places = np.array([-1.1, -0.9, 0, 4, 5.9, 6.1])
    total = cube(values_gy=np.zeros((6, 4, 4)), frames_mm=places - places[0])
    total.origin_mm[2] = places[0]
    total.values_gy[...] = 0
    other = cube(frames_mm=np.array([0.0, 2, 4]), border_mm=(1.0, 2.0))

    missed = add_to(total, other)

    assert missed.all(axis=(1, 2)).tolist() == [True, False, False, False, False, True]
    assert np.array_equal(total.values_gy[1], other.values_gy[0])
    assert np.array_equal(total.values_gy[4], other.values_gy[-1])


def beam_pair(folder, **changes):
    plan = folder.plan()
    second = replace(BEAM, beam_number=2)
    return [folder.dose(plan, encoding=BEAM), folder.dose(plan, encoding=second, **changes)]


@pytest.mark.parametrize(
    ("keyword", "value"), [("FrameOfReferenceUID", UID("1.2.3")), ("DoseType", "EFFECTIVE")]
)
def test_doses_that_do_not_belong_together_are_not_added(folder, keyword, value):
    with pytest.raises(DicomError, match=rf"{keyword} \(.* differs between doses"):
        select_dose(beam_pair(folder, **{keyword: value}))


def test_a_part_without_a_frame_of_reference_is_flagged(folder):
    found = select_dose(beam_pair(folder, FrameOfReferenceUID=None))

    assert Flag.FRAME_UNKNOWN in found.flags
    assert found.grid.frame_of_reference_uid == folder.patient.study.frame_of_reference_uid
