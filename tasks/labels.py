"""The steps of filtering label maps; each calls one function of `imaging.segmentations`."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from imaging import segmentations
from imaging.segmentations import (
    FilterRequest,
    FilterResult,
    FilterSummary,
    LabelMapFile,
    LabelMaps,
)
from imaging.settings import settings
from tasks.progress import artifact_key

log = logging.getLogger(__name__)

_OUTPUTS = "filtered-labels"
_TABLE_ROWS = 400  # keeps the table under 100 KB: the UI's list page loads every artifact whole
_UNKNOWN = "it failed in a way nobody foresaw; the log of its task says how"


@dataclass(frozen=True, slots=True)
class FilterRun:
    """Label maps, and the folder that this run holds for what is kept of them."""

    files: tuple[LabelMapFile, ...]
    folder: Path
    title: str


@contextmanager
def filtering(source: str, pattern: str, output: str) -> Iterator[FilterRun]:
    """Find what to filter, and hold the folder of the outputs for this run."""
    found = find_label_maps(source, pattern)
    folder = settings().data_root / (output.strip() or Path(_OUTPUTS, found.title))
    with segmentations.outputs_in(folder):
        yield FilterRun(found.files, folder, found.title)


@task(cache_policy=NO_CACHE)
def find_label_maps(source: str, pattern: str) -> LabelMaps:
    """Return the label maps that a file, a folder, a cohort or a table stands for."""
    return segmentations.label_maps_of(source, settings(), pattern=pattern.strip() or "*")


@task(cache_policy=NO_CACHE)
def read_request(**asked: Any) -> FilterRequest:
    """Turn what was asked in the form into a request, reading the dictionary."""
    return segmentations.request_of(settings().data_root, **asked)


@task(cache_policy=NO_CACHE, task_run_name="filter-{file.case_id}")
def filter_file(file: LabelMapFile, request: FilterRequest, folder: Path) -> FilterResult:
    """Keep the labels asked for, or find that it was done."""
    return segmentations.filter_file(file, request, folder)


@task(cache_policy=NO_CACHE)
def publish_filtered(
    results: Sequence[FilterResult], run: FilterRun, max_failed_percent: float
) -> Path:
    """Write the tables and show labels and pictures; fail where too much did."""
    by_case = {result.file.case_id: result for result in results}
    every = (by_case.get(file.case_id, FilterResult(file, failure=_UNKNOWN)) for file in run.files)
    summary = FilterSummary(tuple(every), run.folder, run.title)
    summary.write()
    log.info("%s", summary.in_words)
    rows = summary.rows(_TABLE_ROWS)
    create_table_artifact(
        rows,
        key=artifact_key("kept", run.title),
        description=f"Labels kept, {len(rows)} rows. {summary.in_words}."
        f" All: {summary.kept_table.with_suffix('.csv')}",
    )
    create_markdown_artifact(
        segmentations.page_of(summary, settings()),
        key=artifact_key("label-maps", run.title),
        description=f"Pictures. {summary.in_words}",
    )
    summary.check(max_failed_percent)
    return run.folder
