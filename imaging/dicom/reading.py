"""pydicom with the house's settings, and what it raises on bytes that are not DICOM."""

import struct
import zlib

import pydicom
from pydicom.errors import BytesLengthException, InvalidDicomError

from imaging.errors import DicomError

# By default a value that breaks the standard makes a warning that prints the value. Archives are
# full of those, and some are names and birth dates, which must not reach a log.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

# They have no common base; values are decoded when they are asked for, so this guards both.
UNREADABLE = (
    InvalidDicomError,
    BytesLengthException,
    EOFError,
    struct.error,
    zlib.error,  # a deflated data set that is cut short
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OverflowError,
    RecursionError,
)


def reason(error: DicomError) -> str:
    """Return what an error says, without the UID before it."""
    return str(error).removeprefix(f"{error.uid}: ")
