"""Label maps on the grid of a phantom's CT, and what a reader finds in one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from imaging.conversions.label_file import integer_type
from imaging.labels.dictionaries import LabelDictionary, described, dictionary_of, write_dictionary
from imaging.volumes.geometry import Geometry

Voxels = NDArray[Any]


def blocks(shape: tuple[int, int, int], ids: Sequence[int]) -> Voxels:
    """Give each id an L of its own; shape (slices, rows, columns)."""
    labels = np.zeros(shape, dtype=integer_type(ids))
    side = int(np.ceil(np.sqrt(len(ids))))
    rows, columns = shape[1] // side, shape[2] // side
    for index, label in enumerate(ids):
        row, column = index // side * rows, index % side * columns
        labels[1 + index % 3 : 5 + index % 4, row : row + rows - 1, column : column + 2] = label
        labels[2 + index % 3, row, column : column + columns - 1] = label
    return labels


def speckled(shape: tuple[int, int, int], seed: int, share: float = 0.5) -> Voxels:
    """Make labels 1 to 4 of any form, with holes, islands and corners that touch."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random(shape) < share, rng.integers(1, 5, shape), 0).astype(np.uint8)


def written(
    target: Path,
    labels: Voxels,
    geometry: Geometry,
    *,
    order: Sequence[int] = (0, 1, 2),
    flips: Sequence[int] = (),
) -> Path:
    """Write labels with axes in another order (of columns, rows, slices) and direction.

    Every voxel stays where it is in the patient.
    """
    voxels = labels.transpose(2, 1, 0).transpose(order)
    affine = geometry.affine_ras[:, [*order, 3]]
    for axis in flips:
        affine[:, 3] += affine[:, axis] * (voxels.shape[axis] - 1)
        affine[:, axis] *= -1
        voxels = np.flip(voxels, axis)
    target.parent.mkdir(parents=True, exist_ok=True)
    image: Any = nib.Nifti1Image(voxels, affine, dtype=labels.dtype)
    image.to_filename(target)
    return target


def read(path: Path) -> tuple[Voxels, NDArray[np.float64]]:
    """Read voxels, shape (slices, rows, columns), and the affine."""
    image: Any = nib.load(path)
    return np.asarray(image.dataobj).transpose(2, 1, 0), image.affine


def named(path: Path, names: dict[int, str], color: tuple[int, int, int] = (12, 200, 99)) -> Path:
    """Put a table beside a label map, in which each label has a colour of its own."""
    made: LabelDictionary = dictionary_of(
        described(label, name, color=(color[0] + label % 100, color[1], color[2]))
        for label, name in names.items()
    )
    stem = path.name.removesuffix(".nii.gz")
    return write_dictionary(path.with_name(f"{stem}_dseg.tsv"), made)
