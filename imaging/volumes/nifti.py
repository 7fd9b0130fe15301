"""Writing NIfTI-1, slice by slice: the volume is never in memory as a whole."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from imaging.files import whole_file
from imaging.volumes.geometry import Geometry

_LEVEL = 1  # the fastest: several times quicker than zlib's, and as small as zlib's level 6
_GZIP = 31  # a gzip header without a file name and with a time of 0, so that bytes repeat
_SCANNER = 1  # qform and sform say where voxels are in the scanner's coordinates
_CHUNK = 1 << 20


def write_nifti(
    target: Path, geometry: Geometry, dtype: type[np.generic], planes: Iterable[NDArray[Any]]
) -> Path:
    """Write planes as ``.nii.gz``, whole or not at all; the same planes give the same bytes.

    Args:
        target: The file.
        geometry: Where the voxels are.
        dtype: Of the voxels.
        planes: One array of shape (rows, columns) for each slice, in order.
    """
    packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP)
    with whole_file(target) as part, part.open("wb", buffering=_CHUNK) as file:
        file.write(packer.compress(_header(geometry, dtype)))
        for plane in planes:
            voxels = np.ascontiguousarray(plane, dtype=np.dtype(dtype).newbyteorder("<"))
            file.write(packer.compress(voxels.reshape(-1).view(np.uint8).data))
        file.write(packer.flush())
    return target


def _header(geometry: Geometry, dtype: type[np.generic]) -> bytes:
    """Make the header, and the four bytes that say that no extension follows."""
    make: Any = nib.Nifti1Header  # which has no types
    header = make(endianness="<")
    header.set_data_shape(geometry.shape[::-1])
    header.set_data_dtype(dtype)
    header.set_qform(geometry.affine_ras, code=_SCANNER)
    header.set_sform(geometry.affine_ras, code=_SCANNER)
    header.set_xyzt_units("mm")
    header.set_slope_inter(1.0, 0.0)
    header["vox_offset"] = 352
    return bytes(header.binaryblock) + bytes(4)
