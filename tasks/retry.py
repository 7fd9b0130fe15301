"""When Prefect tries again: once, for every task that leaves the process."""

from typing import Any

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun

from imaging.errors import RemoteUnavailableError


def is_transient(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:  # noqa: ARG001 - Prefect's signature
    """Retry only what may heal by itself."""
    return isinstance(state.result(raise_on_failure=False), RemoteUnavailableError)
