"""How large compressed pixels become, told before they are decoded.

A few kilobytes can stand for gigabytes of zeros, and decoders make room for what they are told.
"""

import math
from struct import unpack_from

from pydicom import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import UID, JPEGLSLossless, JPEGLSNearLossless

_MOST_BYTES = 1 << 29  # a dose of 512 x 512 x 500 numbers of 32 bits still fits
_START_OF_FRAME = 0xF7  # of JPEG-LS (ISO/IEC 14495-1, C.1.1)


def size_fault(*factors: int) -> str:
    """Say that pixels would be too large; empty when they would not.

    Args:
        factors: What their bits are the product of: frames, rows, columns, samples, bits of each.
    """
    size = math.prod(factors) // 8
    return f"takes {size} bytes when it is decoded" if size > _MOST_BYTES else ""


def frames_fault(dataset: Dataset, syntax: str) -> str:
    """Say that compressed pixels hold more than their image tells; empty when they do not.

    pydicom decodes all frames, however few the image says it has; and JPEG-LS makes room for the
    size that a frame says it has, whatever the image's is.

    Args:
        dataset: The image; frames, rows and columns are known to be numbers.
        syntax: Its Transfer Syntax UID.

    Raises:
        Exception: One of ``UNREADABLE``; there are no such frames.
    """
    uid = UID(syntax)
    if not (uid.is_transfer_syntax and uid.is_encapsulated):
        return ""
    count = int(dataset.get("NumberOfFrames") or 1)
    sizes = [_size_of(each) for each in generate_frames(dataset.PixelData, number_of_frames=count)]
    if len(sizes) > count:
        return f"holds {len(sizes)} frames, and the image has {count}"
    is_jpeg_ls = uid in {JPEGLSLossless, JPEGLSNearLossless}
    if is_jpeg_ls and set(sizes) != {(int(dataset.Rows), int(dataset.Columns))}:
        return "holds a JPEG-LS frame that is not of the image's size"
    return ""


def _size_of(frame: bytes) -> tuple[int, int]:
    """Read rows and columns from the head of a JPEG-LS frame; zeros where it does not tell."""
    place = 2
    while frame[place : place + 1] == b"\xff" and place + 9 <= len(frame):
        if frame[place + 1] == _START_OF_FRAME:
            rows, columns = unpack_from(">HH", frame, place + 5)
            return rows, columns
        place += 2 + int.from_bytes(frame[place + 2 : place + 4], "big")
    return 0, 0
