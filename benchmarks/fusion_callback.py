"""The vendor's callback: how long the gateway takes to note it on disk and answer."""

import hmac
import http.client
import json
import statistics
import time
from pathlib import Path

import psutil

from benchmarks.gateway_servers import FileServer, gateway
from benchmarks.report import at_most, show_figure, show_title
from imaging.fusion.callbacks import PATH, callback_token
from imaging.fusion.job import JobDraft
from imaging.fusion.ledger import Budget, Ledger
from imaging.settings import callback_key, settings

_JOBS = 200
_MOST_MS = 20.0
_WRONG = "0" * 64


def fusion_callback(folder: Path) -> None:
    """Measure, and print."""
    root = folder / "callbacks"
    root.mkdir()
    place = settings().model_copy(update={"data_root": root})
    keys = [hmac.digest(b"job", str(number).encode(), "sha256").hex() for number in range(_JOBS)]
    with Ledger.of(place) as ledger:
        for number, key in enumerate(keys):
            _submit(ledger, key, number)
    secret = callback_key(place)
    with gateway(root) as server:
        before = _cpu_s(server)
        first = [_answered_ms(server, key, callback_token(secret, key), 204) for key in keys]
        again = [_answered_ms(server, key, callback_token(secret, key), 204) for key in keys]
        own_ms = 1000 * (_cpu_s(server) - before) / (2 * _JOBS)
        wrong = [_answered_ms(server, key, _WRONG, 404) for key in keys]
    show_title(f"{_JOBS} callbacks, one after the other, each with a connection of its own: ms")
    for name, taken in (("that tell a run id", first), ("again", again), ("of strangers", wrong)):
        middle = statistics.median(taken)
        show_figure(f"{name}, median", f"{middle:.1f}", at_most(_MOST_MS).verdict(middle))
    show_figure("the gateway's own CPU time, for each that is noted", f"{own_ms:.1f}")
    show_figure("the slowest of all", f"{max(first + again + wrong):.1f}")


def _cpu_s(server: FileServer) -> float:
    times = [psutil.Process(pid).cpu_times() for pid in server.pids]
    return sum(each.user + each.system for each in times)


def _submit(ledger: Ledger, key: str, number: int) -> None:
    """Bring a job to where the answer to its submission was lost."""
    budget = Budget(2 * _JOBS, 2 * _JOBS)
    claim = ledger.claim(JobDraft(key, f"case-{number}", "default"), budget, 3600)
    ledger.begin_submission(key, claim.owner, budget)


def _answered_ms(server: FileServer, key: str, token: str, status: int) -> float:
    body = json.dumps({"workflow_id": f"run-{key[:16]}", "success": True})
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    start = time.perf_counter()
    connection.request("POST", f"{PATH}/{key}/{token}", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    taken = time.perf_counter() - start
    connection.close()
    if answer.status != status:
        msg = f"the gateway answered {answer.status}"
        raise RuntimeError(msg)
    return 1000 * taken
