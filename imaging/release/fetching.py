"""The originals of a series, as far as they come; what does not come is told of each alone."""

import errno
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imaging.dicom import InstanceRow, SeriesRow
from imaging.errors import DicomError, InstanceGoneError, RemoteRejectedError
from imaging.orthanc.answers import ServerFaultError
from imaging.release.source import Source

log = logging.getLogger(__name__)

GONE = "gone from the archive"
_REJECTED, _FAULT = "refused by the archive", "the archive failed over it"
_OF_ONE = (InstanceGoneError, DicomError, RemoteRejectedError, ServerFaultError, OSError)
# Never the fault of one original: the disk written to, or this process, has no more to give.
_EXHAUSTED = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE})


@dataclass(slots=True)
class Fetched:
    """What came, and why the rest did not, by original SOPInstanceUID."""

    arrived: dict[str, Path] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def take(self, row: InstanceRow, path: Path) -> None:
        """Note a file that came."""
        self.arrived[row.sop_instance_uid] = path


def fetch(source: Source, series: SeriesRow, rows: Sequence[InstanceRow], folder: Path) -> Fetched:
    """Fetch all at once; where some do not come, one at a time, to learn why of each.

    Raises:
        RemoteUnavailableError: The archive was lost; a fault over one instance is no such loss.
        OSError: The folder cannot be written to.
    """
    fetched = Fetched()
    try:
        source.fetch(series, folder, rows, fetched.take)
    except _OF_ONE as error:
        _raise_if_ours(error, folder)
        log.info("%s; asking for the rest singly", type(error).__name__)
        for row in rows:
            if row.sop_instance_uid not in fetched.arrived:
                _fetch_one(source, series, row, folder, fetched)
    return fetched


def reason_of(error: Exception) -> str:
    """Return in words why an original is refused; no word of it is the original's."""
    if isinstance(error, DicomError):
        return str(error.args[1])  # its text begins with the original's UID
    if isinstance(error, OSError):
        return f"cannot be read: {os.strerror(error.errno) if error.errno else 'it changed'}"
    if isinstance(error, ServerFaultError):
        return _FAULT
    return GONE if isinstance(error, InstanceGoneError) else _REJECTED


def is_of_original(error: OSError, original: Path) -> bool:
    """Whether an error over making something of a file is that file's, not that of the output."""
    if error.errno in _EXHAUSTED:
        return False
    if error.filename is not None:
        return _path(error) == original
    return error.errno is None or not _is_readable(original)


def _fetch_one(
    source: Source, series: SeriesRow, row: InstanceRow, folder: Path, fetched: Fetched
) -> None:
    try:
        source.fetch(series, folder, [row], fetched.take)
    except _OF_ONE as error:
        _raise_if_ours(error, folder)
        fetched.refused[row.sop_instance_uid] = reason_of(error)


def _raise_if_ours(error: Exception, folder: Path) -> None:
    """Raise an error that the next original would meet as well: its file cannot be written."""
    if not isinstance(error, OSError):
        return
    path = _path(error)
    is_here = path is not None and (path.is_relative_to(folder) or folder.is_relative_to(path))
    if is_here or error.errno in _EXHAUSTED:
        raise error


def _path(error: OSError) -> Path | None:
    return Path(error.filename) if isinstance(error.filename, str | Path) else None


def _is_readable(path: Path) -> bool:
    """Read a file to its end: an error of reading does not always say of which file it is."""
    try:
        with path.open("rb") as file:
            while file.read(1 << 20):
                pass
    except OSError:
        return False
    return True
