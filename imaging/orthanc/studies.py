"""Which patients Orthanc has, and their studies: asked for page by page, and remembered."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imaging.dicom.identity import HeldIds, without_padding
from imaging.dicom.rows import DateRange, StudyRow
from imaging.dicom.tags import tag_text
from imaging.errors import RemoteUnavailableError
from imaging.orthanc.client import OrthancClient

_PAGE_STUDIES = 2000  # an answer of a megabyte
_MOST_NAMED = 200
_MOST_STEPS_BACK = 100

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Study:
    """A study as the first query lists it.

    Attributes:
        orthanc_id: Made of PatientID and StudyInstanceUID: two patients never share it.
        row: The study, its series still to be found. PatientName is that of this study: Orthanc's
            patient has the name that came first.
    """

    orthanc_id: str
    row: StudyRow

    @classmethod
    def from_answer(cls, answer: Answer) -> "Study":
        """Read one expanded study."""
        tags = answer["MainDicomTags"]
        row = StudyRow(
            study_instance_uid=tag_text(tags, "StudyInstanceUID"),
            study_date=tag_text(tags, "StudyDate"),
            description=tag_text(tags, "StudyDescription"),
            series=(),
            stable=answer["IsStable"],
            patient_name=tag_text(answer["PatientMainDicomTags"], "PatientName"),
            patient_birth_date=tag_text(answer["PatientMainDicomTags"], "PatientBirthDate"),
            study_time=tag_text(tags, "StudyTime"),
        )
        return cls(answer["ID"], row)


Patients = Mapping[str, Sequence[Study]]


def query_for(patients: Patients) -> dict[str, str]:
    """Return a query that matches all that is in the studies of patients, and perhaps more."""
    uids = {study.row.study_instance_uid for own in patients.values() for study in own}
    return {"StudyInstanceUID": "\\".join(sorted(uids))}


class Studies:
    """Finds patients by their ids and studies; remembers the last full list.

    Orthanc matches patterns where a PatientID holds `*` or `?`, so its answer may hold others too;
    what is returned never does.
    """

    def __init__(self, client: OrthancClient) -> None:
        self._client = client
        self._everyone: Patients = {}
        self._everyones_ids = HeldIds({})
        self._padded: Patients | None = None

    def everyone(self) -> Patients:
        """Ask for all, and remember them."""
        self._everyone = self._find({})
        self._everyones_ids = HeldIds(self._everyone)
        return self._everyone

    def is_everyone(self, patients: Patients) -> bool:
        """Tell whether these are all, as far as that was heard."""
        return len(patients) == len(self._everyone) and patients.keys() == self._everyone.keys()

    def in_range(self, dates: DateRange) -> list[str]:
        """Return the PatientIDs with a study in a range that is not open at both ends."""
        found = self._find({"StudyDate": _range(dates)})
        # With an open beginning, Orthanc counts an empty date among the earliest.
        return [
            patient_id
            for patient_id, studies in found.items()
            if any(dates.contains(study.row.study_date) for study in studies)
        ]

    def named(self, patient_ids: Iterable[str]) -> Patients:
        """Return the studies of the patients meant, in that order, each patient once."""
        names = list(dict.fromkeys(patient_ids))
        known, ids = self._known(names)
        return {held: known[held] for name in names for held in ids.meant_by(name)}

    def _known(self, names: Sequence[str]) -> tuple[Patients, HeldIds]:
        """Return the studies of at least the patients meant, if possible without asking again.

        A name that holds the backslash between alternatives, or nothing at all, cannot be asked
        for, nor can a crowd.
        """
        if all(name in self._everyone for name in names):
            return self._everyone, self._everyones_ids
        if len(names) > _MOST_NAMED or any(not name.strip() or "\\" in name for name in names):
            return self.everyone(), self._everyones_ids
        asked = {spelling for name in names for spelling in (name, without_padding(name))}
        found = self._find({"PatientID": "\\".join(sorted(asked))})
        if not all(name in found for name in names):
            found = {**self._with_blanks(), **found}
        return found, HeldIds(found)

    def _with_blanks(self) -> Patients:
        """Return the patients whose ids begin with a blank; asked for once, for there are few."""
        if self._padded is None:
            self._padded = self._find({"PatientID": " *"})
        return self._padded

    def _find(self, query: Mapping[str, str]) -> Patients:
        """Return the studies that match, by PatientID."""
        patients: dict[str, list[Study]] = {}
        for answer in _paged(self._client, query):
            patient_id = answer["PatientMainDicomTags"].get("PatientID", "")
            patients.setdefault(patient_id, []).append(Study.from_answer(answer))
        return patients


def _paged(client: OrthancClient, query: Mapping[str, str]) -> Iterator[Answer]:
    """Yield the studies that match, once each, while others come and go.

    Orthanc counts into a list that it keeps in a fixed order. Each page begins with a study of the
    one before: where that is not so, studies were deleted and some would be passed over.

    Raises:
        RemoteUnavailableError: So much is being deleted that the list cannot be followed.
    """
    seen: set[str] = set()
    since = steps_back = 0
    while True:
        page = client.find("Study", query, since=since, limit=_PAGE_STUDIES)
        if since and not (page and page[0]["ID"] in seen):
            since, steps_back = max(0, since - _PAGE_STUDIES), steps_back + 1
            if steps_back > _MOST_STEPS_BACK:
                msg = "The studies are deleted faster than they can be listed"
                raise RemoteUnavailableError(msg)
            continue
        yield from (found for found in page if found["ID"] not in seen)
        seen.update(found["ID"] for found in page)
        if len(page) < _PAGE_STUDIES:
            return
        since += len(page) - 1


def _range(dates: DateRange) -> str:
    """Return a range as C-FIND writes it (DICOM PS3.4, C.2.2.2.5)."""
    ends = (end.isoformat().replace("-", "") if end else "" for end in (dates.first, dates.last))
    return "-".join(ends)
