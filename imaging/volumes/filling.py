"""Which pixels lie inside polygons, by the even-odd rule (PS3.3 C.8.8.6.3), a whole ROI at once.

Every edge crosses some rows of pixel centres; each crossing turns inside to outside, and outside to
inside, for all pixels to its right. So the crossings are marked, and the marks are summed along the
rows, modulo 2. Holes, islands and keyholes come out right, and time goes with the edges' length.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.volumes.geometry import Floats
from imaging.volumes.outlines import Outlines

Ints = NDArray[np.intp]
Bits = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """The voxels of an ROI, kept for the box around them only.

    Attributes:
        inside: Shape (contour planes, rows, columns) of the box: 1 inside, else 0.
        corner: First row and first column of the box.
        plane_of: Shape (slices,): which contour plane each slice takes; -1 where there is none.
        shape: Slices, rows and columns of the image.
    """

    inside: Bits
    corner: tuple[int, int]
    plane_of: Ints
    shape: tuple[int, int, int]

    @property
    def voxels(self) -> int:
        """How many voxels are inside."""
        return int(self.voxels_of_slices.sum())

    @property
    def voxels_of_slices(self) -> Ints:
        """How many voxels of each slice are inside, shape (slices,)."""
        each = np.array([np.count_nonzero(plane) for plane in self.inside], dtype=np.intp)
        return np.append(each, 0)[self.plane_of]

    @property
    def ends(self) -> Ints:
        """First and last slice, row and column that have a voxel inside, shape (3, 2)."""
        within = (
            self.voxels_of_slices,
            self.inside.any(axis=(0, 2)),
            self.inside.any(axis=(0, 1)),
        )
        found = np.array([np.flatnonzero(each)[[0, -1]] for each in within])
        ends: Ints = found + np.array([0, *self.corner])[:, None]
        return ends

    def boxes(self) -> Iterator[tuple[int, Bits]]:
        """Yield each slice that has a contour plane, and its pixels inside the box."""
        for index in np.flatnonzero(self.plane_of >= 0):
            yield int(index), self.inside[self.plane_of[index]]

    def box_of(self, plane: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return the part of a whole plane that the box is, as a view."""
        (row, column), (rows, columns) = self.corner, self.inside.shape[1:]
        return plane[row : row + rows, column : column + columns]

    def planes(self) -> Iterator[Bits]:
        """Yield every plane of the image, shape (rows, columns); the array is used again."""
        whole = np.zeros(self.shape[1:], dtype=np.uint8)
        box = self.box_of(whole)
        for plane in self.plane_of:
            box[...] = self.inside[plane] if plane >= 0 else 0
            yield whole


def filled(outlines: Outlines, shape: tuple[int, int, int]) -> Mask:
    """Fill the outlines of an ROI at the centres of pixels; what is beyond the image is cut off.

    A centre exactly on an edge belongs to the right of it, and below it.

    Args:
        outlines: The polygons.
        shape: Slices, rows and columns of the image.
    """
    used = np.unique(outlines.plane_of[outlines.plane_of >= 0])
    renumbered = np.full(len(outlines.rings) + 1, -1, dtype=np.intp)  # the last is for -1
    renumbered[used] = np.arange(used.size)
    plane, row, column = _crossings([outlines.rings[each] for each in used], shape[1:])
    if row.size == 0:
        nothing = np.zeros((0, 0, 0), dtype=np.uint8)
        return Mask(nothing, (0, 0), np.full(shape[0], -1, dtype=np.intp), shape)
    corner = int(row.min()), int(column.min())
    box = used.size, int(row.max()) - corner[0] + 1, int(column.max()) - corner[1] + 1
    inside = np.zeros(box, dtype=np.uint8)
    flat = ((plane * box[1]) + row - corner[0]) * box[2] + column - corner[1]
    np.bitwise_xor.at(inside.reshape(-1), flat, np.uint8(1))
    for each in inside:
        np.bitwise_xor.accumulate(each, axis=1, out=each)
    # The last column may be beyond the image: a row that ends there has been turned off.
    within = inside[:, :, : shape[2] - corner[1]]
    return Mask(within, corner, renumbered[outlines.plane_of], shape)


def _crossings(planes: list[list[Floats]], shape: tuple[int, ...]) -> tuple[Ints, Ints, Ints]:
    """Find where edges cross rows of pixel centres.

    Returns:
        Plane, row, and the first column whose centre is not left of the crossing, each of shape
        (crossings,); columns go up to the number of columns.
    """
    rows, columns = shape
    x0, y0, x1, y1, plane = _edges(planes)
    is_up = y0 > y1
    x0, x1 = np.where(is_up, x1, x0), np.where(is_up, x0, x1)
    y0, y1 = np.where(is_up, y1, y0), np.where(is_up, y0, y1)
    first = np.clip(np.ceil(y0), 0, rows).astype(np.intp)
    count = np.maximum(np.clip(np.ceil(y1), 0, rows).astype(np.intp) - first, 0)
    edge = np.repeat(np.arange(count.size), count)
    row = np.arange(edge.size) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    slope = (x1[edge] - x0[edge]) / (y1[edge] - y0[edge])
    x = x0[edge] + (row - y0[edge]) * slope
    return plane[edge], row, np.clip(np.ceil(x), 0, columns).astype(np.intp)


def _edges(planes: list[list[Floats]]) -> tuple[Floats, Floats, Floats, Floats, Ints]:
    """List the ends of all edges, x0, y0, x1 and y1, and the plane that each is in."""
    rings = [ring for plane in planes for ring in plane]
    if not rings:
        nothing = np.zeros(0)
        return nothing, nothing, nothing, nothing, np.zeros(0, dtype=np.intp)
    start = np.concatenate(rings)
    lengths = [len(ring) for ring in rings]
    following = np.arange(1, len(start) + 1)
    ends = np.cumsum(lengths)
    following[ends - 1] = ends - lengths  # the last corner is joined to the first
    per_ring = np.repeat(np.arange(len(planes)), [len(plane) for plane in planes])
    end = start[following]
    return start[:, 0], start[:, 1], end[:, 0], end[:, 1], np.repeat(per_ring, lengths)
