"""Where a release lies on disk: what may leave, and apart from it what must not."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imaging.errors import ImagingError
from imaging.files import PART_SUFFIX, held

_UNFINISHED = f".*{PART_SUFFIX}-*"  # as `whole_file` names what a killed process leaves


class ReleaseBusyError(ImagingError):
    """Two runs of one release would remove each other's files."""


@dataclass(frozen=True, slots=True)
class ReleaseFolder:
    """The folders of one release.

    Attributes:
        data: What may leave: folders of patients by pseudonym, and nothing else.
        records: What stays: staged originals while a run lasts, what was held back, records.
        crosswalk: Who became whom, encrypted; only where that was asked for.
    """

    data: Path
    records: Path
    crosswalk: Path

    @classmethod
    def named(cls, name: str, data_root: Path) -> "ReleaseFolder":
        """Return the folders of the release of that name; nothing is made yet."""
        return cls(
            data_root / "released" / name,
            data_root / "release-records" / name,
            data_root / "crosswalks" / f"{name}.crosswalk",
        )

    @property
    def name(self) -> str:
        """The release's name."""
        return self.data.name

    @property
    def head(self) -> Path:
        """What the whole release goes by."""
        return self.records / "release.json"

    @property
    def staging(self) -> Path:
        """Originals that are being worked on."""
        return self.records / "staging"

    @property
    def held_back(self) -> Path:
        """Copies of what was held back, laid out as the release is."""
        return self.records / "held_back"

    @property
    def held_back_table(self) -> Path:
        """The list of what was held back."""
        return self.records / "held_back.csv"

    @property
    def audit(self) -> Path:
        """Every finding of the last audit."""
        return self.records / "audit.json"

    def record(self, pseudonym: str) -> Path:
        """Return the file of a patient's record."""
        return self.records / "patients" / f"{pseudonym}.json"

    def all_records(self) -> list[Path]:
        """Return the records of every patient, of whatever run."""
        return sorted((self.records / "patients").glob("*.json"))

    def sent(self, pseudonym: str) -> Path:
        """Return the file that says what of a patient was sent where."""
        return self.records / "sent" / f"{pseudonym}.json"

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Keep every other run out, and leave no original behind, nor what a killed run left.

        Raises:
            ReleaseBusyError: Another run is at work here.
        """
        make_private(self.records.parent)
        make_private(self.records)
        msg = f"another run is at work on the release {self.name}; start this one after it"
        with held(self.records / ".lock", ReleaseBusyError(msg)):
            self._sweep()
            try:
                yield
            finally:
                remove_tree(self.staging)

    def _sweep(self) -> None:
        remove_tree(self.staging)
        for folder in (self.data, self.held_back):
            for file in list(folder.rglob(_UNFINISHED)):
                file.unlink()
            _remove_empty(folder)


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may enter."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that is in it, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)


def keep_only(folder: Path, wanted: set[Path]) -> int:
    """Remove every other file below a folder, and folders left empty; return how many files."""
    stale = [
        path
        for path in folder.rglob("*")
        if (path.is_symlink() or not path.is_dir()) and path not in wanted
    ]
    for path in stale:
        path.unlink()
    _remove_empty(folder)
    return len(stale)


def _remove_empty(folder: Path) -> None:
    """Remove a folder and those below it, as far as they hold no file."""
    folders = [path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink()]
    for path in [*sorted(folders, reverse=True), *[folder] * folder.is_dir()]:
        if not any(path.iterdir()):
            path.rmdir()
