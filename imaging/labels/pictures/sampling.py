"""Single voxels out of a file that is read as a stream: those that a picture shows."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError
from imaging.labels.coding import Coding
from imaging.labels.header import NiftiHeader
from imaging.labels.pictures.grid import is_same_grid
from imaging.labels.source import opened

Places = NDArray[np.int64]


def labels_at(source: Path, places: Sequence[Places]) -> list[NDArray[np.int64]]:
    """Return the labels at these places of the file.

    Raises:
        NiftiError: The file is damaged or no label map.
        OSError: It cannot be read.
    """
    header, patterns = _patterns_at(source, places)
    coding = Coding(header)
    return [coding.labels_of(plane) for plane in patterns]


def values_at(
    image: Path, places: Sequence[Places], like: NiftiHeader
) -> list[NDArray[np.float64]]:
    """Return the values of an image at these places, with its scaling applied.

    Args:
        image: ``.nii`` or ``.nii.gz``, or either file of a pair.
        places: In the file of the label map.
        like: The label map's header.

    Raises:
        InputError: The image is not on the label map's grid.
        NiftiError: The image is damaged or has no grey values.
        OSError: It cannot be read.
    """
    with opened(image) as opening:
        if not is_same_grid(like, opening.header):
            msg = "The image is not on the grid of the label map"
            raise InputError(msg)
    header, patterns = _patterns_at(image, places)
    stored = [plane.view(header.dtype).astype(np.float64) for plane in patterns]
    return [np.nan_to_num(plane * header.slope + header.inter) for plane in stored]


def _patterns_at(
    source: Path, places: Sequence[Places]
) -> tuple[NiftiHeader, list[NDArray[np.unsignedinteger]]]:
    """Read on to the end, so that what is damaged is refused whatever part is shown."""
    orders = [np.argsort(each, axis=None, kind="stable") for each in places]
    wanted = [each.ravel()[order] for each, order in zip(places, orders, strict=True)]
    with opened(source) as file:
        for _ in file.before_voxels():
            pass
        dtype: np.dtype[np.unsignedinteger] = np.dtype(f"u{file.header.dtype.itemsize}")
        found = [np.zeros(each.shape, dtype=dtype) for each in places]
        first = 0
        for piece in file.voxels():
            patterns = np.frombuffer(piece, dtype)
            for plane, order, each in zip(found, orders, wanted, strict=True):
                low, high = np.searchsorted(each, [first, first + patterns.size])
                plane.flat[order[low:high]] = patterns[each[low:high] - first]
            first += patterns.size
    return file.header, found
