"""Orthanc as an archive: what it holds, in rows, and its instances on disk."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from imaging.dicom.arrival import Arrivals, OnFile
from imaging.dicom.changes import Changes
from imaging.dicom.references import uid_of
from imaging.dicom.rows import DateRange, Holding, InstanceRow, PatientRow, SeriesRow
from imaging.errors import DicomError, RemoteRejectedError
from imaging.orthanc.answers import ServerFaultError
from imaging.orthanc.client import OrthancClient
from imaging.orthanc.listing import Listing
from imaging.orthanc.multipart import BrokenMultipartError
from imaging.orthanc.transfer import fetch_each, stream_series

log = logging.getLogger(__name__)

_UPLOADS = 4


class OrthancArchive:
    """Orthanc as an `Archive`, by its REST API and, where it has the plugin, DICOMweb."""

    in_words = "an Orthanc server"

    def __init__(
        self,
        url: str,
        user: str = "",
        password: str = "",
        *,
        timeout_s: float = 60.0,
        known: bool = False,
    ) -> None:
        """Remember where the server is; nothing is sent yet.

        Args:
            url: Its address, http or https, with a path where a reverse proxy adds one.
            user: Its user; empty when it asks for none.
            password: That user's password.
            timeout_s: Longest silence before giving up.
            known: It was reached at this address before; when it is not now, it is only down.

        Raises:
            SettingError: The address is not one.
        """
        self._client = OrthancClient(url, user, password, timeout_s=timeout_s, known=known)
        self._listing = Listing(self._client)
        self._has_dicomweb = True  # until it turns out otherwise

    def patient_ids(self, study_dates: DateRange | None = None) -> list[str]:
        """List the PatientIDs, sorted; with dates, of patients that have a study in that range."""
        return self._listing.patient_ids(study_dates)

    def patients(self, patient_ids: Sequence[str]) -> Iterator[PatientRow]:
        """Summarise the patients named, in that order; one that Orthanc lacks is left out."""
        return self._listing.patients(patient_ids)

    def holdings(
        self, patient_ids: Sequence[str], changes: Changes | None = None
    ) -> Iterator[Holding]:
        """Tell of the patients named what Orthanc's index and change feed know, in that order.

        Studies that came after the last ``patient_ids`` may be left out here as in ``patients``.
        """
        return self._listing.holdings(patient_ids, changes or Changes())

    def cursor(self) -> str:
        """Return where the change feed stands now; it means something to this Orthanc only."""
        return self._listing.cursor()

    def changes_since(self, cursor: str) -> Changes:
        """Read what the change feed tells since a cursor; of "" everything, without asking."""
        return self._listing.changes_since(cursor)

    def fetch(
        self,
        series: SeriesRow,
        folder: Path,
        instances: Sequence[InstanceRow] | None = None,
        on_file: OnFile | None = None,
    ) -> int:
        """Write instances of ``series`` to ``folder``; see `Archive.fetch`."""
        rows = list(series.instances if instances is None else instances)
        self._client.check()
        folder.mkdir(parents=True, exist_ok=True)
        arrivals = Arrivals(on_file)
        if self._has_dicomweb and _is_most(rows, series):
            self._stream(series, folder, rows, arrivals)
        rest = [row for row in rows if arrivals.times[row.sop_instance_uid] != 1]
        arrivals.take(fetch_each(self._client, folder, rest))
        log.debug("a series: %s instances, %s bytes", len(rows), arrivals.size)
        arrivals.judge()
        return arrivals.size

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
        arrivals: Arrivals,
    ) -> None:
        """Take what one WADO-RS stream gives; what it leaves is fetched one by one.

        UIDs stay out of the log, and so do errors whose text holds the path that was asked for.
        """
        try:
            arrivals.take(stream_series(self._client, series, folder, rows))
        except BrokenMultipartError as error:
            log.warning("A stream broke (%s); fetching the rest of %s singly", error, len(rows))
        except ServerFaultError:
            log.warning("The server failed over a stream; fetching %s instances singly", len(rows))
        except RemoteRejectedError:
            self._has_dicomweb = self._asks_for_dicomweb()
            log.info("No WADO-RS here; fetching %s instances singly", len(rows))

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


def _is_most(rows: Sequence[InstanceRow], series: SeriesRow) -> bool:
    """Tell whether streaming the whole series wastes less than a request each would."""
    return len(rows) > 2 and 2 * len(rows) >= len(series.instances)
