"""prefect.yaml is a table of deployments; every row must be true."""

import re

import pytest
import yaml
from prefect.flows import load_flow_from_entrypoint

from imaging.settings import PROJECT_ROOT

TEXT = (PROJECT_ROOT / "prefect.yaml").read_text()
CONTENT = yaml.safe_load(TEXT)
DEPLOYMENTS = CONTENT["deployments"]


def _flow(deployment):
    return load_flow_from_entrypoint(deployment["entrypoint"], use_placeholder_flow=False)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda row: row["name"])
def test_an_entrypoint_names_its_flow_and_its_file(deployment):
    module, function = deployment["entrypoint"].split(":")

    assert module == f"flows.{function}"
    assert _flow(deployment).name == deployment["name"] == function.replace("_", "-")


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda row: row["name"])
def test_every_field_of_the_form_has_help(deployment):
    schema = _flow(deployment).parameters.model_dump()
    models = schema["definitions"].values()

    for properties in (schema["properties"], *(m.get("properties", {}) for m in models)):
        assert [name for name, field in properties.items() if not field.get("description")] == []


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda row: row["name"])
def test_a_flow_runs_without_a_single_choice_of_the_user(deployment):
    assert not _flow(deployment).parameters.required


def test_every_flow_file_is_deployed():
    on_disk = {f"flows.{path.stem}" for path in (PROJECT_ROOT / "flows").glob("[!_]*.py")}

    assert on_disk == {row["entrypoint"].split(":")[0] for row in DEPLOYMENTS}


def test_rows_are_in_alphabetical_order():
    names = [row["name"] for row in DEPLOYMENTS]

    assert names == sorted(names)


def test_only_the_net_under_paid_jobs_is_on_by_itself():
    schedules = {row["name"]: row["schedules"] for row in DEPLOYMENTS if "schedules" in row}
    active = {name for name, rows in schedules.items() if any(row["active"] for row in rows)}

    assert len(schedules) > len(active)
    assert active == {"reconcile-fusions"}


def test_no_schedule_has_parameters_that_switching_it_on_would_lose():
    assert not any("parameters" in s for row in DEPLOYMENTS for s in row.get("schedules", []))


def test_nothing_is_pulled_and_no_secret_is_named():
    assert CONTENT["pull"] == []
    assert not re.search(r"password|token|secret:|api_key", TEXT, re.IGNORECASE)
