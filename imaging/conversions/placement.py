"""Whether one grid is another but for the order and direction of its axes; nothing is resampled."""

from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError
from imaging.volumes.geometry import Floats, Geometry

_TOLERANCE_VOXELS = 0.1  # rounding in headers; at half a voxel, voxels would change places

Box = tuple[slice, slice, slice]
T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """How an array of voxels lies in a grid whose axes are columns, rows and slices.

    Attributes:
        order: For columns, rows and slices, which of the array's axes (x, y, z) runs along them.
        is_flipped: Whether that axis runs the other way.
        start: First column, row and slice that the array covers.
    """

    order: tuple[int, int, int]
    is_flipped: tuple[bool, bool, bool]
    start: tuple[int, int, int]

    def start_of(self, box: Box, shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return the first column, row and slice that a box of the array covers.

        Args:
            box: Of the array's indices (z, y, x).
            shape: The array's.
        """
        ends = [part.indices(count)[:2] for part, count in zip(box, shape, strict=True)][::-1]
        column, row, plane = (
            start + (shape[2 - axis] - ends[axis][1] if flipped else ends[axis][0])
            for start, axis, flipped in zip(self.start, self.order, self.is_flipped, strict=True)
        )
        return column, row, plane

    def turned(self, voxels: NDArray[T]) -> NDArray[T]:
        """Turn an array (z, y, x) so that its axes are slices, rows and columns; it is a view."""
        along = voxels.transpose(2, 1, 0).transpose(self.order)
        ways = tuple(slice(None, None, -1 if flipped else 1) for flipped in self.is_flipped)
        return along[ways].transpose(2, 1, 0)


def placement_of(
    affine_ras: Floats, shape: tuple[int, int, int], grid: Geometry, *, may_be_part: bool = False
) -> Placement:
    """Find how voxels lie in a grid.

    Args:
        affine_ras: From indices (x, y, z, 1) to millimetres, right, anterior, superior; (4, 4).
        shape: How many there are along x, y and z.
        grid: Where they must lie.
        may_be_part: They may cover a block of the grid only.

    Raises:
        InputError: They lie elsewhere, and how far off.
    """
    between = np.linalg.inv(grid.affine_ras) @ affine_ras
    order = np.argmax(np.abs(between[:3, :3]), axis=1)
    signs = np.sign(between[:3, :3][np.arange(3), order])
    counts = np.array(shape)[order] if len(set(order.tolist())) == 3 else np.zeros(3, dtype=int)
    _check_axes(between, order, signs)
    first = between[:3, 3] + np.where(signs < 0, -(counts - 1.0), 0.0)
    start = np.rint(first).astype(int)
    _check_size(counts, start, grid, may_be_part=may_be_part)
    exact = np.zeros((3, 4))
    exact[np.arange(3), order] = signs
    exact[:, 3] = start + np.where(signs < 0, counts - 1, 0)
    _check_corners(between[:3] - exact, shape, grid)
    columns, rows, slices = (int(axis) for axis in order)
    return Placement(
        order=(columns, rows, slices),
        is_flipped=(bool(signs[0] < 0), bool(signs[1] < 0), bool(signs[2] < 0)),
        start=(int(start[0]), int(start[1]), int(start[2])),
    )


def _check_axes(between: Floats, order: NDArray[np.intp], signs: Floats) -> None:
    """Refuse axes that run across those of the grid, or in steps of another size."""
    exact = np.zeros((3, 3))
    exact[np.arange(3), order] = signs
    if len(set(order.tolist())) < 3 or np.abs(between[:3, :3] - exact).max() > _TOLERANCE_VOXELS:
        steps = np.linalg.norm(between[:3, :3], axis=0)
        said = " x ".join(f"{step:.3f}" for step in steps)
        msg = (
            "the label map is not on the grid of the image series: its axes are turned, or its"
            f" voxels are {said} times as large; make it on this series, or resample it first"
        )
        raise InputError(msg)


def _check_size(
    counts: NDArray[np.intp], start: NDArray[np.intp], grid: Geometry, *, may_be_part: bool
) -> None:
    """Refuse another number of voxels, or voxels beyond the grid."""
    whole = np.array(grid.shape[::-1])
    is_inside = bool((start >= 0).all() and (start + counts <= whole).all())
    if is_inside if may_be_part else bool((counts == whole).all()):
        return
    own, other = (" x ".join(str(int(n)) for n in each) for each in (counts, whole))
    msg = (
        f"the label map is not on the grid of the image series: it has {own} voxels and begins at"
        f" {start.tolist()}, and the series has {other} (columns, rows, slices)"
    )
    raise InputError(msg)


def _check_corners(difference: Floats, shape: tuple[int, int, int], grid: Geometry) -> None:
    """Refuse voxels that lie beside those of the grid."""
    corners = np.array([[*corner, 1] for corner in product(*((0, n - 1) for n in shape))])
    off = np.abs(corners @ difference.T)
    if off.max() > _TOLERANCE_VOXELS:
        off_mm = float((off @ np.diag(grid.spacing_mm[::-1])).max())
        msg = (
            "the label map is not on the grid of the image series: a corner lies"
            f" {off_mm:.2f} mm beside that of the series"
        )
        raise InputError(msg)
