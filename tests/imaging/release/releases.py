"""Releases for tests: a folder of phantoms in, a release out, and what was asked for on the way."""

import csv
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pydicom

from imaging.dicom import FolderArchive
from imaging.dicom.deidentify import DeidentifyOptions
from imaging.phantoms import PhantomPatient, PhantomSize
from imaging.release import (
    Release,
    ReleaseFolder,
    ReleaseSummary,
    open_release,
    release_group,
    summarise,
)

KEY = b"a key for tests, thirty-two bytes"
SIZE = PhantomSize.tiny()


class Asked:
    """An archive that remembers which instances were fetched."""

    def __init__(self, archive):
        self.archive = archive
        self.fetched: list[str] = []

    def patients(self, patient_ids):
        return self.archive.patients(patient_ids)

    def fetch(self, series, folder, instances=None, on_file=None):
        rows = series.instances if instances is None else instances
        self.fetched += [row.sop_instance_uid for row in rows]
        return self.archive.fetch(series, folder, instances, on_file)


def phantom(number: int = 1, **changes) -> PhantomPatient:
    """A tiny patient."""
    return PhantomPatient.synthetic(
        100 + number, **{"patient_id": f"MRN-77{number:04d}", "size": SIZE, **changes}
    )


def place_in(root: Path, name: str = "trial") -> ReleaseFolder:
    """Where a release of a test lies."""
    return ReleaseFolder.named(name, root)


def begin(place: ReleaseFolder, run_id: str = "run", *, key=KEY, reviewed=(), **options) -> Release:
    """Open a release of an archive."""
    wanted = DeidentifyOptions(**options)
    return open_release(place, key, wanted, run_id, made_of="an archive", reviewed=reviewed)


def release(
    source: Path, root: Path, run_id: str = "run", *, name: str = "trial", **changes
) -> tuple[ReleaseSummary, list[str]]:
    """Release all of a folder; return the summary, and which instances were fetched."""
    place = place_in(root, name)
    with place.at_work(), closing(FolderArchive(source, root / "index.sqlite")) as archive:
        run = begin(place, run_id, **changes)
        groups = run.in_groups(archive.patient_ids())
        asked = Asked(archive)
        for group in groups:
            release_group(asked, group, run)
        return summarise(groups, run), asked.fetched


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def held_back_rows(place: ReleaseFolder) -> list[dict[str, str]]:
    """The list of what was held back."""
    with place.held_back_table.open() as table:
        return list(csv.DictReader(table))


def one_file(source: Path, modality: str = "CT", number: int = 0) -> Path:
    """A file of a modality."""
    return sorted(source.rglob(f"{modality}/*.dcm"))[number]


def change(path: Path, **values) -> Path:
    """Change attributes of a file."""
    dataset = pydicom.dcmread(path)
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path)
    return path


def attributes(folder: Path, keyword: str) -> set[str]:
    """The values that an attribute has in a folder's files."""
    return {str(pydicom.dcmread(path).get(keyword, "")) for path in dicom_files(folder)}


def dicom_files(folder: Path) -> Iterable[Path]:
    """The files of a release."""
    return sorted(folder.rglob("*.dcm"))
