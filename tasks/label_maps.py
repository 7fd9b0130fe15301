"""Which label maps a run is about, and the folder it holds for its results."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from imaging import segmentations
from imaging.segmentations import LabelMapFile, LabelMaps
from imaging.settings import settings

UNKNOWN = "it failed in a way nobody foresaw; the log of its task says how"


@dataclass(frozen=True, slots=True)
class LabelMapRun:
    """Label maps, and the folder that this run holds for what it makes of them."""

    files: tuple[LabelMapFile, ...]
    folder: Path
    title: str


@contextmanager
def label_maps(source: str, pattern: str, output: str, *, below: str) -> Iterator[LabelMapRun]:
    """Find the label maps, and hold the folder of the results for this run.

    Args:
        source: A file, a folder, a cohort or a table.
        pattern: Of a folder only files with such names.
        output: The folder of the results, from the data root; empty for one of the source's name.
        below: The folder that the latter lies in.
    """
    found = find_label_maps(source, pattern)
    folder = settings().data_root / (output.strip() or Path(below, found.title))
    with segmentations.outputs_in(folder):
        yield LabelMapRun(found.files, folder, found.title)


@task(cache_policy=NO_CACHE)
def find_label_maps(source: str, pattern: str) -> LabelMaps:
    """Return the label maps that a file, a folder, a cohort or a table stands for."""
    return segmentations.label_maps_of(source, settings(), pattern=pattern.strip() or "*")
