"""How many steps of one flow run at a time: threads, as the work waits for network and disk."""

from typing import Any, cast

from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner


def threads(max_workers: int) -> TaskRunner[PrefectFuture[Any]]:
    """Return a task runner of that many threads; Prefect's own type is narrower than its flows'."""
    runner: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=max_workers)
    return cast("TaskRunner[PrefectFuture[Any]]", runner)
