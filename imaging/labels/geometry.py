"""Where voxels are in space: from a NIfTI header to an affine in millimetres."""

import math

import numpy as np
from numpy.typing import NDArray

from imaging.errors import NiftiError
from imaging.labels.header import NiftiHeader

_MM_OF_UNITS = {1: 1000.0, 2: 1.0, 3: 0.001}  # metres, millimetres, micrometres
_HALF_TURN = 1e-7  # what nifti1.h takes for rounding of a quaternion whose first part is 0
_SPATIAL = 0b111  # the bits of xyzt_units that are not about time


def affine_mm(header: NiftiHeader) -> NDArray[np.float64]:
    """Return the affine from voxel indices (x, y, z) to millimetres, right, anterior, superior.

    By the standard's order: sform, else qform, else the spacings alone. (In the last case nibabel
    turns x over and puts the origin in the middle, as was done for ANALYZE.) Units that are not
    given are taken for millimetres.

    Returns:
        Shape (3, 4).

    Raises:
        NiftiError: The header places its voxels nowhere, or all in one plane.
    """
    if header.sform_code > 0:
        affine = np.array(header.srow, dtype=np.float64).reshape(3, 4)
    elif header.qform_code > 0:
        affine = _of_quaternion(header)
    else:
        affine = np.diag([*_spacings(header), 1.0])[:3]
    affine = affine * _MM_OF_UNITS.get(header.units & _SPATIAL, 1.0)
    with np.errstate(all="ignore"):
        volume = abs(np.linalg.det(affine[:, :3]))
    if not np.isfinite(affine).all() or not 0 < volume < math.inf:
        msg = "The header gives its voxels no size and place"
        raise NiftiError(msg)
    return affine


def voxel_ml(affine: NDArray[np.float64]) -> float:
    """Return the volume of a voxel.

    Args:
        affine: Shape (3, 4), in millimetres.
    """
    return float(abs(np.linalg.det(affine[:, :3]))) / 1000


def _spacings(header: NiftiHeader) -> list[float]:
    """Return the spacings; 0 stands for a dimension that nobody measured, and is taken for 1."""
    return [abs(spacing) or 1.0 for spacing in header.pixdim[1:4]]


def _of_quaternion(header: NiftiHeader) -> NDArray[np.float64]:
    """Turn the quaternion into a rotation, as nifti1.h says (method 2)."""
    b, c, d = header.quatern[:3]
    rest = 1 - (b * b + c * c + d * d)
    a = math.sqrt(max(rest, 0.0))
    if rest < _HALF_TURN:
        a = 0.0
        length = math.sqrt(b * b + c * c + d * d)
        b, c, d = b / length, c / length, d / length
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    x, y, z = _spacings(header)
    scaled = rotation * [x, y, -z if header.pixdim[0] < 0 else z]
    return np.column_stack([scaled, header.quatern[3:]])
