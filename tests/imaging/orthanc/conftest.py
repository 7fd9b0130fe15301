from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.orthanc_server import OrthancServer
from imaging.orthanc import OrthancArchive
from imaging.orthanc.client import OrthancClient
from tests.imaging.orthanc.fakes import FakeOrthanc
from tests.imaging.orthanc.servers import Proxy, serving


@pytest.fixture(scope="session")
def orthanc(
    orthanc_program: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OrthancServer]:
    """One running server for all tests here, where nothing comes to rest.

    So two listings of it are alike, however much later the second one is.
    """
    server = OrthancServer(
        tmp_path_factory.mktemp("orthanc"), program=orthanc_program, StableAge=3600
    )
    server.start()
    yield server
    server.kill()


@pytest.fixture
def archive(orthanc: OrthancServer) -> Iterator[OrthancArchive]:
    """The session's server."""
    opened = OrthancArchive(orthanc.url, orthanc.user, orthanc.password)
    yield opened
    opened.close()


@pytest.fixture
def empty_archive(empty_orthanc: OrthancServer) -> Iterator[OrthancArchive]:
    """A server of the test's own."""
    opened = OrthancArchive(empty_orthanc.url, empty_orthanc.user, empty_orthanc.password)
    yield opened
    opened.close()


@pytest.fixture
def proxy(orthanc: OrthancServer) -> Iterator[Proxy]:
    """A proxy before the session's server."""
    with Proxy(orthanc.url) as running:
        yield running


@pytest.fixture
def proxied(orthanc: OrthancServer, proxy: Proxy) -> Iterator[OrthancArchive]:
    """The session's server, behind the proxy."""
    opened = OrthancArchive(proxy.url, orthanc.user, orthanc.password)
    yield opened
    opened.close()


@pytest.fixture
def fake() -> FakeOrthanc:
    """A server of one series, to be spoilt."""
    return FakeOrthanc()


@pytest.fixture
def faked(fake: FakeOrthanc) -> Iterator[OrthancArchive]:
    """The archive on that server."""
    with serving(fake) as url:
        opened = OrthancArchive(url)
        opened._client._transport.sleep = lambda _: None
        yield opened
        opened.close()


@pytest.fixture
def client():
    """Makes clients, and closes them."""
    made: list[OrthancClient] = []

    def make(url: str, *credentials: str, timeout_s: float = 60) -> OrthancClient:
        made.append(OrthancClient(url, *credentials, timeout_s=timeout_s))
        made[-1]._transport.sleep = lambda _: None
        return made[-1]

    yield make
    for each in made:
        each.close()
