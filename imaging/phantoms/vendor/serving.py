"""A simulated vendor on two ports of loopback: the API, and the file server."""

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from imaging.errors import InputError
from imaging.phantoms.vendor.asked import check_call
from imaging.phantoms.vendor.calls import Answer, RefusalError, Request, Route
from imaging.phantoms.vendor.options import SimulatorOptions
from imaging.phantoms.vendor.plans import Fault, Plans
from imaging.phantoms.vendor.products import Products
from imaging.phantoms.vendor.runs import Run, Runs
from imaging.phantoms.vendor.storage import Storage
from imaging.phantoms.vendor.wire import Origin

NOTE = "a simulator: nothing is computed, nothing is paid, no real vendor is asked"
_MOST_OF_A_CONTROL = 1 << 20


class VendorSimulator:
    """The vendor's contract over real HTTP, in threads of this process.

    Attributes:
        options: How it behaves when nothing is planned.
        counts: How many calls there were, by endpoint.
    """

    def __init__(self, options: SimulatorOptions | None = None) -> None:
        """Get ready; nothing listens until the block is entered."""
        self.options = options or SimulatorOptions()
        self.counts: Counter[str] = Counter()
        self._plans = Plans()
        self._lock = threading.Lock()
        self._storage = Storage(self.options)
        book = self.options.state / "runs.jsonl" if self.options.state else None
        self._runs = Runs(self._plans, self.options.seconds, book)
        self._products = Products(
            self._storage.offer,
            self.options.faces_per_tooth,
            self.options.teeth,
            self.options.jaws_as_list,
        )
        self._results: dict[str, dict[str, Any]] = {}
        self._origins: list[Origin] = []

    def __enter__(self) -> Self:
        for run in self.runs:
            self._result(run)  # of an earlier life: its urns are good again
        self._runs.resume()
        self._listen(self.options.port, self.options.files_port)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._runs.close()
        for origin in self._origins:
            origin.stop()
        self._storage.close()

    @property
    def url(self) -> str:
        """Where the API listens."""
        return self._origins[0].url

    @property
    def files_url(self) -> str:
        """Where the file server listens."""
        return self._origins[1].url

    @property
    def user_id(self) -> str:
        """Of the account."""
        return self.options.user_id

    @property
    def token(self) -> str:
        """Of the account."""
        return self.options.token

    @property
    def runs(self) -> list[Run]:
        """All that were accepted, in that order."""
        return self._runs.all

    @property
    def paid(self) -> int:
        """How many runs the account pays for."""
        return len(self._runs.all)

    @property
    def uploads(self) -> list[Path]:
        """The files that were uploaded whole, in that order."""
        return self._storage.uploads

    @property
    def tokens_at_storage(self) -> int:
        """How many signed uploads carried the token, which is none of the storage's business."""
        return self._storage.tokens_seen

    def connection_fields(self) -> dict[str, str]:
        """Return what a client must be told: two addresses and the account."""
        return {
            "url": self.url,
            "files_url": self.files_url,
            "user_group": self.options.user_group,
            "user_id": self.user_id,
            "token": self.token,
        }

    def plan(self, endpoint: str, *faults: Fault) -> None:
        """Plan what goes wrong at the next calls of an endpoint; see `plans.Fault`."""
        self._plans.add(endpoint, *faults)

    def finish(self, run_id: str = "") -> None:
        """End a run, or all of them, now; their callbacks were sent when this returns."""
        self._runs.finish(run_id)

    def ring(self, run_id: str, **changed: Any) -> None:
        """Send a run's callback again, with other fields where they are given."""
        self._runs.ring(self._runs.find(run_id), **changed)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Listen to nobody for the block, then again at the same addresses."""
        ports = [origin.port for origin in self._origins]
        for origin in self._origins:
            origin.stop()
        try:
            yield
        finally:
            self._listen(*ports)

    def state(self) -> dict[str, Any]:
        """Return what is known, as `GET /_simulator` answers it."""
        return {
            "note": NOTE,
            "paid": self.paid,
            "runs": [run.summary() for run in self.runs],
            "counts": dict(self.counts),
        }

    def _listen(self, port: int, files_port: int) -> None:
        files = self._storage.routes(lambda: self.files_url)
        wait_s = self.options.retry_after_s
        self._origins = [
            Origin(routes, self._plans, port=each, retry_after_s=wait_s, heard=self._heard)
            for routes, each in ((self._routes(), port), (files, files_port))
        ]
        for origin in self._origins:
            origin.start()

    def _heard(self, endpoint: str) -> None:
        with self._lock:
            self.counts[endpoint] += 1

    def _routes(self) -> list[Route]:
        return [
            Route("run", "POST", re.compile("/run"), self._submit),
            Route("status", "GET", re.compile("/run/([^/]+)"), self._status),
            Route("data", "GET", re.compile("/data/([^/]+)(?:/([^/]+))?"), self._data),
            Route("control", "GET", re.compile("/_simulator"), lambda _: Answer.of(self.state())),
            Route("control", "POST", re.compile("/_simulator"), self._control),
        ]

    def _submit(self, request: Request) -> Answer:
        self._storage.check_token(request)
        content = request.content(self.options.most_request_bytes)
        account = (self.options.user_group, self.options.user_id)
        call = check_call(content, account, self._storage.find)
        run, afterwards = self._runs.accept(call)
        return Answer.of({"run_id": run.run_id}, afterwards)

    def _status(self, request: Request) -> Answer:
        self._storage.check_token(request)
        return Answer.of(self._runs.find(request.words[0]).status())

    def _data(self, request: Request) -> Answer:
        self._storage.check_token(request)
        run_id, key = request.words
        run = self._runs.find(run_id)
        if not run.is_done or run.has_failed:
            raise RefusalError(404, "no results")
        found = self._result(run)
        if key and key not in found:
            raise RefusalError(404, "no such result")
        found = {key: found[key]} if key else found
        return Answer.of({"result": found} if self.options.nested else found)

    def _result(self, run: Run) -> dict[str, Any]:
        """Return the results of a run, made once."""
        with self._lock:
            if run.run_id not in self._results:
                asked = run.call["output_config"]
                self._results[run.run_id] = self._products.of(run.run_id, asked, run.outcome)
            return self._results[run.run_id]

    def _control(self, request: Request) -> Answer:
        """Do what a person asks of the simulator: `{"plan": {endpoint: [...]}, "finish": id}`."""
        asked = json.loads(request.content(_MOST_OF_A_CONTROL))
        try:
            for endpoint, faults in asked.get("plan", {}).items():
                self.plan(endpoint, *faults)
        except InputError as error:
            raise RefusalError(422, str(error)) from None
        if "finish" in asked:
            self.finish(asked["finish"])
        return Answer.of(self.state())
