"""What an answer says of a body that is refused: the reason, and nothing of whom it is about."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pydicom
from fastapi import HTTPException
from pydicom.uid import UID

from imaging.dicom.deidentify.betrayal import Betrayal
from imaging.dicom.deidentify.keyed import is_of_standard
from imaging.dicom.reading import UNREADABLE, reason
from imaging.errors import DicomError, InputError, SettingError
from imaging.gateway.inflation import check_inflation
from imaging.gateway.parts import Received

_UID = re.compile(r"\b\d+(?:\.\d+){2,}\b", re.ASCII)
_LEFT_OUT = "it is refused; the reason quotes whom it is about, and is left out"


@contextmanager
def refusals(received: Received) -> Iterator[None]:
    """Turn what is raised in the block into an answer.

    What nobody foresaw is the guard's, which logs its kind and place and never its words.

    Raises:
        HTTPException: 422 where the body is wrong, 503 where a setting is.
    """
    try:
        yield
    except (HTTPException, OSError):  # a full disk is told by the gateway, as everywhere
        raise
    except SettingError as error:
        raise HTTPException(503, str(error)) from None
    except InputError as error:
        raise HTTPException(422, _said(error, received)) from None
    except MemoryError:
        raise HTTPException(422, "it needs more memory than there is") from None


def without_uids(text: str) -> str:
    """Return a text without UIDs, by which an archive finds the patient; DICOM's own get names."""
    return _UID.sub(_named, text)


def _named(match: re.Match[str]) -> str:
    uid = match.group()
    return UID(uid).name if is_of_standard(uid) else "(UID)"


def _said(error: InputError, received: Received) -> str:
    """Say why something was refused, and of which field it was."""
    said = str(error)
    if isinstance(error, DicomError):
        fields = {path.name: name for name, paths in received.files.items() for path in paths}
        role = fields.get(error.uid)
        said = f"{role}: {reason(error)}" if role else reason(error)
    said = without_uids(said)
    return _LEFT_OUT if _betrays(said, received) else said


def _betrays(text: str, received: Received) -> bool:
    """Whether a text holds the identity of an object that was received."""
    for path in [path for paths in received.files.values() for path in paths]:
        with suppress(*UNREADABLE, OSError, MemoryError, InputError):
            check_inflation(path)
            head = pydicom.dcmread(path, stop_before_pixels=True, force=True)
            if Betrayal(head).in_text(text):
                return True
    return False
