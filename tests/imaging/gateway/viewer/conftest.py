"""A browser and a gateway for the tests of the viewer: their start is what costs."""

from collections.abc import Iterator

import pytest

from tests.imaging.gateway.viewer.browser import Browser, started
from tests.imaging.gateway.viewer.running import Gateway, fill, serving


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for the whole session."""
    with started(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="session")
def session_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    gateway = Gateway(tmp_path_factory.mktemp("gateway"))
    fill(gateway.root)
    with serving(gateway):
        yield gateway


@pytest.fixture
def gateway(session_gateway: Gateway) -> Gateway:
    """A gateway with a head in every grid, that asks for no token."""
    session_gateway.asked.clear()
    return session_gateway


@pytest.fixture
def plain_head(chromium: Browser, gateway: Gateway) -> Browser:
    """The browser with the plain head and its structures, as on opening; seldom opened anew."""
    address = gateway.view(image="plain/ct.nii.gz", labels="plain/structures.nii.gz")
    if chromium.driver.current_url != address:
        chromium.open(address)
        return chromium
    chromium.set("#search", "")
    chromium.find("#all").click()
    for field, value in {"#opacity": "0.5", "#view": "multiplanar", "#window": "-160 240"}.items():
        chromium.set(field, value)
    chromium.complaints()
    return chromium


@pytest.fixture
def asking_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Likewise, for tests that make tokens."""
    gateway = Gateway(tmp_path_factory.mktemp("asking"))
    fill(gateway.root)
    with serving(gateway):
        yield gateway
