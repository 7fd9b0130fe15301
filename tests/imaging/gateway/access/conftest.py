import pytest

from imaging.gateway import GatewayOptions
from tests.imaging.gateway.access.apps import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def options(tmp_path):
    """A gateway on loopback; nobody ever made a token."""
    return GatewayOptions(data_root=tmp_path)


@pytest.fixture
def exposed(tmp_path):
    """A gateway that others can reach."""
    return GatewayOptions(data_root=tmp_path, host="0.0.0.0")  # noqa: S104 - never listened on
