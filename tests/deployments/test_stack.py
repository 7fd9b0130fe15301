"""The servers of `make up`, for real: REST call, form, schedule, and an end that spares others."""

import re
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import httpx
import pandas as pd
import pytest

from deployments import starting
from deployments.prefect_api import PrefectApi, RunFailedError, RunStatus
from deployments.processes import Server, free_port, start_server
from deployments.stack import Stack, StackError
from tests.deployments.patience import PATIENCE_S

pytestmark = pytest.mark.stack

DEPLOYMENT = "/deployments/name/extract-cohort/extract-cohort"


@pytest.fixture(scope="module")
def extracting(stack):
    """What was seen of a run that extracted the cohort `rest`."""
    seen: list[RunStatus] = []
    api = PrefectApi(stack.prefect_api)
    run = api.run("extract-cohort", {"cohort": "rest", "specification": {"wanted_rois": ["PTV*"]}})
    api.follow(run, PATIENCE_S, seen.append)
    api.close()
    return seen


def test_a_cohort_and_its_dvhs_by_rest_alone(stack, api, extracting):
    seen = extracting
    api.follow(api.run("compute-dvh", {"manifest": "rest"}), PATIENCE_S)

    root = stack.data_root / "cohorts" / "rest"
    assert (pd.read_csv(root / "manifest.csv")["outcome"] == "PROCEED").sum() == 5
    assert (root / "dvh" / "report.html").exists()
    assert seen[-1].state == "Completed"
    assert dict(seen[-1].progress)["Patients retrieved, in groups: 7 of 7"] == 100.0


@pytest.mark.usefixtures("extracting")
def test_the_gateway_shows_what_flows_write(stack, api):
    asked = {"source": "rest", "keep": ["PTV"], "missing": "ignore"}
    api.follow(api.run("filter-labels", asked), PATIENCE_S)

    pages = api.call("POST", "/artifacts/filter", {"limit": 200})
    page = next(row["data"] for row in pages if row["key"] == "label-maps-rest")
    labels = unquote(re.findall(r"/view\?labels=([^&)]*)", page)[0])
    assert page.count(f"({stack.gateway}/view?labels=") == 5
    answer = httpx.get(f"{stack.gateway}/labels/{labels}", timeout=PATIENCE_S).json()
    assert [row["name"] for row in answer["labels"]] == ["PTV"]


def test_a_failed_run_is_told_with_its_reason(api):
    with pytest.raises(RunFailedError, match="nowhere"):
        api.follow(api.run("compute-dvh", {"manifest": "nowhere"}), PATIENCE_S)


@pytest.mark.parametrize(
    "parameters",
    [
        {"cohort": "../etc"},
        {"specification": {"typo": 1}},
        {"specification": {"required_modalities": ["ct"]}},
    ],
)
def test_wrong_parameters_are_refused_before_a_run_exists(api, parameters):
    with pytest.raises(RunFailedError, match="409"):
        api.run("extract-cohort", parameters)


def test_the_form_has_help_and_choices(api):
    schema = api.call("GET", DEPLOYMENT)["parameter_openapi_schema"]

    assert "archive holds" in schema["properties"]["patients"]["description"]
    asked = schema["definitions"]["CohortSpecification"]["properties"]
    assert {"CT", "RTSTRUCT", "RTPLAN", "RTDOSE"} <= {
        *asked["required_modalities"]["items"]["enum"]
    }
    for name in ("CohortSpecification", "SliceBounds", "ImageRules", "DoseRules", "Outputs"):
        assert all(f["description"] for f in schema["definitions"][name]["properties"].values())


def test_the_nightly_schedule_is_off_and_fires_once_switched_on(stack, api):
    deployment = api.call("GET", DEPLOYMENT)
    (schedule,) = deployment["schedules"]
    path = f"/deployments/{deployment['id']}/schedules/{schedule['id']}"
    assert not schedule["active"]
    assert schedule["schedule"]["cron"] == "0 2 * * *"
    assert _scheduled(api, deployment) == []

    api.call("PATCH", path, {"active": True})
    nightly = _wait(lambda: _scheduled(api, deployment))
    assert {run["expected_start_time"][11:16] for run in nightly} == {"02:00"}

    # Nobody waits for the night here: the same schedule, soon, and not again before all has ended.
    soon = datetime.now(UTC) + timedelta(seconds=15)
    once = {"interval": 120.0, "anchor_date": soon.isoformat()}
    api.call("PATCH", path, {"active": True, "schedule": once})
    try:
        done = _wait(lambda: _scheduled(api, deployment, "COMPLETED"))
    finally:
        api.call("PATCH", path, {"active": False})
    assert done[0]["auto_scheduled"]
    assert (stack.data_root / "cohorts" / "cohort" / "manifest.parquet").exists()


def _scheduled(api, deployment, state="SCHEDULED"):
    body = {
        "deployments": {"id": {"any_": [deployment["id"]]}},
        "flow_runs": {"state": {"type": {"any_": [state]}}},
    }
    runs = api.call("POST", "/flow_runs/filter", body)
    return [run for run in runs if run["auto_scheduled"]]


def _wait(look, timeout_s=PATIENCE_S):
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.5)
    pytest.fail(f"nothing came within {timeout_s} s")


def test_what_runs_is_written_down_and_found_again(stack):
    found = Stack.load(stack.folder)

    assert found is not None
    assert found.is_running
    archive = [] if stack.why_no_orthanc else ["orthanc"]
    names = {server.name for server in found.servers}
    assert names == {*archive, "prefect-server", "gateway", "vendor-simulator", "prefect-worker"}
    assert (stack.folder / "stack.json").stat().st_mode & 0o077 == 0


def test_a_wanted_port_is_taken_if_it_is_free():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert free_port(taken) != taken
    assert free_port(taken) == taken


LISTENER = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[-1])))"


@pytest.fixture
def gateway_is(monkeypatch):
    """Puts a program of a line in the gateway's place."""

    def put(program: str):
        def start(name, command, environment, folder):
            return start_server(
                name, [sys.executable, "-c", program, *command[3:]], environment, folder
            )

        monkeypatch.setattr(starting, "start_server", start)

    return put


def test_of_two_stacks_that_start_at_once_the_slower_takes_another_port(
    tmp_path, monkeypatch, gateway_is
):
    gateway_is(f"{LISTENER}; time.sleep(600)")
    stack = Stack(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as faster:
        taken = faster.getsockname()[1]
        found_free = {starting.GATEWAY_PORT: taken}
        monkeypatch.setattr(starting, "free_port", lambda at=0: found_free.pop(at, free_port(at)))
        try:
            starting.start_gateway(stack)

            assert [server.name for server in stack.servers] == ["gateway"]
            assert stack.servers[0].listens_on(int(stack.gateway.rpartition(":")[2]))
            assert not stack.servers[0].listens_on(taken)
        finally:
            stack.stop()


def test_a_gateway_that_ends_for_a_reason_of_its_own_is_told(tmp_path, gateway_is):
    gateway_is("raise SystemExit(2)")

    with pytest.raises(StackError, match=r"gateway did not start; see .*gateway\.log"):
        starting.start_gateway(Stack(tmp_path))


SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_stopping_ends_ours_and_spares_others(tmp_path):
    other = subprocess.Popen(SLEEPER)
    try:
        ours = Stack(tmp_path, servers=[start_server("sleeper", SLEEPER, {}, tmp_path)])
        ours.save()
        stranger = Stack(tmp_path, servers=[Server("stranger", other.pid, created=1.0)])

        assert ours.stop() == ["sleeper"]
        assert stranger.stop() == []
        assert other.poll() is None
        assert not ours.servers[0].is_running
        assert Stack.load(tmp_path) is None
    finally:
        other.kill()
        other.wait()
