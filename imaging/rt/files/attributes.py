"""Attributes that must be there and make sense; a refusal names the attribute and its tag."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.tag import Tag

from imaging.dicom.reading import UNREADABLE
from imaging.errors import DicomError

Floats = NDArray[np.float64]


def named(keyword: str) -> str:
    """Name an attribute for a message: ``DoseUnits (3004,0002)``."""
    return f"{keyword} {Tag(tag_for_keyword(keyword) or 0)}"


def refuse(dataset: Dataset, keyword: str, fault: str) -> NoReturn:
    """Refuse an object because of one attribute.

    Raises:
        DicomError: Always; says ``keyword``, its tag and the fault.
    """
    uid = str(dataset.get("SOPInstanceUID", "")) or "(no SOP Instance UID)"
    msg = f"{named(keyword)} {fault}"
    raise DicomError(uid, msg)


@contextmanager
def items_of(dataset: Dataset) -> Iterator[None]:
    """Make what is refused in items of an object's sequences name the object.

    Raises:
        DicomError: As inside, with the object's SOP Instance UID.
    """
    try:
        yield
    except DicomError as error:
        raise DicomError(str(dataset.SOPInstanceUID), error.args[1]) from error


def numbers(dataset: Dataset, keyword: str, count: int | None = None) -> Floats:
    """Read an attribute of finite numbers, shape (n,).

    Args:
        dataset: The object.
        keyword: Which attribute.
        count: How many there must be; None takes any number but 0.

    Raises:
        DicomError: It is missing, empty, no number, not finite, or has another count.
    """
    try:
        value = dataset.get(keyword)
        found = np.array([] if value is None else value, dtype=np.float64).reshape(-1)
    except UNREADABLE:
        refuse(dataset, keyword, "holds something other than numbers")
    if found.size == 0:
        refuse(dataset, keyword, "is missing or empty")
    if count is not None and found.size != count:
        refuse(dataset, keyword, f"has {found.size} values, not {count}")
    if not np.isfinite(found).all():
        refuse(dataset, keyword, "holds a value that is not finite")
    return found


def number(dataset: Dataset, keyword: str, *, default: float | None = None) -> float:
    """Read an attribute of one finite number; raises as ``numbers`` does.

    A default stands for an attribute that is missing or empty, not for one that is wrong.
    """
    if default is not None and dataset.get(keyword) in (None, ""):
        return default
    return float(numbers(dataset, keyword, 1)[0])


def count_of(dataset: Dataset, keyword: str, *, least: int, default: int | None = None) -> int:
    """Read a whole number that is at least ``least``; raises as ``number`` does."""
    value = number(dataset, keyword, default=default)
    if value != int(value) or value < least:
        refuse(dataset, keyword, f"is {value:g}, and must be a whole number of at least {least}")
    return int(value)


def positive(dataset: Dataset, keyword: str, count: int = 1) -> Floats:
    """Read numbers above 0, shape (count,); raises as ``numbers`` does."""
    found = numbers(dataset, keyword, count)
    if found.min() <= 0:
        refuse(dataset, keyword, f"is {found.min():g}, and must be above 0")
    return found


def text(dataset: Dataset, keyword: str) -> str:
    """Read a code string in capitals; empty when it is missing or no text."""
    return str(dataset.get(keyword) or "").strip().upper()
