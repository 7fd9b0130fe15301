"""How slices lie to each other, by their places and directions alone.

One rule for what a listing says before any download, and for the headers of files after it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Positions are decimal strings, and scanners round them: a tenth of a millimetre is below what any
# contour resolves, and above what rounding makes of a regular grid.
_TOLERANCE_MM = 0.1
_TOLERANCE_COSINE = 1e-3
_DRIFT = 5e-4  # of the length: what rounding cosines to three decimals does to the normal
_SAME_PLACE_MM = 0.01
_DOUBLED = 0.1  # of the spacing: two slices that are nearer are at one place
_UNIT = 1e-2  # how far from unit vectors at right angles rounding may take directions
_MOST_STEPS = 1e6  # beyond it, a position is nonsense and not a gap


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """Parallel slices in the order that they are stacked in.

    Attributes:
        order: Shape (slices,): indices of the slices as they were given.
        position_mm: Shape (slices, 3): their places, in this order.
        axes: Shape (2, 3): unit vectors toward increasing columns and rows.
    """

    order: NDArray[np.intp]
    position_mm: Floats
    axes: Floats

    @property
    def height_mm(self) -> Floats:
        """Place along the normal, from the first slice, shape (slices,)."""
        height_mm: Floats = (self.position_mm - self.position_mm[0]) @ np.cross(*self.axes)
        return height_mm

    @property
    def beside_mm(self) -> Floats:
        """Place along columns and along rows, from the first slice, shape (slices, 2)."""
        beside_mm: Floats = (self.position_mm - self.position_mm[0]) @ self.axes.T
        return beside_mm

    @property
    def largest_shift_mm(self) -> float:
        """How far any slice lies beside the first."""
        return float(np.hypot(*self.beside_mm.T).max())

    @property
    def tilt_degrees(self) -> float:
        """The angle between the normal and the direction from the first slice to the last."""
        return float(np.degrees(np.arctan2(np.hypot(*self.beside_mm[-1]), self.height_mm[-1])))

    @property
    def is_tilted(self) -> bool:
        """Whether any slice lies beside the others by more than rounding explains."""
        allowed_mm = _TOLERANCE_MM + _DRIFT * float(self.height_mm[-1])
        return bool(np.abs(self.beside_mm).max() > allowed_mm)

    def spacing(self) -> "Spacing":
        """Number the slices of an even grid; there must be two at least."""
        height_mm = self.height_mm
        gaps_mm = np.diff(height_mm)
        apart_mm = gaps_mm[gaps_mm > _SAME_PLACE_MM]
        usual_mm = float(np.median(apart_mm)) if apart_mm.size else 0.0
        doubled = int((gaps_mm < max(_DOUBLED * usual_mm, _SAME_PLACE_MM)).sum())
        steps = np.rint(gaps_mm / (usual_mm or 1.0)).clip(1, _MOST_STEPS).astype(np.intp)
        slots = np.concatenate([[0], np.cumsum(steps)])
        gap_mm = float(height_mm[-1] / slots[-1])
        is_even = bool(np.abs(height_mm - slots * gap_mm).max() <= _TOLERANCE_MM)
        return Spacing(gaps_mm, usual_mm, gap_mm, slots, doubled, is_even and not doubled)


@dataclass(frozen=True, slots=True, eq=False)
class Spacing:
    """The distances of stacked slices.

    Attributes:
        gaps_mm: Shape (slices - 1,): from each slice to the next.
        usual_mm: The median of those between slices that are not at one place.
        gap_mm: Of the even grid that fits best.
        slots: Shape (slices,): which slice of that grid each is; missing ones leave gaps.
        doubled: How many slices are at the place of another.
        is_even: Whether each slice is where the grid has it; some may be missing.
    """

    gaps_mm: Floats
    usual_mm: float
    gap_mm: float
    slots: NDArray[np.intp]
    doubled: int
    is_even: bool

    @property
    def missing(self) -> int:
        """How many slices of the grid are missing."""
        return int(self.slots[-1]) + 1 - self.slots.size

    @property
    def missing_in_a_row(self) -> int:
        """The most that are missing between two slices."""
        return int(np.diff(self.slots).max()) - 1


def are_directions(orientation: Floats) -> bool:
    """Whether each ImageOrientationPatient, shape (..., 6), is two unit vectors at right angles."""
    axes = orientation.reshape(-1, 2, 3)
    differing = np.abs(axes @ axes.transpose(0, 2, 1) - np.eye(2))
    return bool((differing <= _UNIT).all())


def arrangement_of(position_mm: Floats, orientation: Floats) -> Arrangement | None:
    """Sort slices along their normal (PS3.3 C.7.6.2.1.1), never by number; None unless parallel.

    Args:
        position_mm: ImagePositionPatient, shape (slices, 3), finite.
        orientation: ImageOrientationPatient, shape (slices, 6), directions all.
    """
    if np.ptp(orientation, axis=0).max() > _TOLERANCE_COSINE:
        return None
    axes = np.stack(orthonormal(np.mean(orientation, axis=0)))
    order = np.argsort(position_mm @ np.cross(*axes), kind="stable")
    return Arrangement(order, position_mm[order], axes)


def orthonormal(orientation: Floats) -> tuple[Floats, Floats]:
    """Make ImageOrientationPatient, shape (6,), two unit vectors at right angles exactly."""
    columns, rows = orientation[:3], orientation[3:]
    along_columns: Floats = columns / np.linalg.norm(columns)
    along_rows: Floats = rows - (rows @ along_columns) * along_columns
    return along_columns, along_rows / float(np.linalg.norm(along_rows))
