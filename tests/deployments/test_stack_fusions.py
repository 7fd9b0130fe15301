"""Fusions on real servers: the vendor's callback, or its loss, while workers and servers die."""

import os
import signal
import time
from contextlib import closing
from dataclasses import dataclass

import httpx
import psutil
import pytest

from deployments.demo_data import fusion_case
from deployments.prefect_api import PrefectApi
from deployments.stack import Stack
from deployments.starting import start_prefect
from imaging.fusion.callbacks import callback_token
from imaging.fusion.job import Job, JobState
from imaging.fusion.ledger import Ledger
from imaging.fusion.place import STATE, FusionFolder
from imaging.settings import Settings, callback_key
from tests.deployments.patience import PATIENCE_S

pytestmark = pytest.mark.stack


@dataclass
class Lab:
    """Who hands in cases, and sees what becomes of them."""

    stack: Stack
    api: PrefectApi
    vendor: httpx.Client
    book: Ledger

    def plan(self, callback):
        """Have the callback of the next case come otherwise than at once."""
        self.vendor.post("/_simulator", json={"plan": {"callback": [callback]}}).raise_for_status()

    def fuse(self, case):
        """Submit a case of its own content; return the state that its run ends with."""
        files = fusion_case(self.stack)
        asked = {
            "case": case,
            "upper_scan": str(files.upper),
            "lower_scan": str(files.lower),
            "cbct": str(files.cbct),
            # Part of the content, and nothing to the simulator: each case is a job of its own.
            "specification": {"further_inputs": {"case": case}},
        }
        return self.ended(self.api.run("fuse-cbct", asked)).state

    def reconcile(self):
        return self.ended(self.api.run("reconcile-fusions", {})).state

    def ended(self, run):
        wait_until(lambda: self.api.status(run).is_final, "the run does not end")
        return self.api.status(run)

    def job(self, case) -> Job:
        (job,) = self.book.find(case)
        return job

    def collected(self, case, *, by_net=False):
        """Wait for the results of a case; the net looks more often here than every 5 minutes."""

        def is_collected():
            if by_net and not self.job(case).collected:
                self.reconcile()
            return bool(self.job(case).collected)

        wait_until(is_collected, f"{case} was not collected")
        folder = FusionFolder.named(self.job(case).folder, self.stack.data_root)
        assert folder.about.exists()
        return folder

    def runs(self, case):
        """The vendor's runs of a case; each was paid for."""
        runs = self.vendor.get("/_simulator").json()["runs"]
        return [run for run in runs if run["metadata"]["case"] == case]

    def kill(self, name):
        """Kill a server of the stack, and whatever it started."""
        server = next(each for each in self.stack.servers if each.name == name)
        process = psutil.Process(server.pid)
        for each in [*process.children(recursive=True), process]:
            os.kill(each.pid, signal.SIGKILL)
        wait_until(lambda: not server.is_running, f"{name} lives on")


@pytest.fixture
def lab(stack, api):
    ledger = Ledger(stack.data_root / STATE / "ledger.sqlite")
    with httpx.Client(base_url=stack.vendor, timeout=60) as vendor, closing(ledger):
        yield Lab(stack, api, vendor, ledger)


def wait_until(is_so, what):
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.3)


def test_the_callback_brings_the_results_and_nothing_waits_meanwhile(lab):
    lab.plan("late 6")

    assert lab.fuse("rung") == "Submitted"

    assert lab.job("rung").state is JobState.SUBMITTED
    folder = lab.collected("rung")
    assert lab.job("rung").rang
    address = f"{lab.stack.gateway}/files/fusions/rung/viewer.html"
    assert httpx.get(address).content == folder.viewer.read_bytes()
    wait_until(lambda: address in shown(lab, "fusion-viewer-rung"), "no link")
    assert "data:image/png;base64" in shown(lab, "fusion-rung")
    assert len(lab.runs("rung")) == 1


def shown(lab, key):
    """What the artifacts of a key hold, together."""
    rows = lab.api.call("POST", "/artifacts/filter", {"limit": 200, "sort": "CREATED_DESC"})
    return "".join(str(row["data"]) for row in rows if row["key"] == key)


@pytest.mark.parametrize("callback", ["twice", "early"])
def test_a_callback_that_comes_twice_or_too_early_is_collected_once(lab, callback):
    lab.plan(callback)

    lab.fuse(callback)

    lab.collected(callback, by_net=True)
    assert lab.job(callback).collections == 1
    assert len(lab.runs(callback)) == 1


def test_a_callback_that_is_lost_is_made_good_by_the_net(lab):
    lab.plan("never")
    lab.fuse("unheard")
    wait_until(lambda: lab.runs("unheard")[0]["completed"], "the vendor is not done")
    lab.book.polled(lab.job("unheard").key, time.time() - 1)  # nobody waits for its time here

    assert lab.reconcile() == "Completed"

    lab.collected("unheard")
    assert not lab.job("unheard").rang
    assert len(lab.runs("unheard")) == 1


def test_an_unknown_job_is_not_there(lab):
    key = "ab" * 32
    secret = callback_key(Settings(data_root=lab.stack.data_root))
    body = {"workflow_id": "run-1", "metadata": {}, "success": True, "reason": None}
    right, wrong = callback_token(secret, key), callback_token(secret, "cd" * 32)

    answers = [
        httpx.post(f"{lab.stack.gateway}/callbacks/fusion/{key}/{token}", json=body)
        for token in (right, wrong)
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_a_worker_that_is_killed_while_the_vendor_works_is_not_missed(lab):
    lab.plan("late 3")
    lab.fuse("orphan")
    lab.kill("prefect-worker")
    wait_until(lambda: lab.job("orphan").rang, "no callback")

    start_prefect(lab.stack, "prefect-worker")

    lab.collected("orphan")
    assert len(lab.runs("orphan")) == 1


def test_a_prefect_server_that_is_down_when_the_vendor_calls_is_no_loss(lab):
    lab.plan("late 3")
    lab.fuse("serverless")
    lab.kill("prefect-server")
    wait_until(lambda: lab.job("serverless").rang, "no callback")
    assert httpx.get(f"{lab.stack.gateway}/health").is_success

    start_prefect(lab.stack, "prefect-server")
    wait_until(lab.api.is_healthy, "no server")

    lab.collected("serverless", by_net=True)
    assert len(lab.runs("serverless")) == 1


def test_the_net_is_spread_by_itself(api):
    deployment = api.call("GET", "/deployments/name/reconcile-fusions/reconcile-fusions")

    (schedule,) = deployment["schedules"]
    assert schedule["active"]
    assert schedule["schedule"]["interval"] == 300
    body = {"deployments": {"id": {"any_": [deployment["id"]]}}, "limit": 200}
    runs = api.call("POST", "/flow_runs/filter", body)
    assert any(run["auto_scheduled"] for run in runs)
