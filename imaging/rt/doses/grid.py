"""A dose as an array with its place in the patient, whatever way it was stored (PS3.3 C.8.8.3)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DoseGrid:
    """Doses at the centres of voxels.

    The dose reaches half a voxel beyond the outermost centres, where it stays what it is there;
    beyond that it is not known. Nor is it where a value is not a number (NaN).

    Attributes:
        uid: SOP Instance UID of the RTDOSE, for messages.
        frame_of_reference_uid: Of the coordinates; empty when the RTDOSE does not say.
        values_gy: Shape (frames, rows, columns), at least 2 of each, in Gy, C-contiguous.
        origin_mm: x, y, z of the centre of the first voxel.
        along_columns: Unit vector toward increasing columns.
        along_rows: Unit vector toward increasing rows.
        spacing_mm: Between rows and between columns, as Pixel Spacing has it.
        frames_mm: Shape (frames,), increasing: place of each frame along ``normal``, from the
            origin.
        border_mm: How far the dose reaches below the first and above the last frame.
        border_pixels: How far it reaches beyond the outermost rows and columns, in pixels.
    """

    uid: str
    frame_of_reference_uid: str
    values_gy: Floats
    origin_mm: Floats
    along_columns: Floats
    along_rows: Floats
    spacing_mm: tuple[float, float]
    frames_mm: Floats
    border_mm: tuple[float, float]
    border_pixels: float = 0.5

    @property
    def normal(self) -> Floats:
        """Unit vector toward increasing frames."""
        return np.cross(self.along_columns, self.along_rows)

    @property
    def max_gy(self) -> float:
        """The largest dose of the grid."""
        return float(self.values_gy.max())

    def to_index(self, points_mm: Floats) -> tuple[Floats, Floats, Floats]:
        """Express points, shape (n, 3), in the grid: column and row as indices, and mm of frames.

        Returns:
            Three arrays of shape (n,): column (0 is the centre of the first), row, and the place
            along ``normal``, in the same mm as ``frames_mm``.
        """
        relative_mm = points_mm - self.origin_mm
        between_rows, between_columns = self.spacing_mm
        return (
            relative_mm @ self.along_columns / between_columns,
            relative_mm @ self.along_rows / between_rows,
            relative_mm @ self.normal,
        )

    def sampled(self, points_mm: Floats) -> tuple[Floats, Floats]:
        """Interpolate trilinearly at points, shape (n, 3).

        Returns:
            Two arrays of shape (n,): doses in Gy, which beyond the outermost centres stay what they
            are there; and how far inside the border each point is, in mm, negative beyond it.
        """
        column, row, mm = self.to_index(points_mm)
        frame = np.interp(mm, self.frames_mm, np.arange(self.frames_mm.size))
        index = np.stack([frame, row, column])
        limits = np.array(self.values_gy.shape)[:, None] - 1
        between_rows, between_columns = self.spacing_mm
        room_mm = [
            mm - self.frames_mm[0] + self.border_mm[0],
            self.frames_mm[-1] - mm + self.border_mm[1],
            (np.minimum(row, limits[1] - row) + self.border_pixels) * between_rows,
            (np.minimum(column, limits[2] - column) + self.border_pixels) * between_columns,
        ]
        values_gy = ndimage.map_coordinates(self.values_gy, np.clip(index, 0, limits), order=1)
        return values_gy, np.min(room_mm, axis=0)
