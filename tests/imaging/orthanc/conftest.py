from collections.abc import Iterator

import pytest

from deployments.orthanc_server import OrthancServer
from imaging.orthanc import OrthancArchive
from tests.imaging.orthanc.servers import Proxy


@pytest.fixture
def archive(orthanc: OrthancServer) -> Iterator[OrthancArchive]:
    """The session's server."""
    opened = OrthancArchive(orthanc.url, orthanc.user, orthanc.password, timeout_s=20)
    yield opened
    opened.close()


@pytest.fixture
def empty_archive(empty_orthanc: OrthancServer) -> Iterator[OrthancArchive]:
    """A server of the test's own."""
    opened = OrthancArchive(
        empty_orthanc.url, empty_orthanc.user, empty_orthanc.password, timeout_s=20
    )
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
    opened = OrthancArchive(proxy.url, orthanc.user, orthanc.password, timeout_s=20)
    yield opened
    opened.close()
