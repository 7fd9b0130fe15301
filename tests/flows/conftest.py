"""One Prefect server for all flows, and a place of its own for each test."""

import gc
from contextlib import closing
from pathlib import Path

import pytest
from prefect.testing.utilities import prefect_test_harness

from deployments.orthanc_server import OrthancServer
from imaging.orthanc import OrthancArchive
from imaging.phantoms import Cohort, PhantomSize
from imaging.settings import settings


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
def prefect_server():
    with prefect_test_harness(server_startup_timeout=240):
        yield


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Settings of this test alone; call it with those to change."""

    def change(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"IMAGING_{name.upper()}", str(value))
        settings.cache_clear()

    change(data_root=tmp_path / "data", orthanc_url="", dicom_folder="")
    yield change
    settings.cache_clear()


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
