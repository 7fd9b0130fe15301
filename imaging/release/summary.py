"""What came of a release, in counts: of the patients of one run, by pseudonym."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from imaging.dicom.audit import AuditReport, Kind, audit
from imaging.dicom.deidentify import Done, Suspicion
from imaging.errors import ImagingError
from imaging.files import write_json, write_whole
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
        findings: How often the audits found what; empty for a clean release.
        audited: How many files were audited at the end.
    """

    place: ReleaseFolder
    patients: dict[str, PatientRecord]
    earlier: int = 0
    findings: Counter[Kind] = field(default_factory=Counter)
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


def summarise(groups: Sequence[Sequence[ReleasePatient]], run: Release) -> ReleaseSummary:
    """Gather the records of the run's patients, write the list of what was held back, and audit."""
    patients = {}
    for pseudonym in (patient.pseudonym for group in groups for patient in group):
        record = _record(pseudonym, run)
        if record.series or record.failure:
            patients[pseudonym] = record
    _list_held_back(run.place)
    others = {path.stem for path in run.place.all_records()}.difference(
        patient.pseudonym for group in groups for patient in group
    )
    report = _audit(run)
    found = Counter(report.counts()) | _found_before(patients)
    _write_audit(report, patients, run.place)
    return ReleaseSummary(run.place, patients, len(others), found, report.files)


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


def _audit(run: Release) -> AuditReport:
    if not any(path.is_file() for path in run.place.data.rglob("*")):
        return AuditReport((), 0)
    return audit(run.place.data, kept_roi_names=run.options.kept_roi_names)


def _found_before(patients: dict[str, PatientRecord]) -> Counter[Kind]:
    """Count what the audits of single series found against their originals."""
    rows = (series for record in patients.values() for series in record.series.values())
    return Counter(Kind[kind] for series in rows for _, _, kind in series.findings)


def _write_audit(
    report: AuditReport, patients: dict[str, PatientRecord], place: ReleaseFolder
) -> None:
    against = [
        {"series": series.series, "file": file, "place": where, "kind": kind}
        for record in patients.values()
        for series in record.series.values()
        for file, where, kind in series.findings
    ]
    write_json(place.audit, {**report.to_json(), "against_originals": against})
