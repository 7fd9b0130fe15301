"""Where a cohort lies on disk; one place that knows the names."""

from dataclasses import dataclass
from pathlib import Path


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

    def patient(self, case_id: str) -> Path:
        """Return the folder of a patient's DICOM files."""
        return self.root / "patients" / case_id

    def notes(self, case_id: str) -> Path:
        """Return the file of a patient's notes."""
        return self.root / "notes" / f"{case_id}.json"
