"""Telling others that a callback came, after it was answered and without anybody waiting."""

import logging
import queue
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

Wake = Callable[[str], object]

_MOST_WAITING = 1024
_THREADS = 2


class Waking:
    """Calls a function for each job in threads of its own, which end with the program.

    What is lost here, as the program ends or too much waits, is not lost: the ledger remembers who
    rang, and the scheduled flow looks there.
    """

    def __init__(self, wake: Wake | None, most_waiting: int = _MOST_WAITING) -> None:
        """Start nothing yet.

        Args:
            wake: Gets the key of a job; without it nothing is told to anybody.
            most_waiting: Keys that may wait for their turn.
        """
        self._wake = wake
        self._waiting: queue.Queue[str] = queue.Queue(most_waiting)
        self._keys: set[str] = set()
        self._lock = threading.Lock()
        self._is_started = False

    def soon(self, key: str) -> None:
        """Have the function called; a job that waits for its turn already does not wait twice."""
        if self._wake is None:
            return
        with self._lock:
            self._start()
            if key in self._keys:
                return
            try:
                self._waiting.put_nowait(key)
            except queue.Full:
                log.warning("A callback came that nobody is told of yet: too many wait")
                return
            self._keys.add(key)

    def _start(self) -> None:
        if self._is_started:
            return
        self._is_started = True
        for number in range(_THREADS):
            # A daemon: nobody who ends a gateway waits for a server that does not answer.
            threading.Thread(target=self._work, name=f"waking-{number}", daemon=True).start()

    def _work(self) -> None:
        while True:
            key = self._waiting.get()
            with self._lock:
                self._keys.discard(key)  # before the call: who rings during it, rings again
            self._call(key)

    def _call(self, key: str) -> None:
        if self._wake is None:
            return
        try:
            self._wake(key)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next job must be told
            # Its kind only: the words of an error may hold an address.
            log.warning("Nobody could be told of a callback: %s", type(error).__name__)
