"""What flows ask of an archive, whichever it is."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from imaging.dicom.changes import Changes
from imaging.dicom.rows import DateRange, Holding, InstanceRow, PatientRow, SeriesRow


class Archive(Protocol):
    """What a flow asks of Orthanc or of a folder of files; both give the same answers.

    Raises on any call: SettingError (wrong address, credentials or folder; no patient is to blame),
    RemoteUnavailableError (worth trying again), RemoteRejectedError.

    Attributes:
        in_words: What it is, for a methods paragraph.
    """

    in_words: str

    def patient_ids(self, study_dates: DateRange | None = None) -> list[str]:
        """List the PatientIDs, sorted; with dates, of patients that have a study in that range."""
        ...

    def patients(self, patient_ids: Sequence[str]) -> Iterator[PatientRow]:
        """Summarise the patients named, in that order; one that the archive lacks is left out.

        Blanks around a PatientID do not count where none is spelled as asked (see `HeldIds`); the
        rows have the archive's own spelling.
        """
        ...

    def holdings(
        self, patient_ids: Sequence[str], changes: Changes | None = None
    ) -> Iterator[Holding]:
        """Tell of the patients named what is known without looking into anything, in that order.

        Args:
            patient_ids: Whom to tell of; one that the archive lacks is left out.
            changes: As ``changes_since`` gave them. Without them, everything counts as touched in
                an archive whose digests do not show all.
        """
        ...

    def cursor(self) -> str:
        """Return where the archive's change feed stands now; "" where it has none."""
        ...

    def changes_since(self, cursor: str) -> Changes:
        """Read what changed since a ``cursor`` of an earlier time; of "" that cannot be told.

        The feed may be long; what comes back serves for any number of ``holdings``.
        """
        ...

    def fetch(
        self,
        series: SeriesRow,
        folder: Path,
        instances: Sequence[InstanceRow] | None = None,
        on_file: Callable[[InstanceRow, Path], None] | None = None,
    ) -> int:
        """Write instances of ``series`` to ``folder / <SOPInstanceUID>.dcm``, each whole or absent.

        Args:
            series: The series, as listed.
            folder: Made when absent.
            instances: Those wanted; all of the series by default.
            on_file: Called after each file has its final name, from the calling thread.

        Returns:
            Bytes written.

        Raises:
            InstanceGoneError: Some are no longer there; the others were written first.
            DicomError: What arrived is not the instance that was listed; the others were written.
            RemoteUnavailableError: The transfer broke, or the archive failed over an instance; what
                was whole was written.
        """
        ...

    def close(self) -> None:
        """Give up connections and handles."""
        ...
