"""Instances arriving in a folder, from any archive: named by UID, whole or absent, counted."""

import string
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path

import pydicom

from imaging.dicom.reading import UNREADABLE
from imaging.dicom.rows import InstanceRow
from imaging.dicom.whole import read_meta
from imaging.errors import DicomError, InstanceGoneError, RemoteUnavailableError
from imaging.files import PART_SUFFIX

OnFile = Callable[[InstanceRow, Path], None]
Failure = InstanceGoneError | DicomError | RemoteUnavailableError
Outcome = tuple[InstanceRow, Path | Failure]

_SAFE = frozenset(string.ascii_letters + string.digits + ".-_")


def file_name(sop_instance_uid: str) -> str:
    """Return the name an instance has in a folder: its SOPInstanceUID, and `.dcm`.

    Raises:
        DicomError: The UID could name a file elsewhere; archives do not check what they are sent.
    """
    if not names_a_file(sop_instance_uid):
        msg = "a SOPInstanceUID that cannot name a file"
        raise DicomError(ascii(sop_instance_uid), msg)
    return f"{sop_instance_uid}.dcm"


def names_a_file(sop_instance_uid: str) -> bool:
    """Tell whether a UID is harmless as a file's name."""
    return set(sop_instance_uid) <= _SAFE and sop_instance_uid[:1] not in {"", ".", "-"}


@contextmanager
def arriving(row: InstanceRow, folder: Path) -> Iterator[tuple[Path, Path]]:
    """Give a temporary path and the final one; the first becomes the second if the block succeeds.

    The temporary name is the same every time, so that what a killed process left is overwritten.
    """
    target = folder / file_name(row.sop_instance_uid)
    part = Path(f"{target}{PART_SUFFIX}")
    try:
        yield part, target
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def instance_uid(head: bytes | memoryview, known: Collection[str]) -> str:
    """Return the SOPInstanceUID in a file's first bytes, "" when it is not DICOM.

    The file meta information nearly always has it, at no cost. Where that is none of the ``known``,
    the data set decides, since archives list by it.
    """
    meta = read_meta(head)
    if meta is None or meta.sop_instance_uid in known:
        return meta.sop_instance_uid if meta else ""
    try:
        dataset = pydicom.dcmread(BytesIO(head), specific_tags=["SOPInstanceUID"])
        return str(dataset.get("SOPInstanceUID", ""))
    except UNREADABLE:
        return ""


class Arrivals:
    """What has come so far, and what is wrong with the rest.

    Attributes:
        times: How often each SOPInstanceUID came.
        size: Bytes that came.
    """

    def __init__(self, on_file: OnFile | None) -> None:
        self._on_file = on_file
        self._gone: list[str] = []
        self._failures: list[DicomError | RemoteUnavailableError] = []
        self.times: Counter[str] = Counter()
        self.size = 0

    def take(self, outcomes: Generator[Outcome, None, None]) -> None:
        """Count each outcome and tell of each file; whatever interrupts this closes the source."""
        with closing(outcomes):
            for row, outcome in outcomes:
                self._take(row, outcome)

    def judge(self) -> None:
        """Raise for what did not come.

        Raises:
            InstanceGoneError: Some instances are no longer there.
            DicomError: One came that is not what was listed.
            RemoteUnavailableError: The archive failed over one; it may be able to later.
        """
        if self._gone:
            raise InstanceGoneError(self._gone)
        if self._failures:
            raise self._failures[0]

    def _take(self, row: InstanceRow, outcome: Path | Failure) -> None:
        if isinstance(outcome, InstanceGoneError):
            self._gone += outcome.uids
        elif isinstance(outcome, DicomError | RemoteUnavailableError):
            self._failures.append(outcome)
        else:
            self.times[row.sop_instance_uid] += 1
            self.size += row.size
            if self._on_file is not None:
                self._on_file(row, outcome)
