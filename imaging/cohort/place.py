"""Where a cohort lies on disk; one place that knows the names."""

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from imaging.dicom import Changes
from imaging.errors import ImagingError
from imaging.files import held, write_json, write_whole

_CURSOR = ".cursor"
_CHANGES = ".changes.json"
_RESOLUTIONS = "resolutions.json"


class CohortBusyError(ImagingError):
    """Two runs in one folder would undo each other's work."""


def case_place(case_id: str) -> str:
    """Return where a case of the cohort lies, below its folder."""
    return f"patients/{case_id}"


def left_place(case_id: str, key: str) -> str:
    """Return where the files of a treatment lie that is no case any more."""
    return f"left/{case_id}/{key}"


def quarantine_place(case_id: str, key: str) -> str:
    """Return where a candidate lies that was put aside, below the cohort's folder."""
    return f"quarantine/{case_id}/{key}"


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

    @property
    def quarantine_table(self) -> Path:
        """The table of candidates put aside, as Parquet; a CSV lies beside it."""
        return self.root / "quarantine.parquet"

    def cursor(self) -> str:
        """Return where the archive's change feed stood before the last run; "" when unknown."""
        path = self.root / _CURSOR
        return path.read_text() if path.exists() else ""

    def note_cursor(self, cursor: str, changes: Changes) -> None:
        """Keep where the change feed stands, and what it told of since the last run.

        The cursor counts once the run has been published.
        """
        write_whole(self.root / f"{_CURSOR}-next", cursor)
        write_json(self.root / _CHANGES, changes.to_json())

    def changes(self) -> Changes:
        """Return what the feed told of when this run began; without a word of it, everything."""
        path = self.root / _CHANGES
        return Changes.from_json(json.loads(path.read_text())) if path.exists() else Changes()

    def keep_cursor(self) -> None:
        """Let the cursor of this run count for the next."""
        noted = self.root / f"{_CURSOR}-next"
        if noted.exists():
            noted.replace(self.root / _CURSOR)

    def resolutions(self) -> dict[str, list[str]]:
        """Return what reviewers chose: keys of chains by case id, the latest choice last."""
        return {case: [row["key"] for row in rows] for case, rows in self._resolutions().items()}

    def resolve(self, case_id: str, key: str, reviewer: str, comment: str) -> None:
        """Keep what a reviewer chose; later runs go by it."""
        chosen = self._resolutions()
        when = datetime.now(UTC).isoformat(timespec="seconds")
        row = {"key": key, "reviewer": reviewer, "comment": comment, "when": when}
        earlier = [known for known in chosen.get(case_id, []) if known["key"] != key]
        write_json(self.root / _RESOLUTIONS, chosen | {case_id: [*earlier, row]})

    def _resolutions(self) -> dict[str, list[dict[str, str]]]:
        path = self.root / _RESOLUTIONS
        chosen: dict[str, list[dict[str, str]]] = {}
        return json.loads(path.read_text()) if path.exists() else chosen

    def locked(self) -> AbstractContextManager[None]:
        """Keep every other run out of this cohort; a killed run's hold ends with its process.

        Raises:
            CohortBusyError: Another run is at work here.
        """
        msg = f"another run is at work on the cohort {self.name}; start this one after it"
        return held(self.root / ".lock", CohortBusyError(msg))

    def patient(self, case_id: str) -> Path:
        """Return the folder of a case's files."""
        return self.root / case_place(case_id)

    def dvhs(self, case_id: str) -> Path:
        """Return the folder of a case's DVHs, made by compute-dvh."""
        return self.root / "dvh" / "cases" / case_id

    def all_notes(self) -> list[Path]:
        """Return the notes of every patient, of whatever run."""
        return sorted((self.root / "notes").glob("*.json"))

    def notes(self, case_id: str) -> Path:
        """Return the file of a patient's notes."""
        return self.root / "notes" / f"{case_id}.json"
