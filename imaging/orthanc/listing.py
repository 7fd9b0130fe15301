"""Lists patients from Orthanc's index: three queries, and one request per object worth reading."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from imaging.dicom.rows import DateRange, PatientRow
from imaging.orthanc.client import OrthancClient
from imaging.orthanc.summaries import Study, summarise

_BATCH_PATIENTS = 50
_BATCH_STUDIES = 500  # a CBCT a day makes many
_MOST_NAMED = 200

Patients = Mapping[str, list[Study]]


class Listing:
    """Answers who is there and what they have; remembers the last full list of studies.

    Studies are asked for by UID, since Orthanc matches patterns where a PatientID holds `*` or `?`,
    and all answers are tied together by Orthanc's own ids.
    """

    def __init__(self, client: OrthancClient) -> None:
        self._client = client
        self._everyone: Patients = {}

    def patient_ids(self, study_dates: DateRange | None) -> list[str]:
        """List the PatientIDs, sorted; with dates, of patients that have a study in that range."""
        dates = study_dates or DateRange()
        if dates == DateRange():
            self._everyone = self._find({})
            return sorted(self._everyone)
        found = self._find({"StudyDate": _range(dates)})
        # With an open beginning, Orthanc counts an empty date among the earliest.
        return sorted(
            patient_id
            for patient_id, studies in found.items()
            if any(dates.contains(study.row.study_date) for study in studies)
        )

    def patients(self, patient_ids: Sequence[str]) -> Iterator[PatientRow]:
        """Summarise the patients named, in that order, a batch at a time."""
        known = self._named(patient_ids)
        wanted = {name: known[name] for name in dict.fromkeys(patient_ids) if name in known}
        batches = list(_batches(wanted))
        is_everything = len(batches) == 1 and wanted.keys() == self._everyone.keys()
        for batch in batches:
            uids = sorted(
                {study.row.study_instance_uid for study in chain.from_iterable(batch.values())}
            )
            query = {} if is_everything else {"StudyInstanceUID": "\\".join(uids)}
            yield from summarise(self._client, batch, query)

    def _named(self, patient_ids: Sequence[str]) -> Patients:
        """Return the studies of at least the patients named, if possible without asking again.

        The answer may hold others too, where a name reads as a pattern. A name that holds the
        backslash between alternatives, or nothing at all, cannot be asked for, nor can a crowd.
        """
        names = set(patient_ids)
        if names <= self._everyone.keys():
            return self._everyone
        if len(names) > _MOST_NAMED or any(not name or "\\" in name for name in names):
            self._everyone = self._find({})
            return self._everyone
        return self._find({"PatientID": "\\".join(sorted(names))})

    def _find(self, query: Mapping[str, str]) -> Patients:
        """Return the studies that match, by PatientID."""
        patients: dict[str, list[Study]] = {}
        for answer in self._client.find("Study", query):
            patient_id = answer["PatientMainDicomTags"].get("PatientID", "")
            patients.setdefault(patient_id, []).append(Study.from_answer(answer))
        return patients


def _batches(patients: Patients) -> Iterator[Patients]:
    """Cut into groups small enough for one answer to be held."""
    batch: dict[str, list[Study]] = {}
    studies = 0
    for name, own in patients.items():
        if batch and (len(batch) == _BATCH_PATIENTS or studies + len(own) > _BATCH_STUDIES):
            yield batch
            batch, studies = {}, 0
        batch[name] = own
        studies += len(own)
    if batch:
        yield batch


def _range(dates: DateRange) -> str:
    """Return a range as C-FIND writes it (DICOM PS3.4, C.2.2.2.5)."""
    ends = (end.isoformat().replace("-", "") if end else "" for end in (dates.first, dates.last))
    return "-".join(ends)
