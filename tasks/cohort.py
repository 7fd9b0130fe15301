"""The steps of an extraction, with retries; each calls one function of `imaging.cohort`."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from prefect.tasks import exponential_backoff

from imaging import cohort as rules
from imaging.cohort import CohortFolder, CohortRules, CohortSummary, Extraction, PatientSelection
from imaging.settings import project_key, settings
from tasks.connections import open_archive
from tasks.progress import artifact_key
from tasks.retry import is_transient

log = logging.getLogger(__name__)

_TABLE_ROWS = 300  # keeps the artifact under 100 KB: the UI's list page loads every artifact whole


@contextmanager
def extraction(cohort: str, cohort_rules: CohortRules) -> Iterator[Extraction]:
    """Hold a cohort's folder for this run, and give what its steps share."""
    place = settings()
    folder = CohortFolder.named(cohort, place.data_root)
    key = project_key(place)
    with folder.locked():
        yield Extraction(folder, cohort_rules, str(flow_run.id), key)


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=is_transient)
def choose_patients(archive: str, selection: PatientSelection) -> list[list[str]]:
    """Ask the archive who is there, and return the PatientIDs to look at, in batches."""
    with open_archive(archive) as source:
        return rules.choose(source, selection, settings().data_root)


@task(
    cache_policy=NO_CACHE,
    retries=3,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=0.5,
    retry_condition_fn=is_transient,
)
def decide_batch(patient_ids: list[str], archive: str, run: Extraction) -> list[Path]:
    """List and judge a batch of patients; return the notes of those to retrieve."""
    with open_archive(archive, known=True) as source:
        return rules.decide_batch(source, patient_ids, run)


@task(
    cache_policy=NO_CACHE,
    retries=3,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=0.5,
    retry_condition_fn=is_transient,
)
def retrieve_patients(group: list[Path], archive: str, run: Extraction) -> int:
    """Bring some patients' files to disk; what is there already is not fetched again."""
    with open_archive(archive, known=True) as source:
        rules.retrieve_group(source, group, run.cohort)
    return len(group)


@task(cache_policy=NO_CACHE)
def publish_cohort(
    batches: Sequence[Sequence[str]], run: Extraction, max_failed_percent: float
) -> Path:
    """Write the manifest, show the decisions, and fail when too much failed."""
    summary = rules.publish([id_ for batch in batches for id_ in batch], run)
    _show(summary, run)
    summary.check(max_failed_percent)
    return summary.manifest


def _show(summary: CohortSummary, run: Extraction) -> None:
    """Leave two artifacts: how it went in words, and the table of decisions."""
    table, name = summary.table, run.cohort.name
    shown = ["patient_id"] * settings().show_patient_ids + [
        "case_id",
        "outcome",
        "reason",
        "slices",
        "fetched",
        "unchanged",
        "codes",
    ]
    create_table_artifact(
        {column: table[column].head(_TABLE_ROWS).tolist() for column in shown},
        key=artifact_key("decisions", name),
        description=f"Decisions of cohort {name}, {min(len(table), _TABLE_ROWS)} of {len(table)}",
    )
    create_markdown_artifact(
        summary.to_markdown(name), artifact_key("cohort", name), description=summary.in_words
    )
    log.info("cohort %s: %s", name, summary.in_words)
