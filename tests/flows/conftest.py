"""Flows run on one Prefect server, on patients made once."""

import gc
from contextlib import closing
from pathlib import Path

import pytest

from deployments.orthanc_server import OrthancServer
from imaging.orthanc import OrthancArchive
from imaging.phantoms import Cohort, PhantomSize


def pytest_collection_modifyitems(items):
    """Let Prefect leave its clients' sockets to the garbage collector, here and nowhere else."""
    here = Path(__file__).parent
    leave = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
    for item in items:
        if here in item.path.parents:
            item.add_marker(leave)


@pytest.fixture(autouse=True)
def _collect():
    yield
    gc.collect()  # or they would be found, and blamed, in another room's test


@pytest.fixture(scope="session", autouse=True)
def _server(prefect_server):
    """Flows run on a real server."""


@pytest.fixture(scope="session")
def phantoms(tmp_path_factory):
    """The demo's ten patients, tiny, as files."""
    folder = tmp_path_factory.mktemp("phantoms")
    cohort = Cohort.demo(seed=7, size=PhantomSize.tiny())
    cohort.write(folder)
    return folder, cohort


@pytest.fixture(scope="session")
def filled_orthanc(orthanc_program, tmp_path_factory, phantoms):
    """A server that holds the same ten patients and nobody else."""
    with OrthancServer(tmp_path_factory.mktemp("filled"), program=orthanc_program) as server:
        with closing(OrthancArchive(server.url, server.user, server.password)) as archive:
            archive.upload(sorted(phantoms[0].rglob("*.dcm")))
        yield server
