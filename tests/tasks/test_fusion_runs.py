"""Runs that collect fusions, on a real server of Prefect's: one for each need, and never two."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from prefect.states import Cancelled, Completed, Crashed, Failed, Pending, Running, Scheduled

from imaging.errors import InputError, RemoteRejectedError, RemoteUnavailableError, SettingError
from imaging.fusion.job import JobDraft
from imaging.fusion.ledger import Budget
from tasks import fusion_runs
from tasks.fusion_runs import restart_preparation, start_collection
from tests.imaging.gateway.fusions import submitted

pytestmark = pytest.mark.usefixtures("prefect_server")

FLOWS = ("collect-fusion", "fuse-cbct")
NOWHERE = "http://127.0.0.1:1/api"


@pytest.fixture
def prefect(prefect_server):  # noqa: ARG001 - it must run
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def deployed(prefect):
    """Both deployments, of nothing that is ever run."""
    found = {
        name: prefect.create_deployment(prefect.create_flow_from_name(name), name) for name in FLOWS
    }
    yield found
    for deployment in found.values():
        prefect.delete_deployment(deployment)


@pytest.fixture
def key(request):
    """A job's, of each test its own: the server is that of all."""
    return request.node.name.encode().hex().ljust(64, "0")[-64:]


@pytest.fixture
def job(ledger, key):
    return submitted(ledger, key, run_id="run-1")


@pytest.mark.usefixtures("deployed", "job")
def test_however_often_it_is_asked_for_one_run_collects(prefect, key):
    with ThreadPoolExecutor(3) as callers:
        started = {*callers.map(lambda _: start_collection(key), range(4))}

    (run_id,) = started
    run = prefect.read_flow_run(UUID(run_id))
    assert run.parameters == {"job": key}
    assert run.name == f"collect-P0001-{key[:8]}"
    assert run.state.is_scheduled()


@pytest.mark.usefixtures("deployed", "job")
@pytest.mark.parametrize("state", [Failed, Crashed, Cancelled, Completed], ids=lambda s: s.__name__)
def test_a_dead_run_is_followed_by_another_and_only_one(prefect, ledger, key, state):
    first = start_collection(key)
    prefect.set_flow_run_state(UUID(first), state(), force=True)

    with ThreadPoolExecutor(3) as callers:
        (second,) = {*callers.map(lambda _: start_collection(key), range(4))}

    assert second != first
    assert ledger.get(key).starts == 1


@pytest.mark.usefixtures("deployed", "job")
@pytest.mark.parametrize("state", [Scheduled, Pending, Running], ids=lambda s: s.__name__)
def test_a_run_that_lives_is_left_alone(prefect, ledger, key, state):
    first = start_collection(key)
    prefect.set_flow_run_state(UUID(first), state(), force=True)

    assert start_collection(key) == first
    assert ledger.get(key).starts == 0


@pytest.mark.usefixtures("deployed", "job")
@pytest.mark.parametrize("state", [Pending, Running], ids=lambda s: s.__name__)
def test_a_run_whose_worker_was_killed_is_not_waited_for_for_ever(prefect, key, state, monkeypatch):
    first = start_collection(key)
    prefect.set_flow_run_state(UUID(first), state(), force=True)
    monkeypatch.setattr(fusion_runs, "_STUCK", timedelta(0))

    assert start_collection(key) != first


@pytest.mark.usefixtures("deployed", "job")
def test_a_run_that_began_and_died_is_followed_when_its_lease_is_over(ledger, key):
    first = start_collection(key)
    ledger.completed(key)
    owner = ledger.begin_collection(key)
    assert start_collection(key) == ""
    ledger.end_collection(key, owner, collected=False)

    assert start_collection(key) not in {"", first}


@pytest.mark.usefixtures("deployed", "job")
def test_what_is_collected_is_not_collected_again(ledger, key):
    ledger.completed(key)
    ledger.end_collection(key, ledger.begin_collection(key), collected=True)

    assert start_collection(key) == ""


@pytest.mark.usefixtures("deployed", "job")
def test_what_failed_at_the_vendor_has_nothing_to_collect(ledger, key):
    ledger.failed(key, "no teeth")

    assert start_collection(key) == ""


@pytest.mark.usefixtures("deployed", "ledger")
def test_an_unknown_job_starts_nothing(key):
    assert start_collection(key) == ""


@pytest.fixture
def abandoned(ledger, key):
    """A job that a worker claimed and left."""
    asked = {"case": "P0001", "dry_run": False}
    draft = JobDraft(key, "P0001", "default", request=asked)
    ledger.claim(draft, Budget(9, 9), 60, lease_s=0)
    return ledger.get(key)


@pytest.mark.usefixtures("deployed")
def test_an_abandoned_preparation_is_begun_again_as_it_was_asked_for(prefect, abandoned):
    started = {restart_preparation(abandoned) for _ in range(3)}

    (run_id,) = started
    assert prefect.read_flow_run(UUID(run_id)).parameters == {"case": "P0001", "dry_run": False}


@pytest.mark.usefixtures("deployed")
def test_a_preparation_that_always_dies_is_left_to_a_person(prefect, abandoned):
    runs: list[str] = []
    for _ in range(3):
        runs.append(restart_preparation(abandoned))
        prefect.set_flow_run_state(UUID(runs[-1]), Crashed(), force=True)

    with pytest.raises(InputError, match="3 runs of fuse-cbct did not begin it again"):
        restart_preparation(abandoned)
    assert len({*runs}) == 3


@pytest.mark.usefixtures("job")
def test_a_deployment_that_is_missing_is_named(key):
    with pytest.raises(SettingError, match="collect-fusion/collect-fusion"):
        start_collection(key)


@pytest.mark.usefixtures("job")
def test_what_the_flow_s_form_refuses_is_not_tried_again(prefect, key):
    flow = prefect.create_flow_from_name("collect-fusion")
    schema = {"type": "object", "properties": {"job": {"type": "integer"}}}
    made = prefect.create_deployment(flow, "collect-fusion", parameter_openapi_schema=schema)
    try:
        with pytest.raises(RemoteRejectedError, match="409"):
            start_collection(key)
    finally:
        prefect.delete_deployment(made)


@pytest.mark.usefixtures("job")
def test_a_server_that_is_away_is_waited_for_and_then_given_up(key, monkeypatch):
    waited: list[float] = []
    clock = SimpleNamespace(sleep=waited.append, time=time.time)
    monkeypatch.setattr(fusion_runs, "time", clock)
    away = {PREFECT_API_URL: NOWHERE, PREFECT_CLIENT_MAX_RETRIES: 0}
    with temporary_settings(away), pytest.raises(RemoteUnavailableError) as caught:
        start_collection(key)

    assert len(waited) == 4
    assert waited == sorted(waited)
    assert "127.0.0.1" not in str(caught.value)


@pytest.mark.usefixtures("job")
def test_without_a_server_none_is_started_in_its_place(key):
    unset = temporary_settings(restore_defaults={PREFECT_API_URL})
    with unset, pytest.raises(SettingError, match="PREFECT_API_URL"):
        start_collection(key)
