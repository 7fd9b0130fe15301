"""The steps of filtering label maps; each calls one function of `imaging.segmentations`."""

import logging
from collections.abc import Sequence
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
)
from imaging.settings import settings
from tasks.label_maps import UNKNOWN, LabelMapRun
from tasks.progress import TABLE_ROWS, artifact_key

log = logging.getLogger(__name__)


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
    results: Sequence[FilterResult], run: LabelMapRun, max_failed_percent: float
) -> Path:
    """Write the tables and show labels and pictures; fail where too much did."""
    by_case = {result.file.case_id: result for result in results}
    every = (by_case.get(file.case_id, FilterResult(file, failure=UNKNOWN)) for file in run.files)
    summary = FilterSummary(tuple(every), run.folder, run.title)
    summary.write()
    log.info("%s", summary.in_words)
    rows = summary.rows(TABLE_ROWS)
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
