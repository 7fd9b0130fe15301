"""`python -m deployments.gateway`: a callback becomes a run of Prefect's, or at least a note."""

import contextlib
import os
import re
import subprocess
import sys
import time

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.settings import get_current_settings

from tests.deployments.patience import PATIENCE_S
from tests.imaging.gateway.fusions import KEY, PROJECT_KEY, address, ledger_of, submitted

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
NOWHERE = "http://127.0.0.1:1/api"
DONE = {"workflow_id": "run-1", "success": True}


@contextlib.contextmanager
def started(root, log, prefect_api, *options):
    """Run the command, and give its address, for the block."""
    settings = {
        "IMAGING_DATA_ROOT": str(root / "elsewhere" if options else root),
        "IMAGING_PROJECT_KEY": PROJECT_KEY,
        "IMAGING_FUSION_LEDGER_URL": "",
        "IMAGING_GATEWAY_HOST": "127.0.0.1",
        "IMAGING_GATEWAY_URL": "",
        "PREFECT_API_URL": prefect_api,
    }
    command = [sys.executable, "-m", "deployments.gateway", "--port", "0", *options]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=os.environ | settings, cwd=root, stdout=output, stderr=output
        )
        try:
            yield waited_for(lambda: ADDRESS.search(log.read_text()), process).group()
        finally:
            process.terminate()
            assert process.wait(PATIENCE_S) is not None


def waited_for(look, process=None):
    until = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert process is None or process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


def ring(gateway, root):
    """Call as the vendor does, and return the status of the answer."""
    return httpx.post(gateway + address(root), json=DONE, timeout=PATIENCE_S).status_code


@pytest.fixture
def ledger(tmp_path):
    with ledger_of(tmp_path) as ledger:
        submitted(ledger)
        yield ledger


def test_without_prefect_a_callback_is_answered_and_remembered(tmp_path, ledger):
    log = tmp_path / "log"
    with started(tmp_path, log, NOWHERE) as gateway:
        assert ring(gateway, tmp_path) == 204
        assert httpx.get(f"{gateway}/health", timeout=PATIENCE_S).is_success
        waited_for(lambda: "Nobody could be told" in log.read_text())

    said = log.read_text()
    assert [job.key for job in ledger.due()] == [KEY]
    assert "RemoteUnavailableError" in said
    assert address(tmp_path).rpartition("/")[2] not in said
    assert NOWHERE not in said
    assert said.count("POST /callbacks/fusion/{key}/{token} 204") == 1


@pytest.mark.usefixtures("prefect_server", "ledger")
@pytest.mark.parametrize(
    "options", [lambda _: (), lambda root: ("--data-root", str(root))], ids=["settings", "option"]
)
def test_a_callback_starts_a_run_that_collects(tmp_path, options):
    api = str(get_current_settings().api.url)
    with get_client(sync_client=True) as client:
        flow = client.create_flow_from_name("collect-fusion")
        deployment = client.create_deployment(flow, "collect-fusion")
        try:
            with started(tmp_path, tmp_path / "log", api, *options(tmp_path)) as gateway:
                for _ in range(2):
                    assert ring(gateway, tmp_path) == 204
                runs = waited_for(lambda: runs_of(client, deployment))
        finally:
            client.delete_deployment(deployment)

    assert [run.parameters for run in runs] == [{"job": KEY}]
    assert runs[0].name == f"collect-P0001-{KEY[:8]}"


def runs_of(client, deployment):
    chosen = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
    return client.read_flow_runs(deployment_filter=chosen)
