"""What a machine may lack that tests need."""

import os
from typing import TypeVar

import pytest

T = TypeVar("T")


def needed(found: T | None, reason: str) -> T:
    """Return what was found; without it a test is skipped with the reason, or in CI fails."""
    if found is not None:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
