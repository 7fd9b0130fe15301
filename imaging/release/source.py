"""Where the originals come from: an archive, or the cases of a cohort on disk."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from imaging.cohort import CODES, CaseNotes, Decision, Extraction, Outcome, PatientNotes
from imaging.cohort.decision import outcome_of
from imaging.dicom import InstanceRow, PatientRow, SeriesRow, StudyRow
from imaging.dicom.arrival import file_name
from imaging.errors import ImagingError, InstanceGoneError

OnFile = Callable[[InstanceRow, Path], None]

_ABSENT, _OTHER_DATES = "I_EXEC_003", "I_EXEC_010"


class UndecidedError(ImagingError):
    """Whether a case proceeds is not known now; what was released of its patient stays."""


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
    """The cases of a cohort that proceed, where they lie.

    A patient of whom every case was judged, and none proceeds, has no series. A passing failure
    withdraws nothing: it says nothing of the case.
    """

    def __init__(self, run: Extraction) -> None:
        """Take the extraction that retrieved them."""
        self._run = run

    def patients(self, patient_ids: Sequence[str]) -> Iterator[PatientRow]:
        """Tell what the patients' notes hold; see `Source.patients`.

        Raises:
            UndecidedError: A case could not be judged or retrieved, or this run did not try.
        """
        for id_ in patient_ids:
            notes = PatientNotes.read_or_none(self._run.notes(id_))
            if notes is None or notes.run_id != self._run.run_id:
                msg = "not judged in this run"
                raise UndecidedError(msg)
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
        cases = [case for case in notes.taken if _may_proceed(case, notes)]
        if (not cases and not _is_judged(notes)) or any(_is_waiting(case, notes) for case in cases):
            msg = "a case could not be judged or retrieved"
            raise UndecidedError(msg)
        series = merged(self._located(part, case) for case in cases for part in case.parts)
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


def chosen_by(run: Extraction, patient_ids: Iterable[str]) -> list[str]:
    """Return whom a run asks about: of the patients named, those with a study in its dates."""
    return [id_ for id_ in patient_ids if _OTHER_DATES not in _codes_of(run, id_)]


def merged(parts: Iterable[SeriesRow]) -> list[SeriesRow]:
    """Make one row of those that are parts of the same series; an instance counts once."""
    found: dict[tuple[str, str], SeriesRow] = {}
    for part in parts:
        key = (part.study_instance_uid, part.series_instance_uid)
        known = found[key].instances if key in found else ()
        # Without a UID, nothing says that two are the same.
        rows = {row.sop_instance_uid or row.locator: row for row in (*part.instances, *known)}
        found[key] = replace(part, instances=tuple(rows.values()))
    return list(found.values())


def _may_proceed(case: CaseNotes, notes: PatientNotes) -> bool:
    """Whether no rule speaks against a case; what only holds for the moment is no rule."""
    return outcome_of(_lasting((*notes.judged, *case.decisions))) is Outcome.PROCEED


def _is_waiting(case: CaseNotes, notes: PatientNotes) -> bool:
    """Whether a case would proceed, had all been there that it takes."""
    return not case.is_complete or notes.outcome_of(case) is not Outcome.PROCEED


def _is_judged(notes: PatientNotes) -> bool:
    """Whether it is by the rules, or by their absence, that a patient has no case.

    Notes without a basis are of the moment: the archive failed, or changed, or was not asked.
    """
    is_absent = [decision.code for decision in notes.judged] == [_ABSENT]
    return is_absent or (bool(notes.basis) and notes.is_lasting)


def _lasting(decisions: Sequence[Decision]) -> list[Decision]:
    return [one for one in decisions if not CODES[one.code].is_of_the_moment]


def _codes_of(run: Extraction, patient_id: str) -> set[str]:
    notes = PatientNotes.read_or_none(run.notes(patient_id))
    is_of_run = notes is not None and notes.run_id == run.run_id
    return {one.code for one in notes.judged} if notes is not None and is_of_run else set()
