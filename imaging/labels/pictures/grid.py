"""How a volume lies in the patient, and which voxels a plane of it shows as a clinician sees it.

Radiological convention: the patient's right is at the picture's left, anterior and superior are on
top, and a sagittal plane has the nose at its left. So every line of a picture runs from right to
left, from anterior to posterior, or from superior to inferior.
"""

from dataclasses import dataclass

import numpy as np
from nibabel.orientations import io_orientation
from numpy.typing import NDArray

from imaging.errors import NiftiError
from imaging.labels.geometry import affine_mm, voxel_ml
from imaging.labels.header import NiftiHeader

Span = tuple[int, int]
Sizes = tuple[int, int]

_ENDS = ("RL", "AP", "SI")  # of a line along the patient's x, y and z
_UNKNOWN = "??"


@dataclass(frozen=True, slots=True)
class Direction:
    """One axis of the patient, and the axis of the voxels next to it.

    Attributes:
        axis: Of the voxels: 0, 1 or 2.
        ends: The letters at which a picture's line begins and ends.
        count: Voxels along it.
        spacing_mm: Between their centres.
        is_turned: A picture's line runs against the voxels' indices.
    """

    axis: int
    ends: str
    count: int
    spacing_mm: float
    is_turned: bool

    def line(self, span: Span, pixels: int) -> NDArray[np.int64]:
        """Return the voxel that each pixel of a line shows.

        Args:
            span: First and last voxel of the line.
            pixels: Of the line.
        """
        first, last = span
        voxels = first + (np.arange(pixels) + 0.5) * (last - first + 1) / pixels
        line = voxels.astype(np.int64)
        return line[::-1] if self.is_turned else line

    def length_mm(self, span: Span) -> float:
        """Return how long the voxels of a span are."""
        return (span[1] - span[0] + 1) * self.spacing_mm


@dataclass(frozen=True, slots=True)
class Grid:
    """A volume's voxels and their place in the patient.

    Attributes:
        shape: (x, y, z), x fastest in the file.
        directions: Along the patient's left-right, front-back and head-feet axes.
        is_placed: The header says where the voxels are; if not, the letters are unknown.
        voxel_ml: The volume of a voxel; None where the header gives it none.
    """

    shape: tuple[int, int, int]
    directions: tuple[Direction, Direction, Direction]
    is_placed: bool
    voxel_ml: float | None

    def places(
        self, plane: "Plane", index: int, spans: tuple[Span, Span, Span], size: Sizes
    ) -> NDArray[np.int64]:
        """Return which voxel of the file each pixel of a plane shows.

        Args:
            plane: Which one.
            index: Its voxel index along the axis that it is across.
            spans: First and last voxel along each of the patient's axes.
            size: Columns and rows of pixels.

        Returns:
            Shape (rows, columns).
        """
        strides = (1, self.shape[0], self.shape[0] * self.shape[1])
        across, down, along = (self.directions[axis] for axis in plane.axes)
        columns = along.line(spans[plane.along], size[0]) * strides[along.axis]
        rows = down.line(spans[plane.down], size[1]) * strides[down.axis]
        return rows[:, None] + columns[None, :] + index * strides[across.axis]


@dataclass(frozen=True, slots=True)
class Plane:
    """One of the three planes, by axes of the patient (0 left-right, 1 front-back, 2 head-feet).

    Attributes:
        name: As clinicians say.
        across: The axis that it is across.
        down: The axis of its columns.
        along: The axis of its rows.
    """

    name: str
    across: int
    down: int
    along: int

    @property
    def axes(self) -> tuple[int, int, int]:
        """The three axes: across, down, along."""
        return self.across, self.down, self.along


PLANES = (Plane("axial", 2, 1, 0), Plane("coronal", 1, 2, 0), Plane("sagittal", 0, 2, 1))


def grid_of(header: NiftiHeader) -> Grid:
    """Return how a file's volumes lie; an oblique one as its axes are nearest to the patient's."""
    is_placed = bool(header.sform_code > 0 or header.qform_code > 0)
    try:
        affine = affine_mm(header)
        ml = voxel_ml(affine)
    except NiftiError:  # a picture without letters and proportions is better than none
        affine, ml, is_placed = np.eye(3, 4), None, False
    square = np.vstack([affine, [0, 0, 0, 1]])
    turns = io_orientation(square).astype(int).tolist()  # type: ignore[no-untyped-call]  # nibabel's
    spacings = np.linalg.norm(affine[:, :3], axis=0).tolist()
    by_patient_axis = sorted((to, axis, sign) for axis, (to, sign) in enumerate(turns))
    x, y, z = (
        Direction(
            axis=axis,
            ends=_ENDS[to] if is_placed else _UNKNOWN,
            count=header.volume_shape[axis],
            spacing_mm=spacings[axis],
            is_turned=sign > 0,  # indices grow to the right, the front or the head
        )
        for to, axis, sign in by_patient_axis
    )
    return Grid(header.volume_shape, (x, y, z), is_placed, ml)


def is_same_grid(one: NiftiHeader, other: NiftiHeader) -> bool:
    """Say whether the voxels of two files lie at the same places, to half a voxel's width."""
    if one.volume_shape != other.volume_shape:
        return False
    corners = np.array([[i, j, k, 1] for i in (0, 1) for j in (0, 1) for k in (0, 1)], float)
    corners[:, :3] *= np.array(one.volume_shape) - 1
    affine = affine_mm(one)
    off_mm = np.abs(corners @ (affine - affine_mm(other)).T).max()
    return bool(off_mm <= np.linalg.norm(affine[:, :3], axis=0).min() / 2)
