"""Adding doses that need not be on one grid.

The sum is on the finest of the grids, and nowhere else: beyond that grid it is unknown, even where
another dose of the sum goes on. Where another dose ends inside it, that dose counts as 0, and the
number of such voxels is reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from imaging.errors import DicomError
from imaging.rt.doses.grid import DoseGrid
from imaging.rt.doses.grid_reading import dose_grid, voxel_mm3
from imaging.rt.files.attributes import Floats, named, text

Mask = NDArray[np.bool_]

_SAME_MM = 1e-3  # grids whose voxels are this near to each other are one grid
_SAME = 1e-6  # the same for direction cosines and, relative, for spacings
_EDGE_MM = 1e-6  # how far beyond a border rounding may put a point


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """One dose of a sum.

    Attributes:
        rtdose: The dose.
        prescription_gy: What it is relative to, when it is RELATIVE.
        factor: How many times it is added.
    """

    rtdose: Dataset
    prescription_gy: float | None = None
    factor: float = 1.0

    def grid(self) -> DoseGrid:
        """Read its grid, multiplied; raises as ``dose_grid`` does."""
        grid = dose_grid(self.rtdose, prescription_gy=self.prescription_gy)
        if self.factor != 1:
            grid.values_gy[...] *= self.factor
        return grid


def sum_of(components: Sequence[Component]) -> tuple[DoseGrid, int]:
    """Add doses on the finest of their grids; one at a time is in memory besides the sum.

    Args:
        components: At least one.

    Returns:
        The sum, and how many of its voxels lie outside the grid of one of the doses.

    Raises:
        DicomError: A dose cannot be read, two are in different frames of reference or of different
            types, or a grid does not overlap the finest.
    """
    _refuse_mixture([component.rtdose for component in components])
    if len(components) == 1:
        return components[0].grid(), 0
    first, *others = sorted(components, key=lambda component: voxel_mm3(component.rtdose))
    total = first.grid()
    outside = np.zeros(total.values_gy.shape, dtype=np.bool_)
    for component in others:
        outside |= add_to(total, component.grid())
    uids = "+".join(str(component.rtdose.SOPInstanceUID) for component in components)
    frames = {_frame(component.rtdose) for component in components} - {""}
    named_sum = replace(total, uid=uids, frame_of_reference_uid=next(iter(frames), ""))
    return named_sum, int(np.count_nonzero(outside))


def add_to(total: DoseGrid, dose: DoseGrid) -> Mask:
    """Add a dose to the values of ``total``, interpolated linearly where the grids differ.

    Returns:
        Which voxels of ``total`` are outside the grid of ``dose``; they are not changed.

    Raises:
        DicomError: All are.
    """
    outside = np.zeros(total.values_gy.shape, dtype=np.bool_)
    if _is_same_grid(total, dose):
        total.values_gy[...] += dose.values_gy
        return outside
    for frame in range(len(total.frames_mm)):
        values_gy, room_mm = dose.sampled(_points_mm(total, frame))
        inside = room_mm >= -_EDGE_MM
        shape = total.values_gy.shape[1:]
        total.values_gy[frame] += np.where(inside, values_gy, 0.0).reshape(shape)
        outside[frame] = ~inside.reshape(shape)
    if outside.all():
        msg = "its grid does not overlap the grid of the dose that it is to be added to"
        raise DicomError(dose.uid, msg)
    return outside


def _points_mm(grid: DoseGrid, frame: int) -> Floats:
    """Give the centres of the voxels of one frame, shape (rows * columns, 3)."""
    _, rows, columns = grid.values_gy.shape
    between_rows, between_columns = grid.spacing_mm
    down = np.arange(rows)[:, None, None] * between_rows * grid.along_rows
    across = np.arange(columns)[None, :, None] * between_columns * grid.along_columns
    first: Floats = grid.origin_mm + grid.frames_mm[frame] * grid.normal
    return (first + down + across).reshape(-1, 3)


def _is_same_grid(one: DoseGrid, other: DoseGrid) -> bool:
    if one.values_gy.shape != other.values_gy.shape:
        return False
    places = np.abs(one.origin_mm - other.origin_mm).max() <= _SAME_MM
    frames = np.abs(one.frames_mm - other.frames_mm).max() <= _SAME_MM
    spacing = np.allclose(one.spacing_mm, other.spacing_mm, rtol=_SAME, atol=0)
    directions = np.allclose(
        [one.along_columns, one.along_rows], [other.along_columns, other.along_rows], atol=_SAME
    )
    return bool(places and frames and spacing and directions)


def _frame(rtdose: Dataset) -> str:
    return str(rtdose.get("FrameOfReferenceUID") or "")


def _refuse_mixture(rtdoses: Sequence[Dataset]) -> None:
    """Refuse doses that lie in different coordinates, or mean different things."""
    for keyword in ("FrameOfReferenceUID", "DoseType"):
        stated = {text(rtdose, keyword): rtdose for rtdose in rtdoses if text(rtdose, keyword)}
        if len(stated) > 1:
            uids = ", ".join(str(rtdose.SOPInstanceUID) for rtdose in stated.values())
            msg = f"{named(keyword)} differs between doses that are to be added"
            raise DicomError(uids, msg)
