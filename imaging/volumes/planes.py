"""The planes of a volume, read one at a time: those of its slices, and those in between."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from imaging.volumes.pixels import Plane, plane_of
from imaging.volumes.stacking import Stack

AIR_HU = -1000


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """The voxels of a stack.

    Attributes:
        stack: The slices.
        dtype: Of the voxels: int16 or float32.
    """

    stack: Stack
    dtype: type[np.generic]

    @property
    def padding(self) -> int:
        """What is beside tilted slices once they are straight: air, or nothing."""
        return AIR_HU if self.stack.slices[0].modality == "CT" else 0

    def __iter__(self) -> Iterator[Plane]:
        """Yield every plane, shape (rows, columns), as ``plane`` does."""
        return (self.plane(index) for index in range(self.stack.geometry.shape[0]))

    def plane(self, index: int) -> Plane:
        """Read the plane of one slice, or interpolate a missing one between its neighbours.

        Raises:
            DicomError: A slice cannot be decoded.
            TooWideError: A value does not fit into ``dtype``.
            OSError: A file cannot be read.
        """
        slots = self.stack.slots
        above = int(np.searchsorted(slots, index))
        if slots[above] == index:
            return self._whole(self._straight(above))
        below = above - 1
        share = (index - slots[below]) / (slots[above] - slots[below])
        ends = [self._straight(each).astype(np.float64) for each in (below, above)]
        return self._whole(ends[0] * (1 - share) + ends[1] * share)

    def _straight(self, position: int) -> Plane:
        """Read a slice and put it where it belongs in the plane of the volume."""
        header = self.stack.slices[position]
        plane = plane_of(header, self.dtype)
        rows_columns = self.stack.geometry.shape[1:]
        shift = self.stack.shift_pixels[position]
        if plane.shape == rows_columns and not shift.any():
            return plane
        return np.asarray(
            ndimage.affine_transform(
                plane.astype(np.float64),
                np.ones(2),
                offset=-shift[::-1],
                output_shape=rows_columns,
                order=1,
                mode="constant",  # beyond the outermost centres there is padding, and no blend
                cval=self.padding,
            )
        )

    def _whole(self, plane: Plane) -> Plane:
        """Give a plane its type; what was interpolated is rounded."""
        if plane.dtype == self.dtype:
            return plane
        rounded = np.rint(plane) if self.dtype is np.int16 else plane
        return rounded.astype(self.dtype)
