"""Submit a case once: whatever is lost or killed on the way, it is not paid for twice.

Money is spent in one place, `FusionClient.run`, and the ledger is told before. What happens there:

    the vendor says no, or was not reached     REFUSED, nothing was paid, may be submitted again
    the vendor gives a run id                  SUBMITTED
    anything else, or this process is killed   UNCERTAIN: never sent again unless a person says so
"""

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imaging.dicom.deidentify import Deidentifier
from imaging.errors import (
    ImagingError,
    InputError,
    RemoteRejectedError,
    RemoteUnavailableError,
    SubmissionUncertainError,
)
from imaging.fusion.callbacks import callback_url
from imaging.fusion.connection import VendorConnection
from imaging.fusion.job import Job, JobDraft, JobState
from imaging.fusion.journey.inputs import pack_inputs, remove_work, upload_inputs, work_of
from imaging.fusion.journey.lease import Lease
from imaging.fusion.journey.preparing import Prepared
from imaging.fusion.journey.watching import Progress, Watch, in_words, silent, without_paths
from imaging.fusion.ledger import Budget, Ledger
from imaging.fusion.vendor import FusionClient

log = logging.getLogger(__name__)

_POST_S = 300.0  # of a lease that a living worker renews, however long the POST takes
_TRIES, _PAUSE_S = 6, 0.5  # to write down a run id: it is all that is left of the money


@dataclass(frozen=True, slots=True)
class _Submission:
    """A job that this worker has claimed."""

    prepared: Prepared
    owner: str
    ledger: Ledger
    connection: VendorConnection
    client: FusionClient
    data_root: Path

    @property
    def key(self) -> str:
        return self.prepared.key

    @property
    def budget(self) -> Budget:
        return _budget(self.connection)


def submit(  # noqa: PLR0913 - what it needs, and what may be chosen
    prepared: Prepared,
    *,
    ledger: Ledger,
    connection: VendorConnection,
    client: FusionClient,
    data_root: Path,
    deidentifier: Deidentifier | None = None,
    request: dict[str, Any] | None = None,
    again: bool = False,
    progress: Progress = silent,
    lease_s: float = 120.0,
) -> Job:
    """Submit a case, or join what was submitted before with the same content.

    Args:
        prepared: The case, checked.
        ledger: Remembers what was paid for.
        connection: Whose account pays.
        client: Of that account.
        data_root: Inputs are packed below it, and removed when they are submitted.
        deidentifier: Takes the identity out of the CBCT on the way; None sends it as it is.
        request: Parameters of the flow, to begin anew what a killed worker left.
        again: Submit it though the same content failed at the vendor.
        progress: Is told each step, and the share that is done.
        lease_s: How long the claim outlives a killed worker.

    Returns:
        The job as it stands: SUBMITTED, or UNCERTAIN when the answer was lost; that of another
        worker, or of another day, where it was submitted before.

    Raises:
        BudgetError: It would cost more than is allowed.
        InputError: An input cannot be packed, or changed since it was checked.
        RemoteUnavailableError: The vendor was not reached; nothing was paid. Try again.
        RemoteRejectedError: The vendor took nothing, so that nothing was paid.
    """
    case, specification = prepared.case.case, prepared.specification.model_dump(mode="json")
    draft = JobDraft(prepared.key, case, connection.name, specification, request or {}, again=again)
    claim = ledger.claim(draft, _budget(connection), connection.deadline_s, lease_s)
    if not claim.owner:
        log.info("%s: joined, it is %s", claim.job.name, claim.job.state)
        if claim.job.state not in {JobState.CLAIMED, JobState.SUBMITTING}:
            remove_work(prepared.key, data_root)  # of who was killed as soon as it was submitted
        return claim.job
    claimed = _Submission(prepared, claim.owner, ledger, connection, client, data_root)
    renew = lambda: ledger.renew(claimed.key, claimed.owner, lease_s)  # noqa: E731
    with Lease(renew, lease_s) as lease:
        watch = Watch(progress, lease.check)
        inputs = _until_sent(claimed, deidentifier, watch)
        return _send(claimed, inputs, progress)


def _budget(connection: VendorConnection) -> Budget:
    return Budget(connection.runs_per_day, connection.runs_per_month)


def _until_sent(
    claimed: _Submission, deidentifier: Deidentifier | None, watch: Watch
) -> dict[str, Any]:
    """Pack, upload, and write down that money is about to be spent; give up what fails before."""
    folder = work_of(claimed.key, claimed.data_root, deidentifier)
    try:
        watch.tell("claimed", 0.0)
        with without_paths("the inputs cannot be packed"):
            files = pack_inputs(claimed.prepared, folder, deidentifier, watch)
            inputs = upload_inputs(files, claimed.client, watch)
        claimed.ledger.begin_submission(claimed.key, claimed.owner, claimed.budget)
    except BaseException as error:
        with suppress(ImagingError):  # whose claim is lost, or was unnoticed, gives up nothing
            claimed.ledger.renew(claimed.key, claimed.owner)
            # Nothing is sent. What is uploaded serves the next attempt, if that may succeed.
            if not isinstance(error, RemoteUnavailableError):
                remove_work(claimed.key, claimed.data_root)
            claimed.ledger.refused(claimed.key, in_words(error), owner=claimed.owner)
        raise
    return inputs


def _send(claimed: _Submission, inputs: dict[str, Any], progress: Progress) -> Job:
    key, ledger = claimed.key, claimed.ledger
    try:
        # Also what is told now may fail, and nobody shall think that it came before the money.
        progress("submitting", 1.0)
        # A worker may have been held up since, by its machine's sleep or by who is told: so long
        # that a person released the job, and another sent it.
        ledger.renew(key, claimed.owner, _POST_S)
        run_id = claimed.client.run(
            claimed.prepared.specification,
            inputs,
            metadata={"key": key, "case": claimed.prepared.case.case},
            callback=callback_url(claimed.connection, key),
        )
    except (RemoteUnavailableError, RemoteRejectedError) as error:
        if isinstance(error, RemoteRejectedError):
            remove_work(key, claimed.data_root)
        with suppress(InputError):  # a callback had told a run id, and was right about it
            ledger.refused(key, in_words(error), owner=claimed.owner)
        raise
    except SubmissionUncertainError as error:
        job = ledger.uncertain(key, in_words(error), owner=claimed.owner)
    except BaseException as error:
        ledger.uncertain(key, in_words(error), owner=claimed.owner)
        raise
    else:
        job = _written_down(run_id, claimed)
    remove_work(key, claimed.data_root)
    progress("submitted", 1.0)
    return job


def _written_down(run_id: str, claimed: _Submission) -> Job:
    """Keep the run id, also where the ledger is away for a moment."""
    for attempt in range(_TRIES):
        try:
            job = claimed.ledger.submitted(claimed.key, run_id, owner=claimed.owner)
        except RemoteUnavailableError:
            log.warning("the ledger is away; the run %s is written down later", run_id)
            time.sleep(_PAUSE_S * 2**attempt)
        else:
            log.info("%s: submitted as run %s", job.name, run_id)
            return job
    msg = f"the ledger cannot be written: the run {run_id} is paid for, and is to be adopted"
    raise SubmissionUncertainError(msg)
