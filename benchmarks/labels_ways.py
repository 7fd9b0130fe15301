"""Other ways to keep some labels of a label map, and to list what is in it."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import cc3d
import fastremap
import nibabel
import numpy as np
import SimpleITK
from isal import isal_zlib

_PIECE = 1 << 19

nib: Any = nibabel  # neither has types for what is called here
sitk: Any = SimpleITK


def seed_filter(source: Path, target: Path, keep: Collection[int]) -> None:
    """Keep labels as the server did that this project grew from: all as floats, label by label.

    What it writes is wrong: nibabel rescales floats under a header of integers.
    """
    image = nib.load(source)
    values = image.get_fdata()
    kept = np.zeros_like(values)
    for label in keep:
        kept[values == label] = label
    nib.save(nib.Nifti1Image(kept, image.affine, image.header), target)


def table_filter(source: Path, target: Path, keep: Collection[int]) -> None:
    """Keep labels with nibabel as well as it can be done: integers, and a look-up table."""
    image = nib.load(source)
    stored = np.asanyarray(image.dataobj)
    table = np.zeros(256**stored.itemsize, dtype=stored.dtype)
    table[list(keep)] = list(keep)
    nib.save(nib.Nifti1Image(table[stored], image.affine, image.header), target)


def remap_filter(source: Path, target: Path, keep: Collection[int]) -> None:
    """Keep labels with fastremap, between reading and writing by nibabel."""
    image = nib.load(source)
    kept = fastremap.mask_except(np.asanyarray(image.dataobj), list(keep))
    nib.save(nib.Nifti1Image(kept, image.affine, image.header), target)


def itk_filter(source: Path, target: Path, keep: Collection[int]) -> None:
    """Keep labels with SimpleITK."""
    image = sitk.ReadImage(str(source))
    there = np.unique(sitk.GetArrayViewFromImage(image)).tolist()
    dropped = {label: 0 for label in there if label not in keep}
    sitk.WriteImage(sitk.ChangeLabel(image, changeMap=dropped), str(target), useCompression=True)


def repacked(source: Path, target: Path) -> None:
    """Unpack and pack again: what no filter can undercut."""
    packer = isal_zlib.compressobj(1, isal_zlib.DEFLATED, 31)
    with target.open("wb") as file:
        for piece in _pieces(source):
            file.write(packer.compress(piece))
        file.write(packer.flush())


def unpacked(source: Path) -> None:
    """Unpack only: what no listing can undercut."""
    for _ in _pieces(source):
        pass


def seed_listing(source: Path) -> list[float]:
    """List ids as that server did."""
    values = nib.load(source).get_fdata()
    return [float(label) for label in np.unique(values) if label]


def itk_listing(source: Path) -> dict[int, tuple[int, tuple[float, ...]]]:
    """Measure with SimpleITK: voxels, box and centroid."""
    shapes = sitk.LabelShapeStatisticsImageFilter()
    shapes.ComputeFeretDiameterOff()
    shapes.ComputePerimeterOff()
    shapes.Execute(sitk.ReadImage(str(source)))
    return {
        label: (shapes.GetNumberOfPixels(label), shapes.GetCentroid(label))
        for label in shapes.GetLabels()
    }


def cc3d_listing(source: Path) -> dict[int, tuple[int, tuple[float, ...]]]:
    """Measure with cc3d, read by nibabel: voxels, box and centroid (x, y, z) in voxels."""
    found = cc3d.statistics(np.asanyarray(nib.load(source).dataobj))
    voxels = found["voxel_counts"]
    return {
        label: (int(voxels[label]), tuple(found["centroids"][label].tolist()))
        for label in np.flatnonzero(voxels).tolist()
        if label
    }


def _pieces(source: Path) -> Iterator[bytes]:
    unpacker = isal_zlib.decompressobj(31)
    with source.open("rb") as file:
        while not unpacker.eof:
            packed = unpacker.unconsumed_tail or file.read(1 << 16)
            yield unpacker.decompress(packed, _PIECE)
