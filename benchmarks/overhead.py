"""PLACEHOLDER."""

from pathlib import Path


def overhead(folder: Path) -> None:
    """Do nothing."""
