"""The whole life of a job in a process of its own, which may be killed at any moment of it."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imaging.fusion.connection import VendorConnection
from imaging.fusion.journey import (
    FusionClient,
    Job,
    Ledger,
    Prepared,
    collect,
    submit,
    wait_inline,
)

# Everything a life imports, for the server that the processes are forked from.
PRELOAD = ["pytest", "tests.imaging.fusion.journey.life", "imaging.fusion.viewer.writing"]


@dataclass(frozen=True)
class Life:
    """What a process needs to live through a job.

    Attributes:
        prepared: The case.
        connection: Whose account pays.
        ledger_file: Of the ledger.
        data_root: Where results lie.
        ahead_s: How far its clock is ahead: so leases of killed processes are over.
        fate: The step at which it kills itself; empty for none.
    """

    prepared: Prepared
    connection: VendorConnection
    ledger_file: Path
    data_root: Path
    ahead_s: float = 0.0
    fate: str = ""

    def clock(self) -> float:
        return time.time() + self.ahead_s

    def meet(self, step: str, share: float = 0.0) -> None:  # noqa: ARG002 - as progress is told
        """Die here, if that is the fate."""
        if self.fate and step.startswith(self.fate):
            os.kill(os.getpid(), signal.SIGKILL)


class FatedLedger(Ledger):
    """A ledger whose user may be killed as soon as a change is written."""

    def __init__(self, life: Life) -> None:
        super().__init__(life.ledger_file, now=life.clock)
        self._life = life

    def begin_submission(self, *args: Any, **named: Any) -> Job:
        job = super().begin_submission(*args, **named)
        self._life.meet("begin_submission")
        return job

    def submitted(self, *args: Any, **named: Any) -> Job:
        job = super().submitted(*args, **named)
        self._life.meet("written down")
        return job

    def completed(self, *args: Any, **named: Any) -> Job:
        job = super().completed(*args, **named)
        self._life.meet("completed")
        return job

    def end_collection(self, *args: Any, **named: Any) -> Job:
        self._life.meet("before end_collection")
        job = super().end_collection(*args, **named)
        self._life.meet("after end_collection")
        return job


class FatedClient(FusionClient):
    """A client whose user may be killed when the vendor has accepted, and nobody knows."""

    def __init__(self, life: Life) -> None:
        super().__init__(life.connection)
        self._life = life

    def run(self, *args: Any, **named: Any) -> str:
        run_id = super().run(*args, **named)
        self._life.meet("accepted")
        return run_id


def live(life: Life) -> None:
    """Submit, wait and collect; whatever a killed predecessor did is found in the ledger."""
    with FatedLedger(life) as ledger, FatedClient(life) as client:
        job = submit(
            life.prepared,
            ledger=ledger,
            connection=life.connection,
            client=client,
            data_root=life.data_root,
            progress=life.meet,
        )
        wait_inline(job, ledger=ledger, client=client, clock=life.clock)
        collect(
            job.key,
            ledger=ledger,
            client=client,
            data_root=life.data_root,
            progress=life.meet,
            draw=lambda *_: [],
        )
