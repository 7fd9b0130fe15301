"""All that Prefect's server holds of a run, as text to search."""

import re

import anyio
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import Log
from pydantic import BaseModel

# Of a picture, which is another in each project, as its cases are; among so many letters that mean
# nothing, any three come one after the other now and then.
_BASE64 = re.compile(r"(?<=;base64,)[A-Za-z0-9+/=]+")


async def everything_said(flow_run_id):
    """Return a run's name, parameters, logs, states and artifacts, and those of its tasks.

    Pictures are left out.
    """
    async with get_client() as client:
        chosen = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id]))
        wanted = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[flow_run_id]))
        with anyio.fail_after(240):  # they arrive some time after the run, in batches
            while not any(map(_is_end_of_run, logs := await _all_logs(client, wanted))):
                await anyio.sleep(0.2)
        held: list[BaseModel] = [await client.read_flow_run(flow_run_id)]
        held += await client.read_artifacts(flow_run_filter=chosen)
        held += await client.read_task_runs(flow_run_filter=chosen)
    said = [*(row.message for row in logs), *(row.model_dump_json() for row in held)]
    return _BASE64.sub("", "\n".join(said))


async def _all_logs(client, wanted):
    """Read the logs page by page: the server limits each."""
    logs: list[Log] = []
    while page := await client.read_logs(log_filter=wanted, offset=len(logs)):
        logs += page
    return logs


def _is_end_of_run(row):
    """Whether it is the last line of the run itself, and not one of its tasks'."""
    return row.task_run_id is None and row.message.startswith("Finished in state")
