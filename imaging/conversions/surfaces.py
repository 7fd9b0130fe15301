"""The surface of a label: closed, smooth, and around as much volume as its voxels have.

A mask that is blurred and cut at one half loses what is thin and shrinks what is small. So it is
cut where as many voxels lie inside as the label has; then neither happens, whatever the blur.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage import measure

from imaging.conversions.crops import Crop
from imaging.volumes.geometry import Floats

_REACH = 3.0  # standard deviations of the blur
_CLOSE = 0.01  # of the volume
_STEPS = 10  # halvings at most; only labels of few voxels need any


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A closed surface of triangles.

    Attributes:
        corners_mm: Shape (n, 3): x, y, z toward the patient's left, back and head (LPS).
        triangles: Shape (m, 3): indices of corners, counter-clockwise from outside.
        ml: The volume inside.
    """

    corners_mm: Floats
    triangles: NDArray[np.int64]
    ml: float


def surface_of(crop: Crop, affine_ras: Floats, smoothing_voxels: float) -> Surface:
    """Make the surface of a label.

    Args:
        crop: Its voxels; where these reach the end of the image, the surface is closed there.
        affine_ras: Of the image: from (x, y, z, 1) to millimetres, right, anterior, superior.
        smoothing_voxels: Standard deviation of the blur; 0 leaves the steps of the voxels.
    """
    margin = int(np.ceil(_REACH * smoothing_voxels)) + 1
    field = np.pad(crop.inside, margin).astype(np.float32)
    if smoothing_voxels > 0:  # in place: of a whole body, this array is the largest
        ndimage.gaussian_filter(
            field, smoothing_voxels, output=field, mode="constant", truncate=_REACH
        )
    zyx, triangles = _at_volume(field, crop.statistics.voxels)
    index = zyx[:, ::-1] - margin + crop.corner
    ras = index @ affine_ras[:3, :3].T + affine_ras[:3, 3]
    corners_mm = ras * [-1.0, -1.0, 1.0]
    inside = _volume(corners_mm, triangles)
    if inside < 0:  # the image's axes are left-handed, which turns triangles inside out
        triangles, inside = triangles[:, ::-1], -inside
    return Surface(corners_mm, triangles, inside / 1000)


def _at_volume(field: NDArray[np.float32], voxels: int) -> tuple[Floats, NDArray[np.int64]]:
    """Cut a blurred mask at the level around which the surface has the volume of the voxels."""
    low, high = 0.0, float(field.max())
    level = _level_of(field, voxels)
    for _ in range(_STEPS):
        corners, triangles = _cut(field, level)
        inside = abs(_volume(corners, triangles))
        if abs(inside - voxels) <= _CLOSE * voxels:
            break
        low, high = (level, high) if inside > voxels else (low, level)
        level = (low + high) / 2
    return corners, triangles


def _level_of(field: NDArray[np.float32], voxels: int) -> float:
    """Return the level above which so many voxels lie."""
    place = field.size - voxels
    ordered = np.partition(field.reshape(-1), [place - 1, place])
    return float(ordered[place - 1] + ordered[place]) / 2


def _cut(field: NDArray[np.float32], level: float) -> tuple[Floats, NDArray[np.int64]]:
    marching_cubes: Any = measure.marching_cubes  # which has no types
    corners, triangles, _, _ = marching_cubes(field, level)
    return corners.astype(np.float64), triangles.astype(np.int64)


def _volume(corners: Floats, triangles: NDArray[np.int64]) -> float:
    """Return the volume inside, below 0 where triangles run clockwise from outside."""
    centred = corners - corners.mean(axis=0)
    first, second, third = (centred[triangles[:, side]] for side in range(3))
    return float(np.einsum("ij,ij->", first, np.cross(second, third)) / 6)
