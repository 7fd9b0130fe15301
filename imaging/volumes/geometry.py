"""Where the voxels of an image lie."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])  # DICOM's x and y run the other way than NIfTI's


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """An upright grid in the patient (PS3.3 C.7.6.2.1.1): columns, rows, slices right-handed.

    Attributes:
        shape: Slices, rows, columns.
        origin_mm: x, y, z of the centre of the first voxel.
        along_columns: Unit vector toward increasing columns.
        along_rows: Unit vector toward increasing rows.
        spacing_mm: Between slices, rows and columns.
    """

    shape: tuple[int, int, int]
    origin_mm: Floats
    along_columns: Floats
    along_rows: Floats
    spacing_mm: tuple[float, float, float]

    @property
    def normal(self) -> Floats:
        """Unit vector toward increasing slices."""
        return np.cross(self.along_columns, self.along_rows)

    @property
    def voxel_cc(self) -> float:
        """Volume of a voxel."""
        return float(np.prod(self.spacing_mm)) / 1000

    @property
    def affine(self) -> Floats:
        """From (column, row, slice, 1) to (x, y, z, 1) in DICOM's mm, shape (4, 4)."""
        slices, rows, columns = self.spacing_mm
        affine = np.eye(4)
        affine[:3, 0] = self.along_columns * columns
        affine[:3, 1] = self.along_rows * rows
        affine[:3, 2] = self.normal * slices
        affine[:3, 3] = self.origin_mm
        return affine

    @property
    def affine_ras(self) -> Floats:
        """The same in NIfTI's mm: to the right, to the front and to the head."""
        return _TO_RAS @ self.affine

    def corners_mm(self, ends: NDArray[np.intp]) -> Floats:
        """Return where the outermost voxels of a block have their centres: its eight corners.

        Args:
            ends: First and last slice, row and column, shape (3, 2).

        Returns:
            x, y and z, shape (8, 3).
        """
        corners = np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(8, 3)
        return corners[:, ::-1] @ self.affine[:3, :3].T + self.origin_mm

    def as_json(self) -> dict[str, list[int] | list[float] | list[list[float]]]:
        """Describe it as ``products.json`` does: columns first, as NIfTI has it."""
        return {
            "size": list(self.shape[::-1]),
            "spacing_mm": [round(mm, 6) for mm in self.spacing_mm[::-1]],
            "affine_ras": np.round(self.affine_ras, 6).tolist(),
        }
