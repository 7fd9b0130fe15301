"""The pixels of one slice, from the file to values with a meaning, such as HU."""

import os
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.utils import pixel_array
from SimpleITK import GetArrayFromImage, ProcessObject, ReadImage

from imaging.dicom.reading import UNREADABLE
from imaging.errors import DicomError
from imaging.volumes.headers import PixelLayout, SliceHeader

Plane = NDArray[Any]
"""Shape (rows, columns)."""

_INT16 = np.iinfo(np.int16)


class TooWideError(Exception):
    """Values do not fit into 16 bits; the volume is to be written as floating-point numbers."""


def image_type(headers: tuple[SliceHeader, ...]) -> type[np.generic]:
    """Choose int16 where whole numbers stay whole, else float32."""
    is_whole = all(float(n).is_integer() for each in headers for n in (each.slope, each.intercept))
    return np.int16 if is_whole else np.float32


def plane_of(header: SliceHeader, dtype: type[np.generic]) -> Plane:
    """Read one slice and rescale it by its own slope and intercept (PS3.3 C.11.1.1.2).

    Args:
        header: The slice.
        dtype: int16 or float32.

    Returns:
        Shape (rows, columns).

    Raises:
        DicomError: The pixels cannot be decoded, or are no grey values.
        TooWideError: A value does not fit into ``dtype``.
        OSError: The file cannot be read.
    """
    if header.pixels.fault:
        raise DicomError(header.sop_instance_uid, header.pixels.fault)
    if header.pixels.offset >= 0:
        return _rescaled(_native(header), header.slope, header.intercept, dtype)
    stored = _by_pydicom(header)
    if stored is not None:
        return _rescaled(stored, header.slope, header.intercept, dtype)
    return _rescaled(_by_gdcm(header), 1.0, 0.0, dtype)  # which has rescaled them already


def _native(header: SliceHeader) -> Plane:
    """Read uncompressed little-endian pixels straight from their place in the file."""
    layout = header.pixels
    size = layout.shape[0] * layout.shape[1] * layout.bits_allocated // 8
    with header.path.open("rb", buffering=0) as file:
        content = os.pread(file.fileno(), size, layout.offset)
    if len(content) < size:
        msg = f"its pixels are cut short: {len(content)} of {size} bytes"
        raise DicomError(header.sop_instance_uid, msg)
    kind = "i" if layout.is_signed else "u"
    stored = np.frombuffer(content, f"<{kind}{layout.bits_allocated // 8}")
    return _cleaned(stored.reshape(layout.shape), layout)


def _cleaned(stored: Plane, layout: PixelLayout) -> Plane:
    """Take the bits that hold the value: others may hold overlays, or anything."""
    width = stored.dtype.itemsize * 8
    above, below = width - 1 - layout.high_bit, layout.high_bit + 1 - layout.bits_stored
    if (above, below) == (0, 0):
        return stored
    shifted: Plane = (stored << above) >> (above + below)  # brings the sign along, if there is one
    return shifted


def _by_pydicom(header: SliceHeader) -> Plane | None:
    """Decode one frame, without rescaling it; None when no decoder of pydicom's can."""
    layout = header.pixels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it quotes values; and we look ourselves
            found = pixel_array(header.path, index=layout.frame, raw=True)
        return _cleaned(found.reshape(layout.shape), layout)
    except (*UNREADABLE, RuntimeError):
        return None


def _by_gdcm(header: SliceHeader) -> Plane:
    """Let SimpleITK's GDCM decode what pydicom cannot, such as JPEG-LS; it rescales, too.

    Raises:
        DicomError: It cannot either.
    """
    layout = header.pixels
    msg = "its pixels cannot be decoded"
    if layout.frames > 1:  # it would decode all of them for each
        raise DicomError(header.sop_instance_uid, msg)
    quiet: Any = ProcessObject.SetGlobalWarningDisplay  # which has no types
    quiet(False)  # a warning may quote the header
    try:
        found = GetArrayFromImage(ReadImage(str(header.path)))
        return np.asarray(found).reshape(layout.shape)
    except (RuntimeError, ValueError) as error:
        raise DicomError(header.sop_instance_uid, msg) from error


def _rescaled(stored: Plane, slope: float, intercept: float, dtype: type[np.generic]) -> Plane:
    """Turn stored numbers into values; whole numbers stay exact."""
    if dtype is not np.int16:
        return (stored.astype(np.float64) * slope + intercept).astype(np.float32)
    ends = [float(end) * slope + intercept for end in (stored.min(), stored.max())]
    is_whole = np.issubdtype(stored.dtype, np.integer)
    if not is_whole or min(ends) < _INT16.min or max(ends) > _INT16.max:
        raise TooWideError
    if slope == 1 and abs(intercept) <= _INT16.max:
        # What is lost at 2^16 in both steps cancels, as the result is known to fit.
        return np.add(stored.astype(np.int16), np.int16(intercept))
    return (stored.astype(np.int64) * int(slope) + int(intercept)).astype(np.int16)
