"""Where a cohort lies on disk; one place that knows the names."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imaging.errors import ImagingError


class CohortBusyError(ImagingError):
    """Two runs in one folder would undo each other's work."""


@dataclass(frozen=True, slots=True)
class CohortFolder:
    """The folder of one cohort: `<data root>/cohorts/<name>`."""

    root: Path

    @classmethod
    def named(cls, name: str, data_root: Path) -> "CohortFolder":
        """Return the folder of the cohort of that name; nothing is made yet."""
        return cls(data_root / "cohorts" / name)

    @property
    def name(self) -> str:
        """The cohort's name."""
        return self.root.name

    @property
    def manifest(self) -> Path:
        """The table of patients, as Parquet; a CSV of the same content lies beside it."""
        return self.root / "manifest.parquet"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other run out of this cohort; a killed run's hold ends with its process.

        Raises:
            CohortBusyError: Another run is at work here.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                msg = f"another run is at work on the cohort {self.name}; start this one after it"
                raise CohortBusyError(msg) from error
            yield

    def patient(self, case_id: str) -> Path:
        """Return the folder of a patient's DICOM files."""
        return self.root / "patients" / case_id

    def notes(self, case_id: str) -> Path:
        """Return the file of a patient's notes."""
        return self.root / "notes" / f"{case_id}.json"
