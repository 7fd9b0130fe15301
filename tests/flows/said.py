"""All that Prefect's server holds of a run, as text to search."""

import anyio
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    LogFilter,
    LogFilterFlowRunId,
)
from pydantic import BaseModel


async def everything_said(flow_run_id):
    """Return a run's name, parameters, logs, states and artifacts, and those of its tasks."""
    async with get_client() as client:
        chosen = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id]))
        wanted = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[flow_run_id]))
        with anyio.fail_after(240):  # they arrive some time after the run
            logs = await client.read_logs(log_filter=wanted)
            while not any("Finished" in row.message for row in logs):
                await anyio.sleep(0.2)
                logs = await client.read_logs(log_filter=wanted)
        held: list[BaseModel] = [await client.read_flow_run(flow_run_id)]
        held += await client.read_artifacts(flow_run_filter=chosen)
        held += await client.read_task_runs(flow_run_filter=chosen)
    return "\n".join([*(row.message for row in logs), *(row.model_dump_json() for row in held)])
