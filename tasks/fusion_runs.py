"""Runs of Prefect's that a fusion needs: asked for as often as one likes, started once."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import get_current_settings

from imaging.errors import (
    InputError,
    RemoteError,
    RemoteRejectedError,
    RemoteUnavailableError,
    SettingError,
)
from imaging.fusion.job import Job, JobState
from imaging.fusion.ledger import Ledger
from imaging.settings import settings

log = logging.getLogger(__name__)

_COLLECT = "collect-fusion"
_PREPARE = "fuse-cbct"
_DELAYS_S = (0.5, 1.0, 2.0, 4.0)  # as long as a server takes to start again
_MOST_STARTS = 3  # of a preparation that nobody claims
_BUSY = {408, 429}
_STUCK = timedelta(minutes=5)  # its process is gone: a run begins to work within seconds


def start_collection(key: str, ledger: Ledger | None = None) -> str:
    """Have a job's results collected by a run of `collect-fusion`.

    Any number of callers, at once or one after the other, make one run: its idempotency key counts
    how often a collection was begun. Prefect answers with that run whether it lives or not, so that
    its state is judged: a dead one is given up and followed by another.

    Args:
        key: Of the job.
        ledger: That of the settings when left out.

    Returns:
        The id of the flow run; "" where there is nothing to collect, or it is being collected.

    Raises:
        RemoteUnavailableError: Prefect does not answer; nothing is lost, as the ledger remembers.
        RemoteRejectedError: Prefect will not start it.
        SettingError: No server of Prefect's is set, or it is none, or has no such deployment.
    """
    if ledger is None:
        with Ledger.of(settings()) as own:
            return start_collection(key, own)
    job = ledger.get(key)
    if job is None or not _is_wanted(job):
        return ""
    with _client() as client:
        run = _collecting(client, job)
        now = ledger.get(key)  # the run may have done its work before Prefect told of it
        if now is not None and _is_wanted(now) and _is_dead(run.state):
            # By the number that was asked for: others who find it dead, too, have moved on.
            job = ledger.next_start(key, job.starts)
            run = _collecting(client, job)
    log.info("Fusion %s: its results are collected by run %s", job.name, run.id)
    return str(run.id)


def restart_preparation(job: Job) -> str:
    """Have an abandoned job prepared again, by a run of `fuse-cbct` with what was asked for.

    Args:
        job: Whose worker claimed it and went away before it sent anything.

    Returns:
        The id of the flow run.

    Raises:
        InputError: Several runs were started that did not even claim it: a person is needed.
        RemoteUnavailableError: Prefect does not answer.
        RemoteRejectedError: Prefect will not start it.
        SettingError: No server of Prefect's is set, or it is none, or has no such deployment.
    """
    first = f"fusion-{job.key}-claim-{job.claims}"
    with _client() as client:
        for name in (first, *(f"{first}-again-{number}" for number in range(2, _MOST_STARTS + 1))):
            run = _run(client, _PREPARE, job.request, name, f"fuse-{job.name}")
            if not _is_dead(run.state):
                return str(run.id)
    msg = (
        f"{_MOST_STARTS} runs of {_PREPARE} did not begin it again: start it yourself, or give it"
        " up with resolve-fusion"
    )
    raise InputError(msg)


def _collecting(client: SyncPrefectClient, job: Job) -> FlowRun:
    name = f"fusion-{job.key}-{job.starts}"
    return _run(client, _COLLECT, {"job": job.key}, name, f"collect-{job.name}")


def _is_wanted(job: Job) -> bool:
    """Whether the vendor may have results that nobody fetches now."""
    is_open = job.state in {JobState.SUBMITTED, JobState.COMPLETED} and not job.collected
    return is_open and job.lease <= time.time()


def _is_dead(state: "State[Any] | None") -> bool:
    """Whether a run will do nothing any more.

    One that was completed, too: it came when the vendor was not done yet. And one that is said to
    run, or to be cancelled, by a worker that was killed with it, for ever.
    """
    if state is None:
        return False
    if state.is_running() or state.is_pending() or state.is_cancelling():
        return datetime.now(UTC) - state.timestamp > _STUCK
    return state.is_final()


def _client() -> SyncPrefectClient:
    """Return a client of the server that is set; Prefect would start one where none is."""
    if not get_current_settings().api.url:
        name, msg = "PREFECT_API_URL", "no server of Prefect's is set"
        raise SettingError(name, msg)
    return get_client(sync_client=True)


def _run(
    client: SyncPrefectClient, flow: str, parameters: dict[str, Any], idempotency: str, name: str
) -> FlowRun:
    """Return the flow run of an idempotency key: the one there is, or a new one."""

    def ask() -> FlowRun:
        deployment = client.read_deployment_by_name(f"{flow}/{flow}")
        return client.create_flow_run_from_deployment(
            deployment.id, parameters=parameters, idempotency_key=idempotency, name=name
        )

    return _answered(ask, flow)


def _answered(ask: Callable[[], FlowRun], flow: str) -> FlowRun:
    """Ask, and wait for a server that is being started again.

    Prefect's client asks again by itself where a server is busy, but not where there was none yet.
    What the server says in an error stays out: it may quote anything.
    """
    for delay_s in (*_DELAYS_S, None):
        try:
            return ask()
        except ObjectNotFound:
            name, msg = "prefect.yaml", f"Prefect has no deployment {flow}/{flow}: deploy it"
            raise SettingError(name, msg) from None
        except PrefectHTTPStatusError as error:
            raise _refusal(flow, error.response.status_code) from None
        except ValueError:  # no JSON, or none that is Prefect's: a proxy's page, and status 200
            name, msg = "PREFECT_API_URL", "what answers there is no server of Prefect's"
            raise SettingError(name, msg) from None
        except httpx.TransportError as error:
            if delay_s is None or not isinstance(error, httpx.ConnectError):
                break
        time.sleep(delay_s)
    msg = "Prefect does not answer"
    raise RemoteUnavailableError(msg)


def _refusal(flow: str, status: int) -> RemoteError:
    msg = f"Prefect does not start {flow}: {status}"
    is_busy = status in _BUSY or status >= 500
    return RemoteUnavailableError(msg) if is_busy else RemoteRejectedError(msg)
