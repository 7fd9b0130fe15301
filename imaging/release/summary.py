"""What came of a release, in counts: of the patients of one run, by pseudonym."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from imaging.dicom import FolderArchive
from imaging.dicom.deidentify import Done, Suspicion
from imaging.errors import ImagingError
from imaging.files import write_json, write_whole
from imaging.release.auditing import audit_release
from imaging.release.place import ReleaseFolder
from imaging.release.record import InstanceRecord, PatientRecord
from imaging.release.run import Release
from imaging.release.source import ReleasePatient

_UNENDED = "never ended"
_NUMBER = re.compile(r"\d+")


class ReleaseFailedError(ImagingError):
    """So many patients failed that the release means nothing, or the audit found something."""


@dataclass(frozen=True, slots=True)
class ReleaseSummary:
    """A release after a run.

    Attributes:
        place: Where it lies.
        patients: The records of the run's patients, by pseudonym.
        earlier: How many patients lie in it from earlier runs, whom this one did not choose.
        withdrawn: How many patients were removed from it, as the archive no longer has them.
        unreadable: How many files of the archive could not be read as DICOM at all.
        findings: How often the audits found what; empty for a clean release.
        audited: How many files were audited at the end.
    """

    place: ReleaseFolder
    patients: dict[str, PatientRecord]
    earlier: int = 0
    withdrawn: int = 0
    unreadable: int = 0
    findings: Counter[StrEnum] = field(default_factory=Counter)
    audited: int = 0

    @property
    def failed(self) -> int:
        """Count the patients of whom something is missing."""
        return sum(bool(record.failure) for record in self.patients.values())

    @property
    def instances(self) -> Iterator[InstanceRecord]:
        """Every instance of the run's patients."""
        return (one for record in self.patients.values() for one in record.instances)

    @property
    def released(self) -> Counter[str]:
        """Count the objects released, by modality."""
        counted: Counter[str] = Counter()
        for series in (one for row in self.patients.values() for one in row.series.values()):
            counted[series.modality] += sum(one.is_released for one in series.instances.values())
        return +counted

    @property
    def done(self) -> dict[Done, int]:
        """Count the attributes that each thing was done to."""
        counted: Counter[str] = Counter()
        for one in self.instances:
            counted.update(one.done)
        return {done: counted[done.name] for done in Done if counted[done.name]}

    @property
    def held_back(self) -> Counter[Suspicion]:
        """Count the objects held back, by reason; one may have several."""
        return Counter(Suspicion[name] for one in self.instances for name in one.held_back)

    @property
    def refused(self) -> Counter[str]:
        """Count the objects that nothing could be made of, by reason, whatever its numbers are."""
        reasons = (one.refused for one in self.instances if one.refused)
        return Counter(_NUMBER.sub("…", reason) for reason in reasons)

    @property
    def held_back_objects(self) -> int:
        """Count the objects held back."""
        return sum(bool(one.held_back) for one in self.instances)

    @property
    def to_review(self) -> int:
        """Count the objects that wait for a person to look at their pixels."""
        return sum(bool(one.held_back and one.file) for one in self.instances)

    @property
    def is_clean(self) -> bool:
        """Whether the audits found nothing."""
        return not self.findings

    @property
    def in_words(self) -> str:
        """One line: how many of what."""
        return (
            f"{len(self.patients)} patients, {self.failed} of them not complete;"
            f" {self.released.total()} objects released, {self.held_back_objects} held back,"
            f" {self.refused.total()} refused"
        )

    def check(self, max_failed_percent: float) -> None:
        """Raise ReleaseFailedError when it must not leave, or too much failed."""
        if not self.is_clean:
            msg = (
                f"the audit found {self.findings.total()} things in the release {self.place.name}"
                f" that must not leave; nothing was sent. They are listed in {self.place.audit}"
            )
            raise ReleaseFailedError(msg)
        total = len(self.patients)
        if self.failed and (self.failed == total or 100 * self.failed > max_failed_percent * total):
            msg = (
                f"{self.failed} of {total} patients are not complete; their records in"
                f" {self.place.records} say why. What was released stays, and the next run makes"
                " only what is missing"
            )
            raise ReleaseFailedError(msg)


def summarise(
    groups: Sequence[Sequence[ReleasePatient]], run: Release, source: object = None
) -> ReleaseSummary:
    """Gather the records of the run's patients, write the list of what was held back, and audit.

    Args:
        groups: The run's patients.
        run: The release.
        source: The archive, if it may tell of files that cannot be read as DICOM.
    """
    chosen = {
        patient.pseudonym: _record(patient.pseudonym, run) for one in groups for patient in one
    }
    patients = {name: record for name, record in chosen.items() if record.series or record.failure}
    _list_held_back(run.place)
    paths = [path for path in run.place.all_records() if path.stem not in chosen]
    others = [record for path in paths if (record := PatientRecord.read_or_none(path))]
    audited = audit_release(run.place)
    write_json(run.place.audit, audited.to_json())
    return ReleaseSummary(
        run.place,
        patients,
        earlier=sum(any(one.is_released for one in record.instances) for record in others),
        withdrawn=sum(row.run_id == run.run_id and not row.series for row in others),
        unreadable=len(source.unreadable) if isinstance(source, FolderArchive) else 0,
        findings=audited.counts(),
        audited=audited.files,
    )


def _record(pseudonym: str, run: Release) -> PatientRecord:
    """Return a patient's record of this run; one without is recorded as failed."""
    record = PatientRecord.read_or_none(run.place.record(pseudonym))
    if record is None or record.run_id != run.run_id:
        return PatientRecord(run.basis, run.run_id, {}, _UNENDED)
    return record


def _list_held_back(place: ReleaseFolder) -> None:
    """Write the table of what was held back of the whole release."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["series_instance_uid", "sop_instance_uid", "reasons", "file"])
    for record in map(PatientRecord.read_or_none, place.all_records()):
        for series in record.series.values() if record else ():
            for uid, one in series.instances.items():
                if one.held_back:
                    reasons = "; ".join(Suspicion[name].value for name in one.held_back)
                    table.writerow([series.series, uid, reasons, one.file])
    write_whole(place.held_back_table, text.getvalue())
