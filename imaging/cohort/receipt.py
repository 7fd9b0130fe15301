"""What lies whole on disk, kept as a journal so that a killed run is resumed where it stopped."""

import json
from pathlib import Path
from typing import Any

from imaging.dicom import InstanceRow
from imaging.files import PART_SUFFIX, write_whole

_OURS = ("*.dcm", f"*{PART_SUFFIX}")


class Receipt:
    """The journal of one patient's folder: a line a file, appended once the file has its name.

    A line torn by a kill is ignored; its file is then fetched once more.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "receipt.jsonl"
        self._rows: dict[str, list[Any]] = {}
        if self._path.exists():
            for line in self._path.read_text().splitlines():
                self._read(line)

    def _read(self, line: str) -> None:
        try:
            name, size, fingerprint = json.loads(line)
        except ValueError:
            return
        self._rows[name] = [size, fingerprint]

    def holds(self, row: InstanceRow, file: Path) -> bool:
        """Whether the file is there, as long as listed, and of the content that is listed now."""
        if self._rows.get(self._name(file)) != [row.size, row.fingerprint]:
            return False
        return file.exists() and file.stat().st_size == row.size

    def knows_more_than(self, files: list[Path]) -> bool:
        """Whether a file is there that is not among these."""
        return not {self._name(file) for file in files}.issuperset(self._rows)

    def add(self, row: InstanceRow, file: Path) -> None:
        """Note that the file is there and whole."""
        name = self._name(file)
        self._rows[name] = [row.size, row.fingerprint]
        with self._path.open("a") as journal:
            journal.write(json.dumps([name, row.size, row.fingerprint]) + "\n")

    def keep_only(self, files: list[Path]) -> int:
        """Delete the DICOM files that are no longer part of the patient; return how many.

        Beside those that this journal knows, that is any DICOM file or unfinished copy in the
        folders of ``files``: a kill may come between a file's name and its line here.
        """
        wanted = {self._name(file) for file in files}
        stale = {name for name in self._rows if name not in wanted}
        for folder in {file.parent for file in files}:
            beside = (self._name(path) for end in _OURS for path in folder.glob(end))
            stale.update(name for name in beside if name not in wanted)
        for name in stale:
            (self._folder / name).unlink(missing_ok=True)
            self._rows.pop(name, None)
        lines = [json.dumps([name, *row]) for name, row in sorted(self._rows.items())]
        write_whole(self._path, "".join(line + "\n" for line in lines))
        return len(stale)

    def _name(self, file: Path) -> str:
        return file.relative_to(self._folder).as_posix()
