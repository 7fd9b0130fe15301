"""A folder of DICOM files as an archive: the same questions and answers as a server's."""

import logging
import os
import shutil
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path

from imaging.dicom.arrival import Arrivals, OnFile, Outcome, arriving, instance_uid
from imaging.dicom.changes import Changes
from imaging.dicom.grouping import patient_row
from imaging.dicom.identity import HeldIds
from imaging.dicom.index import FOLDER_SETTING, Index
from imaging.dicom.rows import DateRange, Holding, InstanceRow, PatientRow, SeriesRow
from imaging.dicom.whole import structural_fault
from imaging.errors import DicomError, InstanceGoneError, SettingError

log = logging.getLogger(__name__)

_HEAD_BYTES = 1 << 16


class FolderArchive:
    """An `Archive` on a folder of DICOM files, searched with its subfolders.

    Files are told from others by their content. Two files with the same UIDs count once: the path
    that sorts first. Where their content differs, the series says so.
    """

    in_words = "a folder of DICOM files"

    def __init__(self, root: Path, index: Path | None = None) -> None:
        """Open the folder; it is searched at the first question.

        Args:
            root: The folder.
            index: Where the index of it is kept: a SQLite file, by default in the folder itself.

        Raises:
            SettingError: There is no such folder, or no place for the index.
        """
        if not root.is_dir():
            msg = f"There is no folder {root}"
            raise SettingError(FOLDER_SETTING, msg)
        self._root = root
        self._index = Index(root, index)
        self._is_fresh = False

    @property
    def unreadable(self) -> list[str]:
        """Paths, below the folder, of DICOM files too broken to tell their series."""
        return self._index.paths("unreadable")

    @property
    def skipped(self) -> int:
        """How many files are something else than DICOM."""
        return len(self._index.paths("other"))

    def patient_ids(self, study_dates: DateRange | None = None) -> list[str]:
        """List the PatientIDs, sorted; with dates, of patients that have a study in that range."""
        self._refresh()
        dates = study_dates or DateRange()
        found = self._index.patient_ids()
        if dates == DateRange():
            return sorted(found)
        return sorted(name for name, own in found.items() if any(map(dates.contains, own)))

    def patients(self, patient_ids: Sequence[str]) -> Iterator[PatientRow]:
        """Summarise the patients named, in that order; one that the folder lacks is left out."""
        for patient_id in self._held(patient_ids):
            yield patient_row(patient_id, self._index.entries(patient_id), self._root)

    def holdings(
        self, patient_ids: Sequence[str], changes: Changes | None = None
    ) -> Iterator[Holding]:
        """Tell of the patients named what the index tells, in that order.

        Files have sizes and times, so the digest shows every change and ``changes`` say nothing.
        """
        del changes
        yield from map(self._index.holding, self._held(patient_ids))

    def cursor(self) -> str:
        """Return "": a folder has no change feed, and needs none."""
        return ""

    def changes_since(self, cursor: str) -> Changes:
        """Return no changes: the digests show them all."""
        del cursor
        return Changes(frozenset())

    def fetch(
        self,
        series: SeriesRow,
        folder: Path,
        instances: Sequence[InstanceRow] | None = None,
        on_file: OnFile | None = None,
    ) -> int:
        """Copy instances of ``series`` to ``folder``; see `Archive.fetch`."""
        folder.mkdir(parents=True, exist_ok=True)
        arrivals = Arrivals(on_file)
        arrivals.take(self._copies(series.instances if instances is None else instances, folder))
        arrivals.judge()
        return arrivals.size

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _held(self, patient_ids: Sequence[str]) -> list[str]:
        """Return the PatientIDs meant, as the files spell them, each once, in that order."""
        if not self._is_fresh:
            self._refresh()
        return list(
            dict.fromkeys(
                held
                for asked in patient_ids
                for held in HeldIds(self._index.spellings(asked)).meant_by(asked)
            )
        )

    def _refresh(self) -> None:
        self._index.refresh()
        self._is_fresh = True
        log.info("%s files unreadable, %s not DICOM", len(self.unreadable), self.skipped)

    def _copies(self, rows: Iterable[InstanceRow], folder: Path) -> Generator[Outcome, None, None]:
        for row in rows:
            yield row, self._copy(row, folder)

    def _copy(self, row: InstanceRow, folder: Path) -> Path | InstanceGoneError | DicomError:
        """Copy one file and check the copy; what is wrong with it is returned, not raised."""
        source = self._root / row.locator
        try:
            with arriving(row, folder) as (part, target):
                shutil.copyfile(source, part)
                _check(part, row)
        except DicomError as error:
            return error
        except FileNotFoundError:
            if source.exists():
                raise  # the folder that is written to vanished
            return InstanceGoneError([row.sop_instance_uid])
        return target


def _check(file: Path, row: InstanceRow) -> None:
    """Compare a file with what was listed.

    Raises:
        DicomError: Its size or its UID is another, or it is cut short.
    """
    uid = row.sop_instance_uid
    with file.open("rb") as content:
        head = content.read(_HEAD_BYTES)
        fault = structural_fault(content)
        size = content.seek(0, os.SEEK_END)
    if size != row.size:
        fault = f"listed with {row.size} bytes, now it has {size}"
    elif not fault and instance_uid(head, {uid}) != uid:
        fault = "another instance lies in its place"
    if fault:
        raise DicomError(uid, fault)
