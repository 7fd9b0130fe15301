"""A clock that only goes when it is told to."""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from imaging.fusion.vendor import limits


@dataclass
class Clock:
    now: float = 0.0

    def passes(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock
