"""Lists patients from Orthanc's index: three queries, and one request per object worth reading."""

from collections.abc import Iterator, Mapping, Sequence

from imaging.dicom.changes import Changes
from imaging.dicom.rows import DateRange, Holding, PatientRow
from imaging.orthanc.changes import Feed
from imaging.orthanc.client import OrthancClient
from imaging.orthanc.holdings import holdings
from imaging.orthanc.studies import Patients, Studies, Study, query_for
from imaging.orthanc.summaries import summarise

_BATCH_PATIENTS = 50
_BATCH_STUDIES = 500  # a CBCT a day makes many
_BATCH_HOLDINGS = 200

Query = Mapping[str, str]


class Listing:
    """Answers who is there and what they have.

    Studies are asked for by UID, since Orthanc matches patterns where a PatientID holds `*` or `?`,
    and all answers are tied together by Orthanc's own ids.
    """

    def __init__(self, client: OrthancClient) -> None:
        self._client = client
        self._studies = Studies(client)
        self._feed = Feed(client)

    def patient_ids(self, study_dates: DateRange | None) -> list[str]:
        """List the PatientIDs, sorted; with dates, of patients that have a study in that range."""
        dates = study_dates or DateRange()
        if dates == DateRange():
            return sorted(self._studies.everyone())
        return sorted(self._studies.in_range(dates))

    def patients(self, patient_ids: Sequence[str]) -> Iterator[PatientRow]:
        """Summarise the patients named, in that order, a batch at a time."""
        for batch, query in self._batches(patient_ids, _BATCH_PATIENTS):
            yield from summarise(self._client, batch, query)

    def holdings(self, patient_ids: Sequence[str], changes: Changes) -> Iterator[Holding]:
        """Tell of the patients named what the index and the change feed know, in that order."""
        for batch, query in self._batches(patient_ids, _BATCH_HOLDINGS):
            yield from holdings(self._client, batch, query, changes)

    def cursor(self) -> str:
        """Return where the change feed stands now."""
        return self._feed.cursor()

    def changes_since(self, cursor: str) -> Changes:
        """Read what the change feed tells since then."""
        return self._feed.since(cursor)

    def _batches(
        self, patient_ids: Sequence[str], most_patients: int
    ) -> Iterator[tuple[Patients, Query]]:
        """Yield groups of the patients named, each with a query for all that is in its studies."""
        wanted = self._studies.named(patient_ids)
        for batch in _cut(wanted, most_patients):
            yield batch, {} if self._studies.is_everyone(batch) else query_for(batch)


def _cut(patients: Patients, most_patients: int) -> Iterator[Patients]:
    """Cut into groups small enough for one answer to be held."""
    batch: dict[str, Sequence[Study]] = {}
    studies = 0
    for name, own in patients.items():
        if batch and (len(batch) == most_patients or studies + len(own) > _BATCH_STUDIES):
            yield batch
            batch, studies = {}, 0
        batch[name] = own
        studies += len(own)
    if batch:
        yield batch
