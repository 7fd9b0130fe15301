"""Where the originals come from: an archive, or the cases of a cohort on disk."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from imaging.cohort import CaseNotes, Extraction, Outcome, PatientNotes
from imaging.dicom import InstanceRow, PatientRow, SeriesRow, StudyRow
from imaging.dicom.arrival import file_name
from imaging.errors import InstanceGoneError

OnFile = Callable[[InstanceRow, Path], None]


@dataclass(frozen=True, slots=True)
class ReleasePatient:
    """A patient to release.

    Attributes:
        pseudonym: What their PatientID becomes.
        patient_ids: The PatientIDs, as the source spells them.
    """

    pseudonym: str
    patient_ids: tuple[str, ...] = field(repr=False)


class Source(Protocol):
    """What a release asks of where the originals are; every `Archive` is one."""

    def patients(self, patient_ids: Sequence[str]) -> Iterator[PatientRow]:
        """Tell what there is of the patients named; one who is not there is left out."""
        ...

    def fetch(
        self,
        series: SeriesRow,
        folder: Path,
        instances: Sequence[InstanceRow] | None = None,
        on_file: OnFile | None = None,
    ) -> int:
        """Give ``on_file`` the file of each instance, in ``folder`` or where it lies already.

        Raises:
            InstanceGoneError: Some are no longer there; the others were given first.
            DicomError: A file is not what was listed; the others were given.
        """
        ...


class CohortSource:
    """The cases of a cohort that proceed and are complete, where they lie.

    A patient of the run without such a case has no series; one whom it does not know is absent.
    """

    def __init__(self, run: Extraction) -> None:
        """Take the extraction that retrieved them."""
        self._run = run

    def patients(self, patient_ids: Sequence[str]) -> Iterator[PatientRow]:
        """Tell what the patients' notes hold; see `Source.patients`."""
        for id_ in patient_ids:
            notes = PatientNotes.read_or_none(self._run.notes(id_))
            if notes is not None:
                yield PatientRow(id_, tuple(self._studies(notes))).in_order()

    def fetch(
        self,
        series: SeriesRow,
        folder: Path,
        instances: Sequence[InstanceRow] | None = None,
        on_file: OnFile | None = None,
    ) -> int:
        """Give the files as they lie in the cohort; see `Source.fetch`."""
        del folder
        rows = series.instances if instances is None else instances
        there = [row for row in rows if Path(row.locator).exists()]
        give = on_file or (lambda _row, _path: None)
        for row in there:
            give(row, Path(row.locator))
        if len(there) < len(rows):
            gone = {row.sop_instance_uid for row in rows}
            raise InstanceGoneError(sorted(gone - {row.sop_instance_uid for row in there}))
        return sum(row.size for row in there)

    def _studies(self, notes: PatientNotes) -> Iterator[StudyRow]:
        """Yield the studies of the cases that proceed."""
        proceeding = [
            self._located(part, case)
            for case in notes.taken
            if case.is_complete and notes.outcome_of(case) is Outcome.PROCEED
            for part in case.parts
        ]
        series = merged(proceeding)
        for uid in dict.fromkeys(row.study_instance_uid for row in series):
            own = tuple(row for row in series if row.study_instance_uid == uid)
            yield StudyRow(uid, "", "", own)

    def _located(self, part: SeriesRow, case: CaseNotes) -> SeriesRow:
        folder = self._run.cohort.root / case.place / part.modality
        rows = (
            replace(row, locator=str(folder / file_name(row.sop_instance_uid)))
            for row in part.instances
        )
        return replace(part, instances=tuple(rows))


def merged(parts: Iterable[SeriesRow]) -> list[SeriesRow]:
    """Make one row of those that are parts of the same series; an instance counts once."""
    found: dict[tuple[str, str], SeriesRow] = {}
    for part in parts:
        key = (part.study_instance_uid, part.series_instance_uid)
        known = found[key].instances if key in found else ()
        rows = {row.sop_instance_uid: row for row in (*part.instances, *known)}
        found[key] = replace(part, instances=tuple(rows.values()))
    return list(found.values())
