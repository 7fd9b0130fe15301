"""Fusions on real servers: the vendor's callback, or its loss, while workers and servers die."""

import time
from contextlib import closing

import httpx
import psutil
import pytest

from benchmarks.fusion_lab import Lab
from deployments.demo_data import fusion_case
from deployments.starting import start_prefect
from imaging.fusion import journey
from imaging.fusion.callbacks import callback_token
from imaging.fusion.case import FusionCase
from imaging.fusion.connection import default_connection
from imaging.fusion.ledger import Ledger
from imaging.fusion.place import STATE, FusionFolder
from imaging.fusion.specification import FusionSpecification
from imaging.fusion.vendor import FusionClient
from imaging.settings import Settings, callback_key
from tests.deployments.patience import PATIENCE_S

pytestmark = pytest.mark.stack

_ACCOUNT = [
    f"IMAGING_FUSION_{name}"
    for name in ("URL", "FILES_URL", "USER_GROUP", "USER_ID", "TOKEN", "CALLBACK_URL")
]


@pytest.fixture
def lab(stack, api):
    ledger = Ledger(stack.data_root / STATE / "ledger.sqlite")
    with httpx.Client(base_url=stack.vendor, timeout=60) as vendor, closing(ledger):
        yield Lab(stack, api, vendor, ledger, fusion_case(stack))


def submit(lab, case, callback):
    """Submit a case as a run does, and leave its results to whom the callback wakes."""
    lab.plan({"callback": [callback]})
    given = {name.removeprefix("IMAGING_").lower(): lab.stack.variables[name] for name in _ACCOUNT}
    place = Settings(data_root=lab.stack.data_root, **given)
    account = default_connection(place)
    assert account is not None
    files = lab.files
    asked = FusionSpecification(further_inputs={"case": case})
    prepared = journey.prepare(FusionCase(case, files.upper, files.lower, files.cbct), asked)
    with FusionClient(account) as client:
        journey.submit(
            prepared,
            ledger=lab.book,
            connection=account,
            client=client,
            data_root=place.data_root,
        )


def reconcile(lab):
    return lab.ended(lab.api.run("reconcile-fusions", {}), PATIENCE_S).state


def collected(lab, case, *, by_net=False):
    """Wait for the results of a case; the net looks more often here than every five minutes."""

    def is_collected():
        if by_net and not lab.job(case).collected:
            reconcile(lab)
        return bool(lab.job(case).collected)

    lab.wait_for(is_collected, PATIENCE_S)
    folder = FusionFolder.named(lab.job(case).folder, lab.stack.data_root)
    assert folder.about.exists()
    assert lab.job(case).collections == 1
    assert len(lab.paid_for(case)) == 1
    return folder


def kill(lab, *names):
    """Kill servers of the stack, and whatever they started."""
    for server in [each for each in lab.stack.servers if each.name in names]:
        process = psutil.Process(server.pid)
        for each in [*process.children(recursive=True), process]:
            each.kill()
        lab.wait_for(lambda: not server.is_running, PATIENCE_S)  # noqa: B023 - waited for here


def shown(lab, key):
    """What the artifacts of a key hold, together."""
    rows = lab.api.call("POST", "/artifacts/filter", {"limit": 200, "sort": "CREATED_DESC"})
    return "".join(str(row["data"]) for row in rows if row["key"] == key)


def test_the_callback_brings_results_that_the_gateway_shows(lab):
    lab.plan({"callback": ["late 5"]})

    assert lab.ended(lab.fuse("rung"), PATIENCE_S).state == "Submitted"

    folder = collected(lab, "rung")
    assert lab.job("rung").rang
    address = f"{lab.stack.gateway}/files/fusions/rung/viewer.html"
    assert httpx.get(address, timeout=PATIENCE_S).content == folder.viewer.read_bytes()
    lab.wait_for(lambda: address in shown(lab, "fusion-viewer-rung"), PATIENCE_S)
    assert "data:image/png;base64" in shown(lab, "fusion-rung")


def test_a_callback_that_comes_twice_too_early_or_never_is_made_good(lab):
    for case, callback in {"twice": "twice", "early": "early", "unheard": "never"}.items():
        submit(lab, case, callback)
    lab.wait_for(lambda: lab.paid_for("unheard")[0]["completed"], PATIENCE_S)
    lab.book.polled(lab.job("unheard").key, time.time() - 1)  # nobody waits for its time here

    assert reconcile(lab) == "Completed"

    for case in ("twice", "early", "unheard"):
        collected(lab, case, by_net=True)
    assert lab.job("twice").rang
    assert not lab.job("unheard").rang


def test_an_unknown_job_is_not_there(lab):
    key = "ab" * 32
    secret = callback_key(Settings(data_root=lab.stack.data_root))
    body = {"workflow_id": "run-1", "metadata": {}, "success": True, "reason": None}
    right, wrong = callback_token(secret, key), callback_token(secret, "cd" * 32)

    with httpx.Client(base_url=lab.stack.gateway, timeout=PATIENCE_S) as gateway:
        answers = [
            gateway.post(f"/callbacks/fusion/{key}/{token}", json=body) for token in (right, wrong)
        ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_a_worker_and_a_server_that_die_while_the_vendor_works_are_not_missed(lab):
    submit(lab, "orphan", "late 3")
    submit(lab, "serverless", "late 15")
    kill(lab, "prefect-worker")
    lab.wait_for(lambda: lab.job("orphan").rang, PATIENCE_S)
    assert not lab.job("serverless").rang
    kill(lab, "prefect-server")
    lab.wait_for(lambda: lab.job("serverless").rang, PATIENCE_S)
    assert httpx.get(f"{lab.stack.gateway}/health", timeout=PATIENCE_S).is_success

    start_prefect(lab.stack, "prefect-server")
    lab.wait_for(lab.api.is_healthy, PATIENCE_S)
    start_prefect(lab.stack, "prefect-worker")

    collected(lab, "orphan")
    collected(lab, "serverless", by_net=True)


def test_the_net_is_spread_by_itself(api):
    deployment = api.call("GET", "/deployments/name/reconcile-fusions/reconcile-fusions")

    (schedule,) = deployment["schedules"]
    assert schedule["active"]
    assert schedule["schedule"]["interval"] == 300
    body = {"deployments": {"id": {"any_": [deployment["id"]]}}, "limit": 200}
    runs = api.call("POST", "/flow_runs/filter", body)
    assert any(run["auto_scheduled"] for run in runs)
