"""Faults that are planned, call by call: each endpoint has a queue of what goes wrong next."""

import re
import threading
from collections import defaultdict, deque

from imaging.errors import InputError

Fault = str | int | None
"""Which fault: None is none, a number is the status that is answered.

At any endpoint, a call may be

    4xx, 5xx      answered so; a run is PAID with a 5xx, and not with a 4xx
    dropped       not heard: the connection closes, nothing was done
    lost          done (a run: PAID), then the connection closes without an answer
    junk          done, and answered with what is no JSON
    wrong         done, and answered with JSON of another shape
    short         done, and the answer ends before the length that it declared
    delay S       done after S seconds
    redirect      sent elsewhere, nothing was done

and besides

    upload_url    expired: the URL is too old already
    result        failed, failed REASON, empty (a mesh of 0 faces), nan, tricks (names and urns)
    callback      never, twice, late S, early (before the call that submits is answered)

A result and a callback are planned in the order in which runs are accepted.
"""

_ANYWHERE = r"[45]\d\d|dropped|lost|junk|wrong|short|redirect|delay \d+(\.\d+)?"
_RESULTS = r"failed( .+)?|empty|nan|tricks"
_CALLBACKS = r"never|twice|early|late \d+(\.\d+)?"
ENDPOINTS = {
    "upload_url": re.compile(rf"{_ANYWHERE}|expired"),
    "put": re.compile(_ANYWHERE),
    "run": re.compile(_ANYWHERE),
    "status": re.compile(_ANYWHERE),
    "data": re.compile(_ANYWHERE),
    "download": re.compile(_ANYWHERE),
    "result": re.compile(_RESULTS),
    "callback": re.compile(_CALLBACKS),
}


class Plans:
    """What goes wrong next, by endpoint; used by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def add(self, endpoint: str, *faults: Fault) -> None:
        """Plan what happens at the next calls of an endpoint; None lets one pass.

        Raises:
            InputError: There is no such endpoint, or no such fault there.
        """
        pattern = ENDPOINTS.get(endpoint)
        if pattern is None:
            msg = f"no endpoint is called {endpoint}: they are {', '.join(ENDPOINTS)}"
            raise InputError(msg)
        for fault in faults:
            if fault is not None and not pattern.fullmatch(str(fault)):
                msg = f"{endpoint} knows no fault {fault}"
                raise InputError(msg)
        with self._lock:
            self._queues[endpoint].extend(faults)

    def take(self, endpoint: str) -> Fault:
        """Return what happens at this call."""
        with self._lock:
            queue = self._queues[endpoint]
            fault = queue.popleft() if queue else None
        is_number = isinstance(fault, str) and fault.isdecimal()
        return int(fault) if is_number and fault else fault


def seconds_of(fault: Fault, word: str) -> float:
    """Return the S of `word S`, or 0 where the fault is another."""
    name, _, seconds = str(fault).partition(" ")
    return float(seconds) if name == word else 0.0
