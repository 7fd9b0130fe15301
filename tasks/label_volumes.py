"""The steps of comparing volumes of organs; each calls one function of `imaging.segmentations`."""

import logging
from collections.abc import Sequence
from pathlib import Path

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from imaging import segmentations
from imaging.labels import NamedDictionary, given_dictionary
from imaging.segmentations import LabelMapFile, MeasuredFile
from imaging.settings import settings
from tasks.label_maps import UNKNOWN, LabelMapRun
from tasks.progress import TABLE_ROWS, artifact_key

log = logging.getLogger(__name__)


@task(cache_policy=NO_CACHE)
def read_names(dictionary: str) -> NamedDictionary | None:
    """Read the dictionary, if one was given."""
    return given_dictionary(settings().data_root, dictionary)


@task(cache_policy=NO_CACHE, task_run_name="measure-{file.case_id}")
def measure_file(file: LabelMapFile, names: NamedDictionary | None, folder: Path) -> MeasuredFile:
    """Measure the labels of one file, or find that nothing has changed."""
    return segmentations.measure_file(file, names, folder)


@task(cache_policy=NO_CACHE)
def publish_volumes(
    results: Sequence[MeasuredFile],
    run: LabelMapRun,
    organs: Sequence[str],
    outlier_threshold: float,
    max_failed_percent: float,
) -> Path:
    """Write the tables and plots and show what stands out; fail where too much did."""
    by_case = {result.case_id: result for result in results}
    every = [
        by_case.get(file.case_id, MeasuredFile(file.case_id, run.folder, failure=UNKNOWN))
        for file in run.files
    ]
    summary = segmentations.summarise_volumes(
        every, run.folder, run.title, organs=organs, threshold=outlier_threshold
    )
    log.info("%s", summary.in_words)
    create_table_artifact(
        summary.rows(TABLE_ROWS),
        key=artifact_key("volumes", run.title),
        description=f"Volumes of organs in {run.title}, what stands out first."
        f" {summary.in_words}. All: {summary.volumes.with_suffix('.csv')}",
    )
    create_markdown_artifact(
        summary.page(),
        key=artifact_key("organs", run.title),
        description=f"Volumes of organs in {run.title}: {summary.in_words}",
    )
    return summary.check(max_failed_percent)
