"""The steps of a release, with retries; each calls one function of `imaging.release`."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from prefect import task, unmapped
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from prefect.tasks import exponential_backoff

from imaging import release as rules
from imaging.cohort import Extraction, PatientSelection, choose
from imaging.dicom.deidentify import DeidentifyOptions
from imaging.release import (
    CohortSource,
    Release,
    ReleaseFolder,
    ReleasePatient,
    ReleaseSummary,
)
from imaging.release.crosswalk import Row
from imaging.settings import release_key, settings
from tasks.connections import open_archive, open_destination
from tasks.progress import artifact_key, settle
from tasks.retry import is_transient

log = logging.getLogger(__name__)

Groups = list[list[ReleasePatient]]

_TABLE_ROWS = 500  # keeps the artifact under 100 KB


@contextmanager
def releasing(
    name: str,
    options: DeidentifyOptions,
    *,
    reviewed: Sequence[str] = (),
    destination: str = "",
    crosswalk: bool = False,
) -> Iterator[Release]:
    """Hold a release for this run, and give what its steps share; what is missing is told first."""
    folder = ReleaseFolder.named(name, settings().data_root)
    key = release_key(settings())
    if crosswalk:
        rules.check_crosswalk(folder, _passphrase())
    if destination:
        with open_destination(destination) as server:
            server.cursor()  # it can be reached, and lets us in
    with folder.at_work():
        yield rules.open_release(
            folder, key, options, str(flow_run.id), made_of="an archive", reviewed=reviewed
        )


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=is_transient)
def choose_release(archive: str, selection: PatientSelection, run: Release) -> Groups:
    """Ask the archive who is there, and return the patients to release, in groups."""
    with open_archive(archive) as source:
        batches = choose(source, selection, settings().data_root)
    return run.in_groups([id_ for batch in batches for id_ in batch])


@task(
    cache_policy=NO_CACHE,
    retries=3,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=0.5,
    retry_condition_fn=is_transient,
)
def release_patients(group: list[ReleasePatient], archive: str, run: Release) -> int:
    """De-identify some patients; what is there already is neither fetched nor written again."""
    with open_archive(archive, known=True) as source:
        return rules.release_group(source, group, run)


@task(cache_policy=NO_CACHE)
def release_cases(group: list[ReleasePatient], extraction: Extraction, run: Release) -> int:
    """De-identify the cases of some patients out of the cohort's own files."""
    return rules.release_group(CohortSource(extraction), group, run)


@task(cache_policy=NO_CACHE)
def audit_release(groups: Groups, run: Release) -> ReleaseSummary:
    """Gather what came of the patients, and search the release for what must not be in it."""
    return rules.summarise(groups, run)


@task(
    cache_policy=NO_CACHE,
    retries=3,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=0.5,
    retry_condition_fn=is_transient,
)
def send_patients(group: list[ReleasePatient], destination: str, run: Release) -> int:
    """Send what was released of some patients and has not been sent before."""
    pseudonyms = [patient.pseudonym for patient in group]
    with open_destination(destination, known=True) as server:
        return rules.send_patients(pseudonyms, destination, server.upload, run)


def send_release(summary: ReleaseSummary, groups: Groups, destination: str, run: Release) -> str:
    """Send a clean release; return in words what was sent, "" where nothing was to be."""
    if not destination:
        return ""
    if not summary.is_clean:
        return "Nothing was sent: the audit found something."
    sending = send_patients.map(groups, unmapped(destination), unmapped(run))
    sent = settle(sending, f"sending-{run.place.name}", "Patients sent, in groups")
    lost = len(groups) - len(sent)
    failed = f" **{lost} of {len(groups)} steps failed; run again.**" if lost else ""
    return f"Sent to `{destination}`: {sum(sent)} objects that it did not have from here.{failed}"


@task(
    cache_policy=NO_CACHE,
    retries=3,
    retry_delay_seconds=exponential_backoff(2),
    retry_condition_fn=is_transient,
)
def write_crosswalk(archive: str, groups: Groups, run: Release) -> Path:
    """Write who became whom, encrypted; nothing of it is kept elsewhere."""
    rows: list[list[Row]] = []
    with open_archive(archive, known=True) as source:
        rows = [rules.crosswalk_rows(source, group, run) for group in groups]
    return rules.write_crosswalk(rows, run.place, _passphrase())


@task(cache_policy=NO_CACHE)
def report_release(summary: ReleaseSummary, sent: str = "", *, crosswalk: bool = False) -> None:
    """Leave artifacts: how it went in words, and the table of patients by pseudonym."""
    name = summary.place.name
    create_markdown_artifact(
        rules.as_markdown(summary, sent, crosswalk=crosswalk),
        artifact_key("release", name),
        description=summary.in_words,
    )
    shown = min(len(summary.patients), _TABLE_ROWS)
    create_table_artifact(
        rules.as_table(summary, _TABLE_ROWS),
        key=artifact_key("released-patients", name),
        description=f"Patients of release {name}, {shown} of {len(summary.patients)}",
    )
    log.info("release %s: %s", name, summary.in_words)


@task(cache_policy=NO_CACHE)
def check_release(summary: ReleaseSummary, max_failed_percent: float) -> Path:
    """Fail when it must not leave, nothing succeeded or too much failed; return its folder."""
    summary.check(max_failed_percent)
    return summary.place.data


def check_wanted(options: DeidentifyOptions | None) -> None:
    """Fail before anything is fetched, where a release is wanted and its secret is too short."""
    if options is not None:
        release_key(settings())


def release_cohort(
    batches: Sequence[Sequence[str]],
    extraction: Extraction,
    options: DeidentifyOptions | None,
    max_failed_percent: float,
) -> Path | None:
    """Release the cases of a cohort that proceed, from the files on disk; None asks for none."""
    if options is None:
        return None
    folder = ReleaseFolder.named(extraction.cohort.name, settings().data_root)
    key = release_key(settings())
    with folder.at_work():
        run = rules.open_release(
            folder, key, options, extraction.run_id, made_of="a cohort's cases"
        )
        groups = run.in_groups([id_ for batch in batches for id_ in batch])
        making = release_cases.map(groups, unmapped(extraction), unmapped(run))
        settle(making, f"deidentifying-{folder.name}", "Patients de-identified, in groups")
        summary = audit_release(groups, run)
        report_release(summary)
        return check_release(summary, max_failed_percent)


def _passphrase() -> str:
    return settings().crosswalk_key.get_secret_value()
