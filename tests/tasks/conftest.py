"""What tests of tasks share."""

import pytest

from imaging.fusion.ledger import Ledger
from imaging.settings import settings


@pytest.fixture
def ledger(place):
    """The ledger of fusions in a data root of this test."""
    place()
    with Ledger.of(settings()) as ledger:
        yield ledger
