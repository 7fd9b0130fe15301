"""A head with four structures, whose sides tell left from right, in grids of every kind."""

from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

SHAPE = (48, 40, 32)
SPACING_MM = (4.0, 4.5, 5.0)
# Rows and columns of a grid in space: plain, as DICOM gives it, axes changed about, sheared.
PLAIN = np.diag((*SPACING_MM, 1.0))
PLAIN[:3, 3] = (-94, -88, -78)
FLIPPED = np.diag((-4.0, -4.5, 5.0, 1.0))
FLIPPED[:3, 3] = (94, 88, -78)
TURNED = np.array([[0, 0, 4.0, -60], [4.5, 0, 0, -100], [0, -5.0, 0, 95], [0, 0, 0, 1]])
SHEARED = FLIPPED.copy()
SHEARED[1, 2] = 0.9
GRIDS = {"plain": PLAIN, "flipped": FLIPPED, "turned": TURNED, "sheared": SHEARED}

# Where each structure's middle is, in millimetres (right, anterior, superior).
MIDDLES = {1: (-40, 35, 0), 2: (40, -35, 0), 3: (0, 0, 45), 4: (0, 0, -45)}
RADIUS_MM = 15


def places_mm(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where each voxel is: (x, y, z, 3)."""
    voxels = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
    return voxels @ affine[:3, :3].T + affine[:3, 3]


def head(affine: NDArray[np.float64]) -> NDArray[np.int16]:
    """Hounsfield units: air, skull and a brain brighter in front; no two neighbours are equal."""
    where = places_mm(affine)
    out = np.linalg.norm(where / (80, 78, 70), axis=-1)
    brain = 30 + where[..., 1] / 4
    units = np.where(out > 1, -1000, np.where(out > 0.88, 700, brain))
    grain = np.arange(units.size).reshape(SHAPE) % 7
    return np.asarray(units + grain, dtype=np.int16)


def structures(affine: NDArray[np.float64]) -> NDArray[np.int16]:
    """A ball of label 1 in front on the left, 2 behind on the right, 3 above, 4 below."""
    where = places_mm(affine)
    labels = np.zeros(SHAPE, dtype=np.int16)
    for label, middle in MIDDLES.items():
        labels[np.linalg.norm(where - middle, axis=-1) < RADIUS_MM] = label
    return labels


def write(path: Path, voxels: NDArray[np.generic], affine: NDArray[np.float64]) -> Path:
    """Write a NIfTI file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nib.Nifti1Image(voxels, affine)
    image.header.set_xyzt_units("mm")
    nib.save(image, path)
    return path
