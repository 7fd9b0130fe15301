"""The numbers that an RTDOSE stores, before they are scaled (PS3.3 C.7.6.3 and C.8.8.3.4)."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from imaging.dicom.decoding import frames_fault, size_fault
from imaging.dicom.reading import UNREADABLE
from imaging.errors import DicomError
from imaging.rt.files.attributes import count_of, named, refuse

_FACTORS = ("NumberOfFrames", "Rows", "Columns", "SamplesPerPixel", "BitsAllocated")

Stored = NDArray[Any]
"""Unsigned or signed integers, of the width and byte order of the file."""


def stored_values(rtdose: Dataset) -> Stored:
    """Give the stored numbers, shape (frames, rows, columns), without copying uncompressed ones.

    Raises:
        DicomError: An attribute that describes the pixels is missing or wrong, their number is not
            what it says, one is negative, or they are compressed and cannot be decoded, or to more
            than 512 MB.
    """
    shape = (
        count_of(rtdose, "NumberOfFrames", least=1, default=1),
        count_of(rtdose, "Rows", least=2),
        count_of(rtdose, "Columns", least=2),
    )
    dtype = _dtype(rtdose)
    if "PixelData" not in rtdose or not rtdose.PixelData:
        refuse(rtdose, "PixelData", "is missing or empty")
    if _is_compressed(rtdose):
        check_decoded_size(rtdose)
        return _checked(rtdose, _decompressed(rtdose, shape))
    content, needed = rtdose.PixelData, math.prod(shape) * dtype.itemsize
    if len(content) != needed:
        fault = f"has {len(content)} bytes; {shape[0]} frames of {shape[1]} x {shape[2]} take "
        refuse(rtdose, "PixelData", f"{fault}{needed}")
    return _checked(rtdose, np.frombuffer(content, dtype).reshape(shape))


def check_decoded_size(rtdose: Dataset) -> None:
    """Refuse pixels that would be decoded to more than 512 MB, unless so many bytes are there.

    Whether they are compressed is not asked: decoders go by the transfer syntax, and not by whether
    PixelData has a length, which those that are compressed have not.

    Raises:
        DicomError: They would, they hold more frames than the dose has, or an attribute that tells
            their number is wrong.
    """
    factors = [count_of(rtdose, name, least=1, default=1) for name in _FACTORS]
    are_all_there = math.prod(factors) // 8 <= len(rtdose.PixelData or b"")
    try:
        fault = "" if are_all_there else size_fault(*factors)
        fault = fault or frames_fault(rtdose, _transfer_syntax(rtdose))
    except UNREADABLE:
        fault = "holds no frames that can be decoded"
    if fault:
        refuse(rtdose, "PixelData", fault)


def _dtype(rtdose: Dataset) -> np.dtype[Any]:
    """Say what one stored number is."""
    bits = count_of(rtdose, "BitsAllocated", least=1)
    if bits not in (16, 32):
        refuse(rtdose, "BitsAllocated", f"is {bits}; a dose has 16 or 32")
    if count_of(rtdose, "SamplesPerPixel", least=1, default=1) != 1:
        refuse(rtdose, "SamplesPerPixel", "is not 1: this is no dose")
    signed = count_of(rtdose, "PixelRepresentation", least=0, default=0) == 1
    order = "<" if _is_little_endian(rtdose) else ">"
    return np.dtype(f"{order}{'i' if signed else 'u'}{bits // 8}")


def _is_little_endian(rtdose: Dataset) -> bool:
    """Say which byte comes first; a file without a transfer syntax was read one way or the other.

    How it was read goes before what the file meta says: it is what the bytes are.
    """
    was_little: bool | None = rtdose.original_encoding[1]
    if was_little is not None:
        return was_little
    return str(_transfer_syntax(rtdose)) != "1.2.840.10008.1.2.2"


def _transfer_syntax(rtdose: Dataset) -> str:
    """Give the Transfer Syntax UID, empty when the file does not say."""
    meta = getattr(rtdose, "file_meta", None)
    return "" if meta is None else str(meta.get("TransferSyntaxUID", ""))


def _is_compressed(rtdose: Dataset) -> bool:
    """Say whether the pixels are encapsulated: only those have no length (PS3.5 A.4)."""
    return bool(rtdose["PixelData"].is_undefined_length)


def _decompressed(rtdose: Dataset, shape: tuple[int, int, int]) -> Stored:
    """Decode compressed pixels with whatever decoder pydicom finds."""
    try:
        return rtdose.pixel_array.reshape(shape)
    except (*UNREADABLE, RuntimeError) as error:
        syntax = _transfer_syntax(rtdose) or "(unknown)"
        msg = f"{named('PixelData')} is compressed with transfer syntax {syntax} and is not decoded"
        raise DicomError(str(rtdose.SOPInstanceUID), msg) from error


def _checked(rtdose: Dataset, values: Stored) -> Stored:
    """Refuse negative doses, and numbers wider than the file says they are."""
    if values.dtype.kind == "i" and values.min() < 0:
        refuse(rtdose, "PixelData", "holds negative doses")
    bits = count_of(rtdose, "BitsStored", least=1, default=values.dtype.itemsize * 8)
    if bits < values.dtype.itemsize * 8 and int(values.max()) >= 2**bits:
        refuse(rtdose, "BitsStored", f"is {bits}, and PixelData holds a larger number")
    return values
