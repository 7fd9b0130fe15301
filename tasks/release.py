"""The steps of a release, with retries; each calls one function of `imaging.release`."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from prefect import task, unmapped
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from imaging import release as rules
from imaging.cohort import Extraction, PatientSelection, choose
from imaging.dicom.deidentify import DeidentifyOptions
from imaging.errors import InputError
from imaging.release import (
    CohortSource,
    Release,
    ReleaseFailedError,
    ReleaseFolder,
    ReleasePatient,
    ReleaseSummary,
    Sent,
)
from imaging.release.source import chosen_by
from imaging.settings import release_key, settings
from tasks.connections import open_archive, open_destination
from tasks.progress import artifact_key, settle
from tasks.retry import is_transient, remote_task

log = logging.getLogger(__name__)

Groups = list[list[ReleasePatient]]

_NO_CROSSWALK = (
    "The crosswalk could not be written; the state of its step says why. The release is as this"
    " report says, and the next run with `crosswalk` on writes it"
)
_NOT_SENT = "the release is made, but not all of it was sent: the next run sends the rest"
_TABLE_ROWS = 500  # keeps the artifact under 100 KB


@contextmanager
def releasing(  # noqa: PLR0913 - what the form asks for
    name: str,
    options: DeidentifyOptions,
    archive: str,
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
            folder,
            key,
            options,
            str(flow_run.id),
            made_of=f"the archive {archive!r}",
            reviewed=reviewed,
        )


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=is_transient)
def choose_release(archive: str, selection: PatientSelection, run: Release) -> Groups:
    """Ask the archive who is there, and return the patients to release, in groups.

    Where everyone is chosen, whom the archive no longer has leaves the release.
    """
    with open_archive(archive) as source:
        batches = choose(source, selection, settings().data_root)
    groups = run.in_groups([id_ for batch in batches for id_ in batch])
    if selection == PatientSelection():
        rules.withdraw_absent(groups, run)
    return groups


@remote_task
def release_patients(group: list[ReleasePatient], archive: str, run: Release) -> int:
    """De-identify some patients; what is there already is neither fetched nor written again."""
    with open_archive(archive, known=True) as source:
        return rules.release_group(source, group, run)


@task(cache_policy=NO_CACHE)
def release_cases(group: list[ReleasePatient], extraction: Extraction, run: Release) -> int:
    """De-identify the cases of some patients out of the cohort's own files."""
    return rules.release_group(CohortSource(extraction), group, run)


@task(cache_policy=NO_CACHE)
def audit_release(groups: Groups, run: Release, archive: str = "") -> ReleaseSummary:
    """Gather what came of the patients, and search the release for what must not be in it."""
    if not archive:
        return rules.summarise(groups, run)
    with open_archive(archive, known=True) as source:
        return rules.summarise(groups, run, source)


@remote_task
def send_patients(pseudonyms: list[str], destination: str, run: Release) -> Sent:
    """Send what was released of some patients and the server lacks."""
    with open_destination(destination, known=True) as server:
        return rules.send_patients(pseudonyms, destination, server, run)


class Sending(NamedTuple):
    """What came of sending a release.

    Attributes:
        in_words: What was sent; "" where nothing was to be.
        is_complete: Nothing that was to be sent was not.
    """

    in_words: str = ""
    is_complete: bool = True


def send_release(summary: ReleaseSummary, destination: str, run: Release) -> Sending:
    """Send a clean release, wholly."""
    if not destination:
        return Sending()
    if not summary.is_clean:
        return Sending("Nothing was sent: the audit found something.")
    groups = rules.groups_to_send(run)
    sending = send_patients.map(groups, unmapped(destination), unmapped(run))
    sent = settle(sending, f"sending-{run.place.name}", "Patients sent, in groups")
    said = rules.sent_in_words(sent, destination)
    lost = len(groups) - len(sent)
    if lost:
        said += f" **{lost} of {len(groups)} steps failed; run again.**"
    return Sending(said, is_complete=not lost)


@remote_task
def write_crosswalk(archive: str, groups: Groups, run: Release) -> Path:
    """Write who became whom, encrypted; nothing of it is kept elsewhere."""
    with open_archive(archive, known=True) as source:
        rows = [rules.crosswalk_rows(source, group, run) for group in groups]
    return rules.write_crosswalk(rows, run.place, _passphrase())


@task(cache_policy=NO_CACHE)
def report_release(
    summary: ReleaseSummary, sent: str = "", *, crosswalk: bool = False, has_crosswalk: bool = True
) -> None:
    """Leave artifacts: how it went in words, and the table of patients by pseudonym."""
    name = summary.place.name
    said = [sent] * bool(sent) + [f"**{_NO_CROSSWALK}.**"] * (not has_crosswalk)
    create_markdown_artifact(
        rules.as_markdown(summary, "\n\n".join(said), crosswalk=crosswalk and has_crosswalk),
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
def check_release(
    summary: ReleaseSummary,
    max_failed_percent: float,
    *,
    is_sent: bool = True,
    has_crosswalk: bool = True,
) -> Path:
    """Fail when it must not leave, or too much failed, or a last step; return its folder."""
    summary.check(max_failed_percent)
    if not is_sent:
        raise ReleaseFailedError(_NOT_SENT)
    if not has_crosswalk:
        raise ReleaseFailedError(_NO_CROSSWALK)
    return summary.place.data


@contextmanager
def releasing_cases(
    cohort: str, options: DeidentifyOptions | None, reviewed: Sequence[str] = ()
) -> Iterator[Release | None]:
    """Hold the release of a cohort's cases, so that hours later it can be made; None without.

    Raises:
        InputError: The release was made of something else or under another key, a series said to be
            reviewed is none of it, or one is named and no release is wanted.
    """
    if options is None:
        if reviewed:
            msg = "`reviewed_series` without `deidentify`: no release is made"
            raise InputError(msg)
        yield None
        return
    folder = ReleaseFolder.named(cohort, settings().data_root)
    key = release_key(settings())
    with folder.at_work():
        yield rules.open_release(
            folder, key, options, str(flow_run.id), made_of="a cohort's cases", reviewed=reviewed
        )


def release_cohort(
    batches: Sequence[Sequence[str]],
    extraction: Extraction,
    run: Release | None,
    max_failed_percent: float,
) -> Path | None:
    """Release the cases of a cohort that proceed, from the files on disk; None asks for none."""
    if run is None:
        return None
    named = [id_ for batch in batches for id_ in batch]
    groups = run.in_groups(chosen_by(extraction, named))
    making = release_cases.map(groups, unmapped(extraction), unmapped(run))
    settle(making, f"deidentifying-{run.place.name}", "Patients de-identified, in groups")
    summary = audit_release(groups, run)
    report_release(summary)
    return check_release(summary, max_failed_percent)


def _passphrase() -> str:
    return settings().crosswalk_key.get_secret_value()
