"""Orthanc as an archive: what it holds, in rows, and its instances on disk."""

import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from imaging.dicom.references import uid_of
from imaging.dicom.rows import DateRange, InstanceRow, PatientRow, SeriesRow
from imaging.errors import DicomError, InstanceGoneError, RemoteRejectedError
from imaging.orthanc.answers import NotFoundError
from imaging.orthanc.client import OrthancClient
from imaging.orthanc.listing import Listing
from imaging.orthanc.multipart import BrokenMultipartError
from imaging.orthanc.transfer import Arrived, Failed, fetch_each, stream_series

log = logging.getLogger(__name__)

_UPLOADS = 4


class OrthancArchive:
    """Orthanc as an `Archive`, by its REST API and, where it has the plugin, DICOMweb."""

    def __init__(
        self, url: str, user: str = "", password: str = "", *, timeout_s: float = 60.0
    ) -> None:
        """Remember where the server is; nothing is sent yet.

        Args:
            url: Its address, http or https, with a path where a reverse proxy adds one.
            user: Its user; empty when it asks for none.
            password: That user's password.
            timeout_s: Longest silence before giving up.

        Raises:
            SettingError: The address is not one.
        """
        self._client = OrthancClient(url, user, password, timeout_s=timeout_s)
        self._listing = Listing(self._client)
        self._has_dicomweb = True  # until it turns out otherwise

    def patient_ids(self, study_dates: DateRange | None = None) -> list[str]:
        """List the PatientIDs, sorted; with dates, of patients that have a study in that range."""
        return self._listing.patient_ids(study_dates)

    def patients(self, patient_ids: Sequence[str]) -> Iterator[PatientRow]:
        """Summarise the patients named, in that order; one that Orthanc lacks is left out."""
        return self._listing.patients(patient_ids)

    def fetch(
        self,
        series: SeriesRow,
        folder: Path,
        instances: Sequence[InstanceRow] | None = None,
        on_file: Callable[[InstanceRow, Path], None] | None = None,
    ) -> int:
        """Write instances of ``series`` to ``folder``; see `Archive.fetch`."""
        rows = list(series.instances if instances is None else instances)
        self._client.check()
        folder.mkdir(parents=True, exist_ok=True)
        transfer = _Transfer(on_file)
        if self._has_dicomweb and _is_most(rows, series):
            self._stream(series, folder, rows, transfer)
        rest = [row for row in rows if transfer.times[row.sop_instance_uid] != 1]
        transfer.take(fetch_each(self._client, folder, rest))
        log.info("%s: %s instances, %s bytes", series.series_instance_uid, len(rows), transfer.size)
        transfer.judge()
        return transfer.size

    def upload(self, paths: Iterable[Path]) -> int:
        """Store DICOM files in Orthanc; those it has already stay as they are.

        Returns:
            How many files were given.

        Raises:
            DicomError: Orthanc refuses a file as unreadable; what came before it is stored.
        """
        self._client.check()
        with ThreadPoolExecutor(_UPLOADS, "orthanc-upload") as pool:
            try:
                return sum(pool.map(self._upload, paths))
            finally:
                pool.shutdown(cancel_futures=True)

    def close(self) -> None:
        """Give up the connections."""
        self._client.close()

    def _stream(
        self,
        series: SeriesRow,
        folder: Path,
        rows: Sequence[InstanceRow],
        transfer: "_Transfer",
    ) -> None:
        """Take what one WADO-RS stream gives; what it leaves is fetched one by one."""
        try:
            transfer.take(stream_series(self._client, series, folder, rows))
        except BrokenMultipartError as error:
            log.warning("%s: %s; fetching the rest singly", series.series_instance_uid, error)
        except RemoteRejectedError as error:
            self._has_dicomweb = self._asks_for_dicomweb()
            log.info("No WADO-RS here (%s); fetching instances singly", error)

    def _asks_for_dicomweb(self) -> bool:
        """Tell a server without DICOMweb from a series that DICOMweb does not find.

        It does not find UIDs that two patients have, for example.
        """
        try:
            return "dicom-web" in self._client.plugins()
        except RemoteRejectedError:
            return False

    def _upload(self, path: Path) -> int:
        try:
            self._client.upload(path.read_bytes())
        except RemoteRejectedError as error:
            with path.open("rb") as file:
                raise DicomError(uid_of(file), f"refused by Orthanc ({error})") from error
        return 1


class _Transfer:
    """What has come so far, and what is wrong with the rest."""

    def __init__(self, on_file: Callable[[InstanceRow, Path], None] | None) -> None:
        self._on_file = on_file
        self._gone: list[str] = []
        self._faults: list[DicomError] = []
        self.times: Counter[str] = Counter()
        self.size = 0

    def take(self, results: Generator[Arrived | Failed, None, None]) -> None:
        """Count each result and tell of each file; what interrupts that closes the connection."""
        with closing(results):
            for row, outcome in results:
                self._take(row, outcome)

    def _take(self, row: InstanceRow, outcome: Path | NotFoundError | DicomError) -> None:
        if isinstance(outcome, NotFoundError):
            self._gone.append(row.sop_instance_uid)
            return
        if isinstance(outcome, DicomError):
            self._faults.append(outcome)
            return
        self.times[row.sop_instance_uid] += 1
        self.size += row.size
        if self._on_file is not None:
            self._on_file(row, outcome)

    def judge(self) -> None:
        """Raise for what did not come.

        Raises:
            InstanceGoneError: Some instances are no longer there.
            DicomError: One came that is not what was listed.
        """
        if self._gone:
            raise InstanceGoneError(self._gone)
        if self._faults:
            raise self._faults[0]


def _is_most(rows: Sequence[InstanceRow], series: SeriesRow) -> bool:
    """Tell whether streaming the whole series wastes less than a request each would."""
    return len(rows) > 2 and 2 * len(rows) >= len(series.instances)
