"""The part of Prefect's REST API that starts a deployment and follows its run."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

_FINAL = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})


class RunFailedError(Exception):
    """A flow run did not end well."""


@dataclass(frozen=True, slots=True)
class RunStatus:
    """A flow run as it stands.

    Attributes:
        state: The state's name, as the UI shows it: `Completed`, or what the flow calls it.
        is_final: Whether it will not change by itself.
        has_completed: Whether it ended well, whatever its state is called.
        progress: Description and percent of each progress bar of the run, oldest first.
    """

    run_id: str
    name: str
    state: str
    is_final: bool
    message: str
    has_completed: bool = False
    progress: tuple[tuple[str, float], ...] = ()


class PrefectApi:
    """A Prefect server, by its REST API alone, as any program could use it."""

    def __init__(self, api_url: str) -> None:
        """Keep one connection to `http://…/api`."""
        self.url = api_url
        self._http = httpx.Client(base_url=api_url, timeout=60)

    def close(self) -> None:
        """Give up the connection."""
        self._http.close()

    def is_healthy(self) -> bool:
        """Whether the server answers."""
        try:
            return self._http.get("/health").is_success
        except httpx.TransportError:
            return False

    def has_work_pool(self, name: str) -> bool:
        """Whether the work pool exists."""
        return self._http.get(f"/work_pools/{name}").is_success

    def run(self, deployment: str, parameters: dict[str, Any]) -> str:
        """Start a deployment, flow and deployment of one name, and return the run's id."""
        found = self.call("GET", f"/deployments/name/{deployment}/{deployment}")
        # With a key, asking again after a lost answer finds the run instead of making another.
        body = {"parameters": parameters, "idempotency_key": str(uuid4())}
        created = self.call("POST", f"/deployments/{found['id']}/create_flow_run", body)
        return str(created["id"])

    def status(self, run_id: str) -> RunStatus:
        """Read how a run stands, with its progress bars."""
        run = self.call("GET", f"/flow_runs/{run_id}")
        state = run["state"] or {"name": "Pending", "type": "PENDING", "message": ""}
        bars = self.call(
            "POST",
            "/artifacts/filter",
            {
                "flow_runs": {"id": {"any_": [run_id]}},
                "artifacts": {"type": {"any_": ["progress"]}},
            },
        )
        bars.sort(key=lambda bar: bar["created"])
        return RunStatus(
            run_id=run_id,
            name=run["name"],
            state=state["name"],
            is_final=state["type"] in _FINAL,
            message=state["message"] or "",
            has_completed=state["type"] == "COMPLETED",
            progress=tuple((bar["description"] or "", float(bar["data"])) for bar in bars),
        )

    def follow(
        self, run_id: str, timeout_s: float, show: Callable[[RunStatus], None] = lambda _: None
    ) -> RunStatus:
        """Wait for a run, showing each status, and return the last.

        Raises:
            RunFailedError: It did not end well, or not in time.
        """
        for status in self._statuses(run_id, timeout_s):
            show(status)
            if status.is_final and not status.has_completed:
                msg = f"{status.name} ended {status.state}: {status.message}"
                raise RunFailedError(msg)
            if status.is_final:
                return status
        msg = f"flow run {run_id} was not done after {timeout_s:.0f} s"
        raise RunFailedError(msg)

    def _statuses(self, run_id: str, timeout_s: float) -> Iterator[RunStatus]:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            yield self.status(run_id)
            time.sleep(0.5)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask until the server has time: on SQLite it answers 503 while another writes.

        Returns:
            What it answers, from JSON; None where it answers nothing.

        Raises:
            RunFailedError: It refuses, or stays too busy.
        """
        for delay_s in (0.2, 0.5, 1, 2, 4, 8):
            with contextlib.suppress(httpx.TransportError):
                response = self._http.request(method, path, json=body)
                if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    return _content(response)
            time.sleep(delay_s)
        return _content(self._http.request(method, path, json=body))


def _content(response: httpx.Response) -> Any:
    if response.is_error:
        request = response.request
        msg = f"{request.method} {request.url.path}: {response.status_code} {response.text[:500]}"
        raise RunFailedError(msg)
    return response.json() if response.content else None
