"""What an earlier run made of a label map: read to do nothing twice."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from imaging.files import PART_SUFFIX, write_json
from imaging.labels import NamedDictionary, stem_of
from imaging.labels.source import pair_of
from imaging.segmentations.outgoing import KeptLabel
from imaging.segmentations.request import FilterRequest
from imaging.segmentations.sources import LabelMapFile

_VERSION = 1  # raise it when the same input gives other files
NO_LABEL_MAP = "no label map"
_ENDINGS = (".json", ".tsv", ".png")


@dataclass(frozen=True, slots=True)
class FilterResult:
    """What became of one label map.

    Attributes:
        kept: The labels that stayed; none where nothing that was asked for is there.
        absent: What of the request the file has not one voxel of.
        names_from: How the dictionary was found.
        failure: Why nothing was written; empty where it was.
        reused: Whether an earlier run had done it.
        has_file: Whether there is a label map, which a case of a cohort may lack.
    """

    file: LabelMapFile
    kept: tuple[KeptLabel, ...] = ()
    absent: tuple[str, ...] = ()
    names_from: str = ""
    failure: str = ""
    reused: bool = False
    has_file: bool = True

    @property
    def outcome(self) -> str:
        """What became of it, in a few words."""
        if not self.has_file:
            return NO_LABEL_MAP
        if self.failure:
            return "failed"
        done = "unchanged" if self.reused else "written"
        return done if self.kept else f"{done}, empty"


def beside(target: Path, ending: str) -> Path:
    """Return the file called like an image, with another ending."""
    return target.with_name(stem_of(target) + ending)


def key_of(file: LabelMapFile, request: FilterRequest, names: NamedDictionary) -> str:
    """Hash all that the outputs depend on: files by name, size and time, and every choice.

    Raises:
        OSError: A file is gone.
    """
    inputs = [*(pair_of(file.path) or (file.path,))]
    if request.has_pictures and file.image is not None:
        inputs.append(file.image)
    choices = [request.keep, dict(request.remap), request.missing, request.compress_level]
    choices += [request.has_pictures, names.where, repr(names.dictionary.labels)]
    text = json.dumps([_VERSION, [_identity(path) for path in inputs], choices])
    return hashlib.sha256(text.encode()).hexdigest()


def earlier(file: LabelMapFile, key: str, target: Path) -> FilterResult | None:
    """Return what an earlier run with the same key made, if all of it is still there."""
    try:
        record = json.loads(beside(target, ".json").read_text(encoding="utf-8"))
        sizes = {target.with_name(name): size for name, size in record["outputs"].items()}
        if record["key"] != key or any(path.stat().st_size != sizes[path] for path in sizes):
            return None
        kept = tuple(KeptLabel(**each) for each in record["kept"])
        absent, names_from = tuple(record["absent"]), record["names_from"]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None  # there is none, or part of it is gone: it is made again
    return FilterResult(file, kept, absent, names_from, reused=True)


def write_record(result: FilterResult, key: str, target: Path) -> None:
    """List what was written; this comes last, and says that all is there."""
    written = [*_images(target), *(beside(target, ending) for ending in _ENDINGS[1:])]
    record: dict[str, Any] = {
        "version": _VERSION,
        "key": key,
        "outputs": {path.name: path.stat().st_size for path in written if path.exists()},
        "names_from": result.names_from,
        "absent": result.absent,
        "kept": [asdict(each) for each in result.kept],
    }
    write_json(beside(target, ".json"), record)


def remove_outputs(target: Path) -> None:
    """Remove what an earlier run wrote of a label map, or was killed while writing.

    The record goes first: without it, what is left is known to be incomplete.
    """
    for path in (*(beside(target, ending) for ending in _ENDINGS), *_images(target)):
        path.unlink(missing_ok=True)
        _remove_parts(target.parent.glob(f".*{PART_SUFFIX}-*"), path.name)


def _remove_parts(parts: Iterable[Path], name: str) -> None:
    for part in parts:
        if part.name.endswith(f"{PART_SUFFIX}-{name}"):
            part.unlink(missing_ok=True)


def _images(target: Path) -> tuple[Path, ...]:
    return pair_of(target) or (target,)


def _identity(path: Path) -> tuple[str, int, int]:
    """Tell a file from others, and from itself after a change."""
    state = path.stat()
    return path.name, state.st_size, state.st_mtime_ns
