"""Random polygons in random doses, against points scattered over them."""

import numpy as np
import pytest

from imaging.phantoms import rtstruct_of
from imaging.rt import exact
from imaging.rt.doses.grid import DoseGrid
from imaging.rt.files.rois import rois_of
from imaging.rt.method import Method
from tests.imaging.rt.brute_force import points_of

AXES = [((1, 0, 0), (0, 1, 0)), ((0, 1, 0), (1, 0, 0)), ((-1, 0, 0), (0, 1, 0))]
PLANES_MM = 2.5


def random_grid(random):
    """A dose of noise, of some zeros or of nothing, on frames that may be uneven."""
    frames, rows, columns = random.integers(2, 9, 3)
    values = random.random((frames, rows, columns)) * random.choice([1e-6, 60, 5000])
    values[random.random(values.shape) < random.choice([0, 0, 0.6, 1])] = 0
    gaps = random.uniform(1, 4, frames - 1) if random.random() < 0.5 else np.full(frames - 1, 2.5)
    along_columns, along_rows = AXES[random.integers(len(AXES))]
    return DoseGrid(
        uid="1.2",
        frame_of_reference_uid="",
        values_gy=values,
        origin_mm=np.full(3, random.choice([0, -100.3])),
        along_columns=np.array(along_columns, dtype=float),
        along_rows=np.array(along_rows, dtype=float),
        spacing_mm=(2.0, float(random.choice([2, 3]))),
        frames_mm=np.concatenate([[0], np.cumsum(gaps)]),
        border_mm=(gaps[0] / 2, gaps[-1] / 2),
    )


def random_ring(random, grid):
    """A star, or a tangle that crosses itself; often with corners on voxels or between two."""
    count = random.integers(3, 12)
    angle = 2 * np.pi * random.random(count)
    if random.random() < 0.7:
        angle.sort()
    radius = random.uniform(0.2, 1, count) * random.choice([1, 3, 6])
    centre = random.uniform(0, np.array(grid.values_gy.shape)[[2, 1]] - 1)
    ring = centre + radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    snap = random.choice([0, 0.25, 0.5, 1])
    return np.round(ring / snap) * snap if snap else ring


def in_patient(ring, height_mm, grid):
    return (
        grid.origin_mm
        + ring[:, :1] * grid.spacing_mm[1] * grid.along_columns
        + ring[:, 1:] * grid.spacing_mm[0] * grid.along_rows
        + height_mm * grid.normal
    )


@pytest.mark.parametrize("seed", range(160))
def test_random_polygons_have_the_dvh_of_their_points(seed):
    random = np.random.default_rng(seed)
    grid = random_grid(random)
    heights = random.uniform(-3, grid.frames_mm[-1]) + PLANES_MM * np.arange(random.integers(2, 5))
    planes = [[random_ring(random, grid) for _ in range(random.integers(1, 4))] for _ in heights]
    contours = [
        in_patient(r, z, grid) for rings, z in zip(planes, heights, strict=True) for r in rings
    ]

    with np.errstate(all="raise", under="ignore"):
        (dvh,) = exact.calculate(rois_of(rtstruct_of({"A": contours})), grid, Method())

    half = PLANES_MM / 2
    slabs = [(rings, z - half, z + half) for rings, z in zip(planes, heights, strict=True)]
    points = points_of(slabs, grid, random)
    if points.gy.size < 500 or "NOT_CLOSED" in dvh.flags:
        return
    few = 4 / np.sqrt(points.gy.size / 5)
    width_gy = np.ptp(points.gy) + 1e-9
    assert dvh.dosed_cc == pytest.approx(points.mm3.sum() / 1000, rel=few, abs=1e-4)
    assert dvh.min_gy <= points.gy.min() + 1e-6 * width_gy
    assert dvh.max_gy >= points.gy.max() - 1e-6 * width_gy
    assert dvh.max_gy <= grid.max_gy * (1 + 1e-9) + 1e-8
    assert dvh.mean_gy == pytest.approx(points.mean_gy, abs=few * width_gy)
    for percent in (98, 75, 50, 25, 2):
        gy = dvh.dose_at_cc(percent / 100 * dvh.dosed_cc)  # the points are those inside the dose
        near = 0.02 * width_gy
        assert points.share_at(gy + near) - few <= percent / 100 <= points.share_at(gy - near) + few
