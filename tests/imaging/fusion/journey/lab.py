"""A lab with an account at a simulated vendor, and a clock of its own."""

import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from imaging.errors import RemoteUnavailableError
from imaging.fusion.callbacks import Received, receive
from imaging.fusion.connection import VendorConnection
from imaging.fusion.journey import FusionCase, FusionClient, Job, Ledger, Prepared, collect, submit
from imaging.fusion.journey import prepare as prepare_case
from imaging.fusion.specification import CBCT, LOWER, UPPER, FusionSpecification, content_key
from imaging.phantoms.dental import SmallCase
from imaging.phantoms.vendor import SimulatorOptions, VendorSimulator

FEW = SimulatorOptions(teeth=("11", "36"), faces_per_tooth=80)
CALLBACK_KEY = b"callbacks of the lab's own, 32 bytes"
_ANSWERS = {
    Received.KNOWN: 204,
    Received.ADOPTED: 204,
    Received.CONFLICT: 409,
    Received.UNKNOWN: 404,
    Received.MALFORMED: 400,
}


class Clock:
    """Tells the time, and can be set forward."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s

    def sleep(self, seconds: float) -> None:
        """Let time pass without waiting for it."""
        self.ahead_s += seconds


def no_pictures(*_: Any) -> list[Path]:
    """Draw nothing."""
    return []


def patient(seconds: float) -> None:
    """Wait for no attempt."""


class Doorbell:
    """Takes callbacks as the gateway does; a port of loopback, in a thread."""

    def __init__(self, ledger_file: Path) -> None:
        self.ledger_file = ledger_file
        self.outcomes: list[Received] = []
        bell = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                *_, key, token = self.path.split("/")
                self.send_response(bell.ring(key, token, body))
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def ring(self, key: str, token: str, body: bytes) -> int:
        try:
            with Ledger(self.ledger_file) as ledger:
                outcome = receive(ledger, CALLBACK_KEY, key, token, body)
        except RemoteUnavailableError:
            return 503
        self.outcomes.append(outcome)
        return _ANSWERS[outcome]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@lru_cache
def _checked(files: SmallCase) -> Prepared:
    """Check a patient's files once: many tests hand in the same."""
    case = FusionCase("case", files.upper, files.lower, files.cbct)
    return prepare_case(case, FusionSpecification())


@dataclass
class Lab:
    """What the journey needs, for as long as the block lasts."""

    root: Path
    files: SmallCase
    options: SimulatorOptions = FEW
    has_callbacks: bool = False
    budget: int = 1000
    clock: Clock = field(default_factory=Clock)

    def __enter__(self) -> "Lab":
        self._stack = ExitStack()
        self.vendor = self._stack.enter_context(VendorSimulator(self.options))
        self.ledger_file = self.root / ".fusion" / "ledger.sqlite"
        self.ledger = self._stack.enter_context(Ledger(self.ledger_file, now=self.clock))
        self.doorbell = None
        if self.has_callbacks:
            self.doorbell = Doorbell(self.ledger_file)
            self._stack.callback(self.doorbell.close)
        self.connection = VendorConnection(
            name="default",
            **cast("dict[str, Any]", self.vendor.connection_fields()),
            callback_url=self.doorbell.url if self.doorbell else "",
            callback_key=CALLBACK_KEY,
            runs_per_day=self.budget,
            runs_per_month=self.budget,
            timeout_s=60,  # whoever waits for an answer gets one, however busy the machine is
        )
        self.client = self._stack.enter_context(FusionClient(self.connection, sleep=patient))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def case(self, name: str = "case-1") -> FusionCase:
        return FusionCase(name, self.files.upper, self.files.lower, self.files.cbct)

    def prepare(self, name: str = "case-1", number: int = 0) -> Prepared:
        """Return a case that is checked; another number is another content."""
        specification = FusionSpecification(further_inputs={"n": number})
        return replace(
            _checked(self.files),
            case=self.case(name),
            specification=specification,
            key=content_key(specification, dict.fromkeys((UPPER, LOWER, CBCT), "0")),
        )

    def submit(self, prepared: Prepared, **changed: Any) -> Job:
        wanted: dict[str, Any] = {
            "ledger": self.ledger,
            "connection": self.connection,
            "client": self.client,
            "data_root": self.root,
        }
        return submit(prepared, **(wanted | changed))

    def collect(self, key: str, **changed: Any) -> Any:
        wanted: dict[str, Any] = {
            "ledger": self.ledger,
            "client": self.client,
            "data_root": self.root,
            "draw": no_pictures,
        }
        return collect(key, **(wanted | changed))

    def with_budget(self, runs: int) -> VendorConnection:
        return replace(self.connection, runs_per_day=runs, runs_per_month=runs)

    def job(self, key: str) -> Job:
        job = self.ledger.get(key)
        assert job is not None
        return job
