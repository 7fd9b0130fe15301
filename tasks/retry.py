"""When Prefect tries again: once, for every task that leaves the process."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from imaging.errors import RemoteUnavailableError

P = ParamSpec("P")
R = TypeVar("R")


def is_transient(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:  # noqa: ARG001 - Prefect's signature
    """Retry only what may heal by itself."""
    return isinstance(state.result(raise_on_failure=False), RemoteUnavailableError)


def remote_task(function: Callable[P, R]) -> Task[P, R]:
    """Make a task of what asks much of a server: one that is away for a while is waited for."""
    return task(
        cache_policy=NO_CACHE,
        retries=3,
        retry_delay_seconds=exponential_backoff(2),
        retry_jitter_factor=0.5,
        retry_condition_fn=is_transient,
    )(function)
