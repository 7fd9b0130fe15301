"""Errors of the file system without the path in them, which may hold a patient's name."""

from collections.abc import Iterator
from contextlib import contextmanager

from imaging.errors import InputError


@contextmanager
def nameless(label: str) -> Iterator[None]:
    """Raise what the file system says as an `InputError` that names no path.

    Args:
        label: What could not be read or written.

    Raises:
        InputError: In place of an OSError.
    """
    try:
        yield
    except OSError as error:
        msg = f"{label} cannot be read or written ({type(error).__name__})"
        raise InputError(msg) from None
