"""What is made of Prefect's answers about runs: a fake that answers what a server seldom does."""

import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelling, Completed, Crashed, Pending, Running, Scheduled

from imaging.errors import (
    InputError,
    RemoteError,
    RemoteRejectedError,
    RemoteUnavailableError,
    SettingError,
)
from imaging.fusion.job import JobDraft
from imaging.fusion.ledger import Budget
from tasks import fusion_runs
from tasks.fusion_runs import restart_preparation, start_collection
from tests.imaging.gateway.fusions import submitted

KEY = "0c" * 32


class FakePrefect:
    """A server that remembers runs by their idempotency keys, and fails as it is told to."""

    def __init__(self):
        self.runs = {}
        self.failures = []
        self.first_state = Scheduled
        self.on_start = lambda: None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def read_deployment_by_name(self, name):
        if self.failures:
            raise self.failures.pop(0)
        return SimpleNamespace(id=name)

    def create_flow_run_from_deployment(self, deployment, *, parameters, idempotency_key, name):
        if idempotency_key not in self.runs:
            run = FlowRun(id=uuid4(), flow_id=uuid4(), name=name, parameters=parameters)
            run.state = self.first_state()
            self.runs[idempotency_key] = run
            run.tags = [deployment]
        self.on_start()
        return self.runs[idempotency_key]

    @property
    def only(self):
        (run,) = self.runs.values()
        return run


@pytest.fixture
def prefect(monkeypatch):
    fake = FakePrefect()
    monkeypatch.setattr(fusion_runs, "get_client", lambda **_: fake)
    with temporary_settings({PREFECT_API_URL: "http://prefect.test/api"}):
        yield fake


@pytest.fixture
def waited(monkeypatch):
    """How long it was waited, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr(fusion_runs, "time", SimpleNamespace(sleep=waited.append, time=time.time))
    return waited


@pytest.fixture
def job(ledger):
    return submitted(ledger, KEY)


def refused(status):
    request = httpx.Request("GET", "http://prefect.test/api/secret-place")
    answer = httpx.Response(status, text="of nobody's concern", request=request)
    return PrefectHTTPStatusError("it quotes", request=request, response=answer)


def since(state, **ago):
    return lambda: state(timestamp=datetime.now(UTC) - timedelta(**ago))


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize("status", [408, 429, 500])
def test_a_server_that_is_busy_may_take_it_later(prefect, status):
    prefect.failures = [refused(status)]

    with pytest.raises(RemoteUnavailableError, match=f"collect-fusion: {status}$"):
        start_collection(KEY)


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize("status", [401, 404, 499])
def test_a_server_that_refuses_does_so_again(prefect, status):
    prefect.failures = [refused(status)]

    with pytest.raises(RemoteError, match=f"{status}$") as caught:
        start_collection(KEY)
    assert isinstance(caught.value, RemoteRejectedError)


@pytest.mark.usefixtures("job")
def test_a_server_that_starts_again_is_waited_for(prefect, waited, ledger):
    prefect.failures = [httpx.ConnectError("not yet")] * 4

    assert start_collection(KEY, ledger) == str(prefect.only.id)
    assert waited == [0.5, 1, 2, 4]


@pytest.mark.usefixtures("job")
def test_a_server_that_does_not_answer_in_time_is_not_kept_waiting_for(prefect, waited):
    prefect.failures = [httpx.ReadTimeout("http://prefect.test/api/secret-place")]

    with pytest.raises(RemoteUnavailableError, match=r"Prefect does not answer$"):
        start_collection(KEY)
    assert waited == []


@pytest.mark.usefixtures("job")
def test_a_page_in_the_place_of_an_answer_is_not_taken_for_one(prefect):
    prefect.failures = [json.JSONDecodeError("no JSON", "<html>of nobody's concern", 0)]

    with pytest.raises(SettingError, match=r"no server of Prefect's.* PREFECT_API_URL") as caught:
        start_collection(KEY)
    assert "concern" not in str(caught.value)


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize("state", [Running, Pending, Cancelling], ids=lambda s: s.__name__)
@pytest.mark.parametrize(("minutes", "runs"), [(4.5, 1), (5.5, 2)])
def test_a_run_that_is_under_way_is_given_up_after_five_minutes(prefect, state, minutes, runs):
    prefect.first_state = since(state, minutes=minutes)

    start_collection(KEY)

    assert len(prefect.runs) == runs


@pytest.mark.usefixtures("job")
def test_a_run_that_waits_for_a_worker_is_never_given_up(prefect, ledger):
    prefect.first_state = since(Scheduled, days=9)

    assert start_collection(KEY) == str(prefect.only.id)
    assert ledger.get(KEY).starts == 0


@pytest.mark.usefixtures("job")
def test_a_run_of_no_state_yet_is_left_alone(prefect):
    prefect.first_state = lambda: None

    assert start_collection(KEY) == str(prefect.only.id)


@pytest.mark.usefixtures("job")
def test_a_run_that_did_its_work_before_prefect_told_of_it_is_not_followed(prefect, ledger):
    def collected():
        ledger.completed(KEY)
        ledger.end_collection(KEY, ledger.begin_collection(KEY), collected=True)

    prefect.first_state, prefect.on_start = Completed, collected

    assert start_collection(KEY) == str(prefect.only.id)


@pytest.fixture
def abandoned(ledger):
    draft = JobDraft(KEY, "P0001", "default", request={"case": "P0001"})
    ledger.claim(draft, Budget(9, 9), 60, lease_s=0)
    return ledger.get(KEY)


def test_a_preparation_is_named_by_its_job_and_counted_by_its_claims(prefect, abandoned):
    assert restart_preparation(abandoned) == str(prefect.only.id)
    assert prefect.only.name == f"fuse-P0001-{KEY[:8]}"
    assert list(prefect.runs) == [f"fusion-{KEY}-claim-1"]
    assert prefect.only.tags == ["fuse-cbct/fuse-cbct"]


def test_of_a_preparation_that_always_dies_three_runs_are_made(prefect, abandoned):
    prefect.first_state = Crashed

    with pytest.raises(InputError, match="3 runs of fuse-cbct"):
        restart_preparation(abandoned)

    first = f"fusion-{KEY}-claim-1"
    assert list(prefect.runs) == [first, f"{first}-again-2", f"{first}-again-3"]
