"""What is known of a patient's part of a release: pseudonyms and counts, no original value."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from imaging.files import write_json


@dataclass(frozen=True, slots=True)
class InstanceRecord:
    """What came of one instance.

    Attributes:
        source_size: Length of the source's file in bytes.
        mark: A keyed digest of what the source says of its content; it changes when that does.
        file: Where the output lies, below the release's folder, or below that of what was held
            back; "" where nothing was written.
        held_back: Names of `Suspicion`.
        refused: Why nothing could be made of it.
        done: How many attributes each thing was done to, by names of `Done`.
    """

    source_size: int
    mark: str
    file: str = ""
    held_back: tuple[str, ...] = ()
    refused: str = ""
    done: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_released(self) -> bool:
        """Whether it lies in the release."""
        return bool(self.file) and not self.held_back


@dataclass(frozen=True, slots=True)
class SeriesRecord:
    """What came of one series.

    Attributes:
        study: The new StudyInstanceUID.
        series: The new SeriesInstanceUID.
        modality: As the folder's name has it.
        instances: By new SOPInstanceUID.
        findings: What the audit against the originals found: file, place and kind of each.
    """

    study: str
    series: str
    modality: str
    instances: Mapping[str, InstanceRecord] = field(default_factory=dict)
    findings: tuple[tuple[str, str, str], ...] = ()

    @property
    def key(self) -> str:
        """Names the series among those of the patient."""
        return f"{self.study}/{self.series}"


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """What came of one patient.

    Attributes:
        basis: What the output rests on beside the originals: options, key, edition.
        run_id: The run that wrote this.
        series: By their keys.
        failure: Why the patient is not complete; "" for one that is.
    """

    basis: str
    run_id: str
    series: Mapping[str, SeriesRecord] = field(default_factory=dict)
    failure: str = "not finished"

    @property
    def instances(self) -> Iterator[InstanceRecord]:
        """Every instance of every series."""
        return (one for series in self.series.values() for one in series.instances.values())

    def files(self) -> tuple[set[str], set[str]]:
        """Return the files that were released, and those that were held back."""
        written = [one for one in self.instances if one.file]
        return (
            {one.file for one in written if one.is_released},
            {one.file for one in written if not one.is_released},
        )

    def with_series(self, series: SeriesRecord) -> "PatientRecord":
        """Return the record with one series as it is now."""
        return replace(self, series={**self.series, series.key: series})

    def write(self, path: Path) -> Path:
        """Write the record, whole or not at all."""
        series = [asdict(one) for _, one in sorted(self.series.items())]
        head = {"basis": self.basis, "run_id": self.run_id, "failure": self.failure}
        return write_json(path, {**head, "series": series})

    @classmethod
    def read_or_none(cls, path: Path) -> "PatientRecord | None":
        """Read a record; None where there is none, or another version of this program wrote it."""
        try:
            return cls.read(path)
        except (FileNotFoundError, ValueError, LookupError, TypeError):
            return None

    @classmethod
    def read(cls, path: Path) -> "PatientRecord":
        """Read what `write` wrote."""
        value = json.loads(path.read_text())
        series = [_series(row) for row in value["series"]]
        by_key = {one.key: one for one in series}
        return cls(value["basis"], value["run_id"], by_key, value["failure"])


def _series(row: dict[str, Any]) -> SeriesRecord:
    instances = {uid: _instance(one) for uid, one in row["instances"].items()}
    findings = tuple((file, place, kind) for file, place, kind in row["findings"])
    return SeriesRecord(row["study"], row["series"], row["modality"], instances, findings)


def _instance(row: dict[str, Any]) -> InstanceRecord:
    return InstanceRecord(**{**row, "held_back": tuple(row["held_back"])})
