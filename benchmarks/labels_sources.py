"""Label maps of a body's size: 117 warped ellipsoids on a background, the same at every run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray
from scipy.ndimage import zoom

SHAPE = (512, 512, 600)  # x, y, z
LABELS = 117
_AFFINE = np.array([[-0.78, 0, 0, 200], [0, -0.78, 0, 180], [0, 0, 1, -300], [0, 0, 0, 1]])
_WARP = 0.22
_HEADER_BYTES = 352


def ids_of(dtype: str) -> NDArray[np.int64]:
    """Return the labels' ids: 1 to 117, or in a wider type such as no byte can hold."""
    ids = np.arange(1, LABELS + 1)
    return ids if dtype == "uint8" else ids * 37


def write_organs(target: Path, dtype: str, shape: tuple[int, int, int] = SHAPE) -> Path:
    """Write a label map through nibabel, at its own default level of compression."""
    make: Any = nib.Nifti1Image  # which has no types
    image = make(_organs(shape, dtype), _AFFINE)
    image.header.set_xyzt_units("mm", "sec")
    image.set_sform(_AFFINE, 1)
    nib.save(image, target)
    return target


def write_repeated(source: Path, target: Path, times: int) -> Path:
    """Write a label map whose voxels are those of another, several times over along z."""
    packer = isal_zlib.compressobj(1, isal_zlib.DEFLATED, 31)
    with target.open("wb") as file:
        for number in range(times):
            pieces = _unpacked(source)
            head = bytearray(next(pieces))
            depth = times * int.from_bytes(head[46:48], "little")
            head[46:48] = depth.to_bytes(2, "little")  # dim[3]
            file.write(packer.compress(head if number == 0 else head[_HEADER_BYTES:]))
            for piece in pieces:
                file.write(packer.compress(piece))
        file.write(packer.flush())
    return target


def _unpacked(source: Path) -> Iterator[bytes]:
    unpacker = isal_zlib.decompressobj(31)
    packed = source.read_bytes()
    while not unpacker.eof:
        yield unpacker.decompress(packed, 1 << 20)
        packed = unpacker.unconsumed_tail


def _organs(shape: tuple[int, int, int], dtype: str) -> NDArray[np.generic]:
    """Paint the ellipsoids, the large ones first, so that none is hidden by another."""
    rng = np.random.default_rng(0)
    radii = np.exp(rng.normal(-3.05, 0.5, (LABELS, 1)) + rng.normal(0, 0.25, (LABELS, 3))) * shape
    radii = np.maximum(radii, 2.5)
    centres = rng.uniform([0.2, 0.28, 0.04], [0.8, 0.72, 0.96], (LABELS, 3)) * shape
    volume: NDArray[np.generic] = np.zeros(shape, dtype=dtype, order="F")
    order = np.argsort(-radii.prod(axis=1))
    for which in order:
        _paint(volume, int(ids_of(dtype)[which]), centres[which], radii[which], rng)
    return volume


def _paint(
    volume: NDArray[np.generic],
    label: int,
    centre: NDArray[np.float64],
    radii: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    low = np.maximum(0, centre - 1.5 * radii).astype(int)
    high = np.minimum(volume.shape, centre + 1.5 * radii + 1).astype(int)
    axes = np.ogrid[tuple(slice(*ends) for ends in zip(low, high, strict=True))]
    parts = zip(axes, centre, radii, strict=True)
    distance = sum(((axis - middle) / radius) ** 2 for axis, middle, radius in parts)
    coarse = rng.normal(0, _WARP, (7, 7, 7))
    warp = zoom(coarse, (high - low) / 7, order=1)
    box = volume[tuple(slice(*ends) for ends in zip(low, high, strict=True))]
    box[distance < 1 + warp] = label
