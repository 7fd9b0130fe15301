"""Hold on to a job while working on it: its lease is renewed until the block ends."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType

from imaging.errors import ImagingError, RemoteUnavailableError

log = logging.getLogger(__name__)


class Lease:
    """Renews in a thread what a worker holds in the ledger.

    The thread dies with its process, so that a killed worker's lease runs out by itself.
    """

    def __init__(self, renew: Callable[[], object], lease_s: float) -> None:
        """Take how to renew it.

        Args:
            renew: Renews it once; an error other than RemoteUnavailableError means that another
                worker has it.
            lease_s: How long it lasts. It is renewed four times as often, since the ledger may be
                away for a moment.
        """
        self._renew = renew
        self._every_s = lease_s / 4
        self._ended = Event()
        self._lost: ImagingError | None = None
        self._thread = Thread(target=self._run, name="fusion-lease", daemon=True)

    def __enter__(self) -> "Lease":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def check(self) -> None:
        """Stop who lost it.

        Raises:
            ImagingError: What the ledger said; another worker has it now.
        """
        if self._lost is not None:
            raise self._lost

    def _run(self) -> None:
        while not self._ended.wait(self._every_s):
            try:
                self._renew()
            except RemoteUnavailableError:
                log.warning("a lease could not be renewed; another attempt follows")
            except ImagingError as error:
                self._lost = error
                return
