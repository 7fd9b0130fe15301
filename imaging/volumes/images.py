"""A series of files as an image: its headers, its place, and its NIfTI."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from imaging.errors import DicomError
from imaging.volumes.findings import Evidence, Finding, FindingKind
from imaging.volumes.headers import SliceHeader, read_slices
from imaging.volumes.nifti import write_nifti
from imaging.volumes.pixels import TooWideError, image_type
from imaging.volumes.planes import Planes
from imaging.volumes.request import Resampling
from imaging.volumes.stacking import Stack, stack_of


def read_stack(images: Sequence[Path], resampling: Resampling) -> Stack | Finding:
    """Read the headers of a series, once, and stack its slices.

    Raises:
        OSError: A file is gone.
    """
    headers: list[SliceHeader] = []
    for path in images:
        try:
            headers += read_slices(path)
        except DicomError as error:
            return unreadable(error)
    return stack_of(headers, resampling)


def image_name(stack: Stack) -> str:
    """Name the NIfTI of an image by its modality: ``CT.nii.gz``."""
    letters = "".join(each for each in stack.slices[0].modality if each.isalnum())
    return f"{letters or 'image'}.nii.gz"


def write_image(stack: Stack, folder: Path) -> Finding:
    """Write an image as NIfTI: int16 where that holds every value exactly, else float32.

    Args:
        stack: The slices.
        folder: Where to.

    Returns:
        That it is written, or that a slice cannot be decoded; then there is no file.

    Raises:
        OSError: A file is gone, or cannot be written.
    """
    target, geometry = folder / image_name(stack), stack.geometry
    try:
        dtype = _write(stack, target)
    except DicomError as error:
        return unreadable(error)
    evidence: Evidence = {
        "file": target.name,
        "type": np.dtype(dtype).name,
        "slices": geometry.shape[0],
        "rows": geometry.shape[1],
        "columns": geometry.shape[2],
        "spacing_mm": [f"{mm:.4f}" for mm in geometry.spacing_mm[::-1]],
    }
    return Finding(FindingKind.IMAGE_WRITTEN, stack.series_instance_uid, evidence)


def _write(stack: Stack, target: Path) -> type[np.generic]:
    """Write the smaller type first, which nearly always is the right one; return what it was."""
    dtype = image_type(stack.slices)
    try:
        write_nifti(target, stack.geometry, dtype, Planes(stack, dtype))
    except TooWideError:
        dtype = np.float32
        write_nifti(target, stack.geometry, dtype, Planes(stack, dtype))
    return dtype


def unreadable(error: DicomError) -> Finding:
    """Say that a slice cannot be decoded."""
    return Finding(FindingKind.PIXELS_UNREADABLE, error.uid, {"reason": error.args[1]})
