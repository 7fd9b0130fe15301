"""What a new DICOM object calls itself and its parts: texts that are valid, UIDs that stay."""

import hashlib
from uuid import NAMESPACE_OID, uuid5

import numpy as np

from imaging.conversions.label_file import Ints

LONG, SHORT = 64, 16  # characters of VR LO and SH


def fitting(text: str, most: int = LONG) -> str:
    """Return a text as DICOM can hold it: a backslash would part it into two values."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text.replace("\\", "/"))
    return plain[:most].strip()


def note_on(name: str) -> str:
    """Say how a name had to be changed; empty if it stands as it was."""
    return "" if (written := fitting(name)) == name else f"its name is written as {written!r}"


def series_and_object(voxels: Ints, *said: object) -> tuple[str, str]:
    """Make the UIDs of a series and of the one object in it (PS3.5, B.2).

    The same voxels of which the same is said get the same UIDs, so that an archive replaces the
    object when a conversion is run again, and does not collect copies.
    """
    content = hashlib.sha256(repr((voxels.shape, said)).encode())
    for plane in voxels:
        content.update(plane.astype(np.int64).tobytes())
    series, instance = (
        f"2.25.{uuid5(NAMESPACE_OID, f'{content.hexdigest()} {level}').int}"
        for level in ("series", "instance")
    )
    return series, instance
