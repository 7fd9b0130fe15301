"""The steps of an extraction, with retries; each calls one function of `imaging.cohort`."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from prefect import allow_failure, task
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run

from imaging import cohort as rules
from imaging.cohort import (
    CohortFailedError,
    CohortFolder,
    CohortSpecification,
    CohortSummary,
    Extraction,
    PatientSelection,
)
from imaging.settings import project_key, settings
from tasks.connections import open_archive
from tasks.progress import artifact_key
from tasks.retry import is_transient, remote_task

log = logging.getLogger(__name__)

_TABLE_ROWS = 300  # keeps the artifact under 100 KB: the UI's list page loads every artifact whole


@contextmanager
def extraction(
    cohort: str, specification: CohortSpecification, file: Path | None
) -> Iterator[Extraction]:
    """Hold a cohort's folder for this run, and give what its steps share."""
    place = settings()
    folder = CohortFolder.named(cohort, place.data_root)
    key = project_key(place)
    with folder.locked():
        if file is not None and file.parts:  # an empty field of a form is the path of nothing
            specification = read_specification(file, folder)
        rules.write_specification(specification, folder.root / "specification.yaml")
        yield Extraction(folder, specification, str(flow_run.id), key)


@task(cache_policy=NO_CACHE)
def read_specification(file: Path, folder: CohortFolder) -> CohortSpecification:
    """Read the specification from YAML or a PDCP configuration, and show what was translated."""
    read = rules.read_specification(settings().data_root / file, folder.root)
    if read.report:
        create_markdown_artifact(
            read.report,
            artifact_key("translation", folder.name),
            description=f"What of {file.name} became what",
        )
    return read.specification


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=is_transient)
def choose_patients(archive: str, selection: PatientSelection, run: Extraction) -> list[list[str]]:
    """Ask the archive who is there, and return the PatientIDs to look at, in batches."""
    with open_archive(archive) as source:
        return rules.choose(source, selection, settings().data_root, run)


@remote_task
def decide_batch(patient_ids: list[str], archive: str, run: Extraction) -> list[Path]:
    """List and judge a batch of patients; return the notes of those to retrieve."""
    with open_archive(archive, known=True) as source:
        return rules.decide_batch(source, patient_ids, run)


@remote_task
def retrieve_patients(group: list[Path], archive: str, run: Extraction) -> int:
    """Bring some patients' files to disk; what is there already is not fetched again."""
    with open_archive(archive, known=True) as source:
        rules.retrieve_group(source, group, run.cohort, run.specification.dose)
    return len(group)


@task(cache_policy=NO_CACHE)
def prepare_patients(group: list[Path], run: Extraction) -> int:
    """Write images, masks, doses and pictures of some patients; what is there is left as it is."""
    return rules.prepare_group(group, run.cohort, run.specification)


def prepare_after(
    retrieving: Sequence[PrefectFuture[int]], groups: Sequence[list[Path]], run: Extraction
) -> list[PrefectFuture[int]]:
    """Prepare each group once its retrieval has ended, well or not: some of it may be complete."""
    return [
        prepare_patients.submit(
            group=group, run=run, wait_for=[allow_failure(future)], return_state=False
        )
        for future, group in zip(retrieving, groups, strict=True)
    ]


@task(cache_policy=NO_CACHE)
def publish_cohort(batches: Sequence[Sequence[str]], run: Extraction) -> CohortSummary:
    """Write the manifest, and show the decisions."""
    summary = rules.publish([id_ for batch in batches for id_ in batch], run)
    _show(summary, run.cohort.name)
    return summary


@task(cache_policy=NO_CACHE)
def report_cohort(run: Extraction, archive: str) -> Path:
    """Write the report, the workbook and the methods paragraph, and link to them."""
    with open_archive(archive, known=True) as source:
        kind = source.in_words
    report = rules.write_report(
        run.cohort, run.specification, archive=kind, show_ids=settings().show_patient_ids
    )
    name = run.cohort.name
    create_link_artifact(
        report.page.as_uri(),
        key=artifact_key("report", name),
        link_text=f"Report of cohort {name}",
        description=f"Report {report.page}; workbook {report.workbook}",
    )
    create_markdown_artifact(
        f"{report.paragraph}\n\nFile: `{report.methods}`",
        artifact_key("methods", name),
        description=f"Methods paragraph of cohort {name}",
    )
    return report.page


@task(cache_policy=NO_CACHE)
def check_cohort(summary: CohortSummary, max_failed_percent: float, *, has_dvhs: bool) -> Path:
    """Fail when nothing succeeded, too much failed, or the DVHs did; return the manifest."""
    summary.check(max_failed_percent)
    if not has_dvhs:
        msg = f"the cohort is written, {summary.manifest}, but compute-dvh failed: see its run"
        raise CohortFailedError(msg)
    return summary.manifest


def _show(summary: CohortSummary, name: str) -> None:
    """Leave artifacts: how it went in words, the table of decisions, and pictures."""
    table = summary.table
    shown = ["patient_id"] * settings().show_patient_ids + [
        "case_id",
        "course",
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
    in_cohort = table.loc[table["folder"] != "", "folder"]
    if pictures := rules.sheets_as_markdown(map(Path, in_cohort)):
        create_markdown_artifact(
            pictures,
            artifact_key("rois", name),
            description=f"Central slices of every ROI, first cases of {name}; the report has all",
        )
    log.info("cohort %s: %s", name, summary.in_words)
