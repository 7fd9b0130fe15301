"""An audit of a folder: every file judged and searched, and told of without its values."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from imaging.dicom.audit.findings import AuditReport, Finding, Kind
from imaging.dicom.audit.judging import UIDS, Judge
from imaging.dicom.audit.listing import files_of
from imaging.dicom.audit.objects import AuditedObject, read_object
from imaging.dicom.audit.searching import Search
from imaging.dicom.audit.source import SourceIdentity, collect
from imaging.dicom.audit.structure import structural_findings
from imaging.errors import DicomError, InputError

_FILE_NAME, _FOLDER_NAME = "file name", "folder name"


class _Found(NamedTuple):
    """A finding in a file, or a folder, that has no label yet."""

    path: str
    place: str
    kind: Kind


def audit(
    folder: Path,
    source: Path | None = None,
    planted: Iterable[str] = (),
    on_progress: Callable[[int, int], None] | None = None,
    *,
    kept_roi_names: Sequence[str] = (),
) -> AuditReport:
    """Search de-identified output for what is left of an identity.

    Args:
        folder: The output; everything in it is searched, hidden files too.
        source: What the output was made of: its names, numbers, institutions, UIDs and dates are
            looked for. Dates only in the object that they are of, and names of fewer than three
            letters and numbers of fewer than four characters not at all: they turn up by chance.
        planted: Further values to be found anywhere, the pixels' bytes included.
        on_progress: Is told how many files are done, and of how many.
        kept_roi_names: Names and patterns of ROIs that were kept beside those of TG-263.

    Raises:
        InputError: A folder cannot be listed, or holds nothing to search or to look for.
    """
    folder = Path(folder)
    files = files_of(folder)
    if not files:
        msg = "the folder holds no files"
        raise InputError(msg)
    tick = _ticking(on_progress, len(files) + (len(files_of(source)) if source else 0))
    identity = collect(Path(source), tick) if source else SourceIdentity()
    return _Audit(folder, files, Search(identity, planted), kept_roi_names).run(tick)


class _Audit:
    """One run; DICOM goes first, as it says whether UIDs were retained."""

    def __init__(
        self, folder: Path, files: Sequence[str], search: Search, kept_roi_names: Sequence[str]
    ) -> None:
        self._folder = folder
        self._files = files
        self._search = search
        self._kept = kept_roi_names
        self._found: list[_Found] = []
        self._unjudged: set[str] = set()

    def run(self, tick: Callable[[], None]) -> AuditReport:
        others = []
        for path in self._files:
            if not (self._folder / path).is_file():  # to open a pipe would wait for ever
                self._found.append(_Found(path, "", Kind.UNREADABLE))
                self._unjudged.add(path)
            elif not self._is_judged(path):
                others.append(path)
                continue
            tick()
        for path in others:
            self._search_other(path)
            tick()
        self._unjudged.update(others)
        return self._report()

    def _is_judged(self, path: str) -> bool:
        """Judge a DICOM file; False where it is none, or broken."""
        try:
            audited = read_object(self._folder / path)
        except (DicomError, OSError):
            self._found.append(_Found(path, "", Kind.UNREADABLE))
            return False
        if audited is None:
            return False
        found = [*structural_findings(audited), *self._judged(audited)]
        found += self._search.in_object(audited)
        if (Kind.PLANTED not in {kind for _, kind in found}) and self._search.in_bytes(
            self._folder / path
        ):
            found.append(("bytes", Kind.PLANTED))
        self._search.retains_uids |= UIDS in audited.codes
        self._found += [_Found(path, place, kind) for place, kind in found]
        return True

    def _judged(self, audited: AuditedObject) -> list[tuple[str, Kind]]:
        judge = Judge(audited.codes, self._kept)
        kinds = ((element, judge.kind(element)) for element in audited.elements)
        return [(element.place, kind) for element, kind in kinds if kind is not None]

    def _search_other(self, path: str) -> None:
        try:
            kinds = self._search.in_file(self._folder / path)
        except OSError:
            kinds = {Kind.UNREADABLE}
        for kind in sorted(kinds):
            place = "" if kind is Kind.UNREADABLE else "content"  # "" as a broken file has it
            self._found.append(_Found(path, place, kind))

    def _report(self) -> AuditReport:
        """Name what was found, but for names that tell something themselves."""
        parents = {str(parent) for path in self._files for parent in Path(path).parents}
        folders = sorted(parents - {"."})
        telling = {path: kinds for path in (*folders, *self._files) if (kinds := self._name(path))}
        labels = _labels("folder", folders, telling) | _labels("file", self._files, telling)
        kept = set(folders)
        for path, kinds in telling.items():
            place = _FOLDER_NAME if path in kept else _FILE_NAME
            self._found += [_Found(path, place, kind) for kind in sorted(kinds)]
        order = {path: number for number, path in enumerate([*folders, *self._files])}
        found = sorted(set(self._found), key=lambda one: (order[one.path], one.place, one.kind))
        findings = tuple(Finding(labels[path], place, kind) for path, place, kind in found)
        unreadable = tuple(labels[path] for path in sorted(self._unjudged))
        return AuditReport(findings, len(self._files), unreadable)

    def _name(self, path: str) -> set[Kind]:
        return self._search.in_name(Path(path).name)


def _labels(what: str, paths: Sequence[str], telling: Iterable[str]) -> dict[str, str]:
    """Return what to call files or folders: their paths, or where these tell, their numbers."""
    told = set(telling)
    labels = {}
    for number, path in enumerate(paths, start=1):
        steps = {path, *map(str, Path(path).parents)}
        labels[path] = _printable(path) if told.isdisjoint(steps) else f"{what} {number}"
    return labels


def _printable(path: str) -> str:
    """Return a path; bytes in it that are not UTF-8 are spelled out."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _ticking(on_progress: Callable[[int, int], None] | None, total: int) -> Callable[[], None]:
    """Return what counts a file, and tells of it."""
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if on_progress is not None:
            on_progress(done, total)

    return tick
