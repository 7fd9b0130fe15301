"""The runs of a simulated vendor: each is paid for at the moment when it is accepted."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from imaging.phantoms.vendor.calls import RefusalError
from imaging.phantoms.vendor.plans import Plans, seconds_of

_LOOPBACK: set[str | None] = {"127.0.0.1", "localhost", "::1"}
_MOST_OF_A_CALLBACK_S = 20.0
_NEVER = 1e12  # seconds since 1970; infinity is no JSON


@dataclass(slots=True)
class Run:
    """A run that was accepted, and so is paid for.

    Attributes:
        run_id: Its name.
        call: What was asked for.
        due: When it is done, in seconds since 1970.
        outcome: Empty when all is well; else a fault of `result`.
        ringing: A fault of `callback`, or empty.
        callbacks: What became of each callback: a status, or the kind of an error.
    """

    run_id: str
    call: dict[str, Any]
    due: float
    outcome: str = ""
    ringing: str = ""
    callbacks: list[str] = field(default_factory=list)

    @property
    def metadata(self) -> dict[str, str]:
        """As it was submitted with."""
        metadata: dict[str, str] = self.call.get("metadata", {})
        return metadata

    @property
    def is_done(self) -> bool:
        """Whether it ended, well or not."""
        return time.time() >= self.due

    @property
    def has_failed(self) -> bool:
        """Whether it ended badly."""
        return self.is_done and self.outcome.startswith("failed")

    @property
    def reason(self) -> str:
        """Why it failed; empty where it did not."""
        if not self.has_failed:
            return ""
        return self.outcome.removeprefix("failed").strip() or "the scans could not be registered"

    def status(self) -> dict[str, Any]:
        """Return what `/run/{id}` answers."""
        done_well = self.is_done and not self.has_failed
        return {
            "completed": done_well,
            "failed": self.has_failed,
            "reason_public": self.reason,
        }

    def summary(self) -> dict[str, Any]:
        """Return what the simulator tells about it; no address is in it."""
        return {
            "run_id": self.run_id,
            **self.status(),
            "metadata": self.metadata,
            "callbacks": list(self.callbacks),
        }


class Runs:
    """All runs, and the callbacks that tell of their end."""

    def __init__(self, plans: Plans, seconds: float, book: Path | None = None) -> None:
        """Begin with those of the book.

        Args:
            plans: What goes wrong.
            seconds: How long a run takes; infinite ones wait for `finish`.
            book: A file that remembers runs when the simulator ends.
        """
        self._plans, self._seconds, self._book = plans, seconds, book
        is_there = book is not None and book.exists()
        lines = book.read_text().splitlines() if book and is_there else []
        self._runs = {run.run_id: run for run in (Run(**json.loads(line)) for line in lines)}
        self._timers: list[threading.Timer] = []
        self._rung: set[str] = set()
        self._lock = threading.Lock()
        self._is_open = True

    @property
    def all(self) -> list[Run]:
        """In the order in which they were accepted."""
        with self._lock:
            return list(self._runs.values())

    def find(self, run_id: str) -> Run:
        """Return a run.

        Raises:
            RefusalError: There is none.
        """
        with self._lock:
            run = self._runs.get(run_id)
        if run is None:
            raise RefusalError(404, "no such run")
        return run

    def accept(self, call: dict[str, Any]) -> tuple[Run, Callable[[], None]]:
        """Take on a run: it costs from here on.

        Returns:
            The run, and what is to be done when its submission was answered.
        """
        with self._lock:
            outcome = str(self._plans.take("result") or "")
            ringing = str(self._plans.take("callback") or "")
            seconds = 0.0 if ringing == "early" else self._seconds
            due = min(time.time() + seconds, _NEVER)
            run = Run(uuid4().hex, call, due, outcome, ringing)
            self._write(run)
            self._runs[run.run_id] = run
        if ringing == "early":
            self._end(run)
        return run, lambda: self._schedule(run)

    def resume(self) -> None:
        """Take up the runs of an earlier life, whose callbacks were not sent."""
        for run in self.all:
            if run.callbacks:
                self._rung.add(run.run_id)
            else:
                self._schedule(run)

    def finish(self, run_id: str = "") -> None:
        """End a run, or all of them, now; their callbacks were sent when this returns."""
        for run in [self.find(run_id)] if run_id else self.all:
            run.due = min(run.due, time.time())
            self._end(run)
            with self._lock:
                self._write(run)

    def ring(self, run: Run, **changed: Any) -> None:
        """Send a run's callback, with other fields where they are given."""
        body = {
            "workflow_id": run.run_id,
            "metadata": run.metadata,
            "success": not run.has_failed,
            "reason": run.reason or None,
        }
        for notification in run.call.get("notification", []):
            run.callbacks.append(_post(notification["url"], {**body, **changed}))

    def close(self) -> None:
        """Send no more callbacks."""
        with self._lock:
            self._is_open = False
            timers = list(self._timers)
        for timer in timers:
            timer.cancel()
        for timer in timers:
            timer.join(_MOST_OF_A_CALLBACK_S)

    def _write(self, run: Run) -> None:
        """Enter a run in the book, before anybody hears of it."""
        if self._book is None:
            return
        self._book.parent.mkdir(parents=True, exist_ok=True)
        with self._book.open("a") as book:
            book.write(json.dumps(asdict(run)) + "\n")

    def _schedule(self, run: Run) -> None:
        """Let a run end when its time has come."""
        if run.due >= _NEVER or not run.call.get("notification"):
            return
        wait_s = max(0.0, run.due - time.time()) + seconds_of(run.ringing, "late")
        timer = threading.Timer(wait_s, self._end, [run])
        timer.daemon = True
        with self._lock:
            if self._is_open:
                self._timers.append(timer)
                timer.start()

    def _end(self, run: Run) -> None:
        """Send the callbacks of a run that has ended, once."""
        with self._lock:
            is_new = run.run_id not in self._rung
            self._rung.add(run.run_id)
        if not is_new or run.ringing == "never":
            return
        for _ in range(2 if run.ringing == "twice" else 1):
            self.ring(run)
        with self._lock:
            self._write(run)


def _post(url: str, body: dict[str, Any]) -> str:
    """Send a callback, on loopback only, and return what became of it."""
    try:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
            return "not sent: a simulator calls nobody but its own machine"
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        called = HTTPConnection(parts.hostname or "", parts.port, timeout=_MOST_OF_A_CALLBACK_S)
        with closing(called):
            called.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            return str(called.getresponse().status)
    except (OSError, HTTPException, ValueError) as error:
        return type(error).__name__
