"""Which label maps a run is about: one file, a folder, a cohort, or a table that lists them."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from imaging.cohort import CohortFolder, read_manifest
from imaging.dicom.arrival import names_a_file
from imaging.errors import InputError
from imaging.labels import stem_of
from imaging.segmentations.listed import listed_files, lists_files
from imaging.settings import Settings, case_id, project_key

log = logging.getLogger(__name__)

OUTPUTS = ".outputs"  # a file that marks a folder of outputs, so that they are nobody's input

_ENDINGS = (".nii", ".nii.gz", ".hdr", ".hdr.gz")  # of a pair the header stands for both
_TABLES = {".csv", ".tsv", ".parquet"}
_MANIFEST, _MANIFESTS = "manifest.parquet", {"manifest.parquet", "manifest.csv"}
_IN_A_CASE = Path("nifti")  # where a cohort has a case's volumes
_LABELS, _IMAGE = "labels.nii.gz", "CT.nii.gz"

Naming = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class LabelMapFile:
    """One label map of a run.

    Attributes:
        case_id: What it is called where others look on: of the cohort, or made of the file's place,
            so that it names nobody. No two label maps of a run share it.
        path: Where it lies.
        relative: Where its outputs go, below their folder; no two differ by their ending alone.
        image: The CT on the same grid, where it is known.
        is_expected: Whether it is a failure that no file is there, as where a table names one; a
            case of a cohort may have none.
        is_named_by_us: Whether ``relative`` names nobody, either.
    """

    case_id: str
    path: Path
    relative: Path
    image: Path | None = None
    is_expected: bool = True
    is_named_by_us: bool = True


@dataclass(frozen=True, slots=True)
class LabelMaps:
    """The label maps of a run.

    Attributes:
        title: What their results are called: the name of the cohort, the folder or the table, or
            the case id of a single file.
    """

    files: tuple[LabelMapFile, ...]
    title: str


def label_maps_of(source: str, settings: Settings, *, pattern: str = "*") -> LabelMaps:
    """Find label maps.

    Args:
        source: A label map; a folder, in which those below count too, but for hidden ones and for
            outputs of filters; a cohort's name, its folder or its manifest; or a table (``.csv``,
            ``.tsv``, ``.parquet``) with a column ``labels``, ``file`` or ``path``, and perhaps one
            of ``case_id`` or ``patient``. Relative paths count from the data root, those in a table
            from its folder first.
        settings: Where the data root is, and whether names may be shown.
        pattern: A shell pattern for the names of a folder's files, or for their paths below it.

    Raises:
        InputError: Nothing was given, it is not there or cannot be read, or holds no label map.
    """
    if not (asked := source.strip()):
        msg = "give a label map, a folder, a cohort or a table that lists label maps"
        raise InputError(msg)
    try:
        return _found(asked, settings, pattern)
    except OSError as error:  # all of the error names files
        msg = f"the source cannot be read: {error.strerror}"
        raise InputError(msg) from error


def _found(asked: str, settings: Settings, pattern: str) -> LabelMaps:
    path, naming = settings.data_root / asked, _naming(settings)
    manifest = _manifest(path, CohortFolder.named(asked, settings.data_root))
    if manifest is not None:
        files, title = _of_cohort(manifest), manifest.parent.name
    elif path.is_dir():
        files, title = _in_folder(path, pattern, naming), path.resolve().name
    elif not path.is_file():
        msg = "there is no such file, folder or cohort; paths count from the data root"
        raise InputError(msg)
    elif path.suffix.lower() in _TABLES:
        files, title = _in_table(path, settings.data_root, naming), path.stem
    else:
        files, title = iter([_placed(path, path.parent, naming)]), ""
    found = tuple(_apart(files))
    if not found:
        msg = "no label map is there: .nii, .nii.gz, or .hdr with .img"
        raise InputError(msg)
    return LabelMaps(found, title or found[0].case_id)


def _manifest(path: Path, cohort: CohortFolder) -> Path | None:
    """Tell a cohort by its manifest, its folder or its name; people's own tables are none."""
    given = [path] if path.name in _MANIFESTS else []
    places = (*given, path / _MANIFEST, cohort.manifest)
    found = (each for each in places if each.is_file() and not lists_files(each))
    return next(found, None)


def _of_cohort(manifest: Path) -> Iterator[LabelMapFile]:
    """Give the label map of every case with a folder, wherever the cohort was moved to since."""
    cohort = CohortFolder(manifest.parent)
    for row in read_manifest(manifest).to_dict("records"):
        if not row["folder"]:
            continue  # this patient was excluded
        beside = cohort.patient(row["case_id"])
        folder = (beside if beside.exists() else Path(row["folder"])) / _IN_A_CASE
        image = folder / _IMAGE
        yield LabelMapFile(
            case_id=row["case_id"],
            path=folder / _LABELS,
            relative=Path(row["case_id"]) / _LABELS,
            image=image if image.is_file() else None,
            is_expected=False,
        )


def _in_folder(folder: Path, pattern: str, naming: Naming) -> Iterator[LabelMapFile]:
    """Give the label maps of a folder and of those below, sorted by their paths."""
    for path in sorted(_below(folder)):
        relative = path.relative_to(folder)
        if fnmatchcase(path.name, pattern) or fnmatchcase(relative.as_posix(), pattern):
            yield _placed(path, folder, naming)


def _below(folder: Path) -> Iterator[Path]:
    """Give the images in a folder, but for hidden ones and for outputs below it."""
    for place, folders, files in os.walk(folder, onerror=_tell):
        here = Path(place)
        folders[:] = [
            name for name in folders if name[0] != "." and not (here / name / OUTPUTS).exists()
        ]
        yield from (here / name for name in files if name[0] != "." and _ending(here / name))


def _tell(error: OSError) -> None:
    log.warning("a folder below the source is left out: %s", error.strerror)


def _placed(path: Path, folder: Path, naming: Naming) -> LabelMapFile:
    """Name a file by its place in a folder; the place may name a patient, so others see a hash."""
    relative = path.relative_to(folder)
    return LabelMapFile(naming(_words(relative)), path, relative, is_named_by_us=False)


def _in_table(table: Path, data_root: Path, naming: Naming) -> Iterator[LabelMapFile]:
    """Give the label maps that a table lists."""
    for row in listed_files(table):
        beside = table.parent / row.file
        path = beside if beside.exists() else data_root / row.file
        name = row.case_id if names_a_file(row.case_id) else ""
        name = name or naming(row.case_id or row.patient or _words(row.file))
        yield LabelMapFile(name, path, Path(name) / f"labels{_ending(path) or '.nii.gz'}")


def _apart(files: Iterable[LabelMapFile]) -> Iterator[LabelMapFile]:
    """Tell label maps apart that have one name, or whose outputs would."""
    names: set[str] = set()
    places: set[str] = set()
    for file in files:
        name, count = file.case_id, 1
        while name in names:
            count += 1
            name = f"{file.case_id}-{count}"
        names.add(name)
        relative = file.relative
        if _stem(relative) in places:
            relative = Path(name) / relative.name
        places.add(_stem(relative))
        yield replace(file, case_id=name, relative=relative)


def _naming(settings: Settings) -> Naming:
    """Return what names a patient or a file where others look on."""

    def name(text: str) -> str:
        if settings.show_patient_ids and names_a_file(text):
            return text
        return case_id(text, project_key(settings))

    return name


def _words(relative: Path) -> str:
    return "_".join((*relative.parts[:-1], stem_of(relative)))


def _stem(relative: Path) -> str:
    return relative.with_name(stem_of(relative)).as_posix().casefold()


def _ending(path: Path) -> str:
    """Return what tells the format of a label map; empty for other files."""
    ending = path.name[len(stem_of(path)) :]
    return ending if ending.lower() in _ENDINGS else ""
