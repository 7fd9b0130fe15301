from dataclasses import replace

import numpy as np
import pytest
from pydicom.uid import UID

from imaging.errors import DicomError
from imaging.rt.doses.selection import select_dose
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
