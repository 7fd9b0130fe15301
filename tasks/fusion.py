"""The steps of a fusion up to the vendor; each calls one function of `imaging.fusion`."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from imaging.dicom.deidentify import Deidentifier
from imaging.errors import ImagingError, InputError, SettingError
from imaging.fusion import journey
from imaging.fusion.case import FusionCase, case_of, read_cases
from imaging.fusion.connection import VendorConnection
from imaging.fusion.job import Job, JobState
from imaging.fusion.journey import Prepared, Progress
from imaging.fusion.journey.watching import silent
from imaging.fusion.ledger import Ledger
from imaging.fusion.specification import FusionSpecification
from imaging.fusion.vendor import FusionClient
from imaging.settings import release_key, settings
from tasks.connections import find_vendor
from tasks.progress import TABLE_ROWS, artifact_key, progress_bar
from tasks.retry import remote_task

log = logging.getLogger(__name__)

_FILES = ("upper_scan", "lower_scan", "cbct")


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What became of one case of a batch.

    Attributes:
        case: Its name.
        state: `SUBMITTED`, ..., `dry run`, or `refused`.
        reason: What that means, and why it is so.
    """

    case: str
    state: str
    reason: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether a person must do something before it can be submitted."""
        return self.state in {"refused", JobState.FAILED}

    @property
    def is_rehearsed(self) -> bool:
        """Whether it was checked and nothing else."""
        return self.state == "dry run"


def find_case(case: str, files: Mapping[str, Path | None], series: str) -> FusionCase:
    """Return the case that a form describes."""
    given = {name: path or Path() for name, path in files.items()}
    return case_of(settings().data_root, case, given, series)


def find_cases(worklist: Path | None) -> list[FusionCase]:
    """Return the cases of a CSV file."""
    if worklist is None or not worklist.parts:
        name, msg = "worklist", "a batch needs a CSV file of cases"
        raise SettingError(name, msg)
    return read_cases(settings().data_root / worklist.expanduser(), settings().data_root)


@task(cache_policy=NO_CACHE)
def check_case(case: FusionCase, specification: FusionSpecification) -> Prepared:
    """Check scans and CBCT, and show what they are; nothing leaves this machine."""
    prepared = journey.prepare(case, specification)
    create_table_artifact(
        prepared.rows(),
        key=artifact_key("fusion-checks", case.case),
        description=f"Inputs of {case.case}: all checks passed, nothing is sent yet",
    )
    return prepared


@task(cache_policy=NO_CACHE)
def rehearse_case(prepared: Prepared, connection: str, *, deidentify: bool, asked: bool) -> bool:
    """Show what would be sent, if that was asked for or there is no account to send it with."""
    if not asked and find_vendor(connection) is not None:
        return False
    rehearsal = journey.rehearse(prepared, settings().data_root, _deidentifier(wanted=deidentify))
    why = "A dry run was asked for." if asked else _NO_ACCOUNT
    create_markdown_artifact(
        f"{why}\n\n{rehearsal.to_markdown()}",
        artifact_key("fusion", prepared.case.case),
        description=f"{prepared.case.case}: dry run, nothing was sent or paid for",
    )
    return True


@remote_task
def submit_case(
    prepared: Prepared, connection: str, *, deidentify: bool, draco: bool, submit_again: bool
) -> Job:
    """Pack, upload and submit a case once, or join what was submitted before."""
    name = prepared.case.case
    job = _submit(
        prepared,
        connection,
        deidentify=deidentify,
        draco=draco,
        submit_again=submit_again,
        progress=progress_bar(f"fusion-{name}-sent", f"{name} to the vendor"),
    )
    if not job.collected:  # else it would take the place of the picture
        create_markdown_artifact(
            journey.job_as_markdown(job),
            artifact_key("fusion", job.case),
            description=f"{job.case}: {job.state}",
        )
    return job


@task(cache_policy=NO_CACHE)
def wait_for_case(job: Job) -> Job:
    """Ask the vendor until the job is done."""
    with Ledger.of(settings()) as ledger, client_of(job.connection) as client:
        return journey.wait_inline(job, ledger=ledger, client=client)


@task(cache_policy=NO_CACHE, task_run_name="hand-in-{case.case}")
def hand_in(  # noqa: PLR0913 - each is a choice of the form
    case: FusionCase,
    specification: FusionSpecification,
    connection: str,
    *,
    dry_run: bool,
    deidentify: bool,
    draco: bool,
    submit_again: bool,
) -> HandedIn:
    """Check and submit one case of many; a refusal is an outcome, and no failure of the others."""
    try:
        prepared = journey.prepare(case, specification)
        if dry_run or find_vendor(connection) is None:
            return HandedIn(case.case, "dry run", "checked; nothing was sent or paid for")
        job = _submit(
            prepared, connection, deidentify=deidentify, draco=draco, submit_again=submit_again
        )
    except SettingError:
        raise
    except ImagingError as error:
        return HandedIn(case.case, "refused", str(error))
    return HandedIn(case.case, str(job.state), journey.told_of(job))


@task(cache_policy=NO_CACHE)
def report_batch(
    cases: Sequence[FusionCase], outcomes: Sequence[HandedIn], max_failed_percent: float
) -> str:
    """Show what became of each case, and say how many; fail where too many were refused."""
    by_case = {outcome.case: outcome for outcome in outcomes}
    unknown = "it failed in a way nobody foresaw; the log of its task says how"
    every = [by_case.get(c.case, HandedIn(c.case, "refused", unknown)) for c in cases]
    refused = sum(outcome.is_refused for outcome in every)
    told = _counted(every, refused)
    create_table_artifact(
        [
            {"case": row.case, "state": row.state, "reason": row.reason}
            for row in sorted(every, key=lambda row: not row.is_refused)[:TABLE_ROWS]
        ],
        key="fusion-batch",
        description=told,
    )
    if refused == len(every) or 100 * refused > max_failed_percent * len(every):
        raise InputError(told)
    return told


def _counted(every: Sequence[HandedIn], refused: int) -> str:
    rehearsed = any(row.is_rehearsed for row in every)
    failed = sum(row.state == JobState.FAILED for row in every)
    done = "checked, nothing was sent or paid for" if rehearsed else "handed in"
    told = f"{len(every) - refused} of {len(every)} cases {done}, {refused - failed} refused"
    return f"{told}, {failed} failed at the vendor before" if failed else told


def client_of(connection: str) -> FusionClient:
    """Return a client of the account by its name.

    Raises:
        SettingError: There is no such account any more.
    """
    return FusionClient(_account(connection))


def _submit(  # noqa: PLR0913 - each is a choice of the form
    prepared: Prepared,
    connection: str,
    *,
    deidentify: bool,
    draco: bool,
    submit_again: bool,
    progress: Progress = silent,
) -> Job:
    account = _account(connection)
    with Ledger.of(settings()) as ledger, FusionClient(account) as client:
        return journey.submit(
            prepared,
            ledger=ledger,
            connection=account,
            client=client,
            data_root=settings().data_root,
            deidentifier=_deidentifier(wanted=deidentify),
            request=_request(prepared, connection, deidentify=deidentify, draco=draco),
            again=submit_again,
            progress=progress,
        )


def _request(
    prepared: Prepared, connection: str, *, deidentify: bool, draco: bool
) -> dict[str, Any]:
    """Return the parameters of `fuse-cbct` that begin this case anew after a killed run."""
    case = prepared.case
    return {
        "case": case.case,
        **{name: str(getattr(case, name)) for name in _FILES},
        "series_instance_uid": case.series_instance_uid,
        "connection": connection,
        "deidentify": deidentify,
        "draco": draco,
        "specification": prepared.specification.model_dump(mode="json"),
    }


def _account(connection: str) -> VendorConnection:
    account = find_vendor(connection)
    if account is None:
        name = "IMAGING_FUSION_URL"
        raise SettingError(name, _NO_ACCOUNT)
    return account


def _deidentifier(*, wanted: bool) -> Deidentifier | None:
    return Deidentifier(release_key(settings())) if wanted else None


_NO_ACCOUNT = "No account at a vendor is set up, so this is a dry run."
