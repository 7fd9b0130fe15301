"""DVHs: how near the true ones, how fast, and in how much memory; against dicompyler-core."""

from pathlib import Path

from benchmarks.dvh_accuracy import accuracy
from benchmarks.dvh_speed import speed


def dvh(folder: Path) -> None:
    """Measure, and print."""
    accuracy(folder)
    speed(folder)
