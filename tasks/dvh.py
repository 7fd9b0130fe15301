"""The steps of a DVH calculation; each calls one function of `imaging`."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from imaging import rt
from imaging.rt import CaseResult, DvhCase, DvhOptions, DvhSummary
from imaging.settings import settings
from imaging.treatments import Treatments, treatments_of
from tasks.progress import TABLE_ROWS, artifact_key

log = logging.getLogger(__name__)

_PICTURES = 24  # likewise: pictures of more cases stay files


Files = tuple[Path | None, Path | None, Path | None]


@contextmanager
def calculation(
    manifest: str | None, files: Files, *, include_review: bool
) -> Iterator[Treatments]:
    """Find what to calculate, and hold the folder of its results for this run."""
    treatments = find_treatments(manifest, files, include_review=include_review)
    with treatments.locked():
        yield treatments


@task(cache_policy=NO_CACHE)
def find_treatments(manifest: str | None, files: Files, *, include_review: bool) -> Treatments:
    """Return the cases of a cohort, or the one of RTSTRUCT, RTDOSE and RTPLAN given by path."""
    return treatments_of(manifest, files, settings().data_root, include_review=include_review)


@task(cache_policy=NO_CACHE)
def read_options(**asked: Any) -> DvhOptions:
    """Turn what was asked in the form into options, reading the file of goals."""
    return rt.options_of(settings().data_root, **asked)


@task(cache_policy=NO_CACHE, task_run_name="dvh-{case.case_id}")
def calculate_case(case: DvhCase, options: DvhOptions, folder: Path) -> CaseResult:
    """Calculate the DVHs of one case, or find that nothing has changed."""
    return rt.calculate_case(case, options, folder)


@task(cache_policy=NO_CACHE)
def publish_dvhs(
    results: Sequence[CaseResult], options: DvhOptions, treatments: Treatments
) -> Path:
    """Write the tables and the report, and show metrics and plots."""
    summary = rt.gather(results, options, treatments.folder, treatments.title)
    reused = sum(result.reused for result in results)
    log.info("%s cases, %s unchanged since the last run", len(results), reused)
    _show_metrics(summary, treatments.title)
    _show_goals(summary, options, treatments.title)
    _show_population(summary, treatments.title)
    for result in [result for result in results if not result.failure][:_PICTURES]:
        stored = rt.load_case(result.folder, options.alpha_beta_gy)
        if stored is not None:
            page = rt.case_markdown(stored, options)
            create_markdown_artifact(
                page,
                key=artifact_key("dvh", result.case.case_id),
                description=f"DVHs of {result.case.case_id} in {treatments.title}",
            )
    return summary.report


def _show_goals(summary: DvhSummary, options: DvhOptions, title: str) -> None:
    """Show who failed which goal; nothing where there are no goals."""
    if summary.goals is None or options.goals is None:
        return
    rows = rt.failed_goals(summary.goals)
    counts = summary.goals["outcome"].value_counts().to_dict()
    said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    create_table_artifact(
        rows[:TABLE_ROWS],
        key=artifact_key("goals", title),
        description=f"{options.goals.title} in {title}: {said}. Listed: what did not pass, "
        f"{min(len(rows), TABLE_ROWS)} of {len(rows)} rows. All: {summary.folder / 'goals.csv'}",
    )


def _show_population(summary: DvhSummary, title: str) -> None:
    """Show the spread of the curves, where there is more than one case."""
    cases = summary.metrics["case_id"].nunique()
    if cases < 2:
        return
    picture = summary.folder / "population.png"
    shown = f"![DVHs of {cases} cases]({summary.spread})"
    create_markdown_artifact(
        f"## {title}\n\n{shown}\n\nPicture: {picture}. Table: {summary.folder / 'population.csv'}",
        key=artifact_key("population", title),
        description=f"DVHs of {cases} cases of {title}: median and spread per structure",
    )


def _show_metrics(summary: DvhSummary, title: str) -> None:
    rows = rt.wide_table(summary.metrics)
    failed = "".join(f"; {case}: {reason}" for case, reason in summary.failures.items())
    create_table_artifact(
        rows[:TABLE_ROWS],
        key=artifact_key("metrics", title),
        description=f"DVH metrics of {title}, {min(len(rows), TABLE_ROWS)} of {len(rows)} rows."
        f" All: {summary.folder / 'metrics.csv'}. Report: {summary.report}{failed}",
    )
