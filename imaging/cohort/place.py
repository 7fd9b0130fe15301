"""Where a cohort lies on disk; one place that knows the names."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from imaging.errors import ImagingError
from imaging.files import held


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

    def locked(self) -> AbstractContextManager[None]:
        """Keep every other run out of this cohort; a killed run's hold ends with its process.

        Raises:
            CohortBusyError: Another run is at work here.
        """
        msg = f"another run is at work on the cohort {self.name}; start this one after it"
        return held(self.root / ".lock", CohortBusyError(msg))

    def patient(self, case_id: str) -> Path:
        """Return the folder of a patient's DICOM files."""
        return self.root / "patients" / case_id

    def notes(self, case_id: str) -> Path:
        """Return the file of a patient's notes."""
        return self.root / "notes" / f"{case_id}.json"
