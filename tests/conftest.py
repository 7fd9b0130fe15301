"""Fixtures that several rooms share."""

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from deployments.orthanc_install import SKIP_VARIABLE, find_orthanc
from deployments.orthanc_server import OrthancServer
from deployments.processes import free_port
from imaging.phantoms.edges import write_edges
from imaging.settings import settings
from tests.lacking import needed
from tests.sharing import ByFile

# A machine that is busy with another process of the tests is no fault of what they test; and the
# same code is tried on the same cases (constants of our modules are among what is drawn).
# `--hypothesis-profile=explore` looks further, each time elsewhere.
hypothesis_settings.register_profile(
    "same", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
hypothesis_settings.register_profile(
    "explore", hypothesis_settings.get_profile("same"), derandomize=False, max_examples=2000
)
hypothesis_settings.load_profile("same")


def pytest_collection_modifyitems(items):
    """Let Prefect leave its clients' sockets to the garbage collector, and no one else."""
    leave = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
    for item in items:
        if "prefect_server" in item.fixturenames:
            item.add_marker(leave)


def pytest_collection_finish():
    """Spare the garbage collector what was imported: to look through that takes half a second."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Hand out whole files where `-n` says nothing else."""
    return ByFile(config, log) if config.option.dist == "load" else None


@pytest.fixture(scope="session")
def orthanc_program() -> Path:
    """The Orthanc of this machine."""
    return needed(find_orthanc(), f"no Orthanc: {SKIP_VARIABLE} is set, or it is not installed")


@pytest.fixture(scope="session")
def full_disk() -> Path:
    """A file that takes nothing."""
    full = Path("/dev/full")
    return needed(
        full if full.exists() else None, "only Linux has a disk that is always full, /dev/full"
    )


@pytest.fixture(scope="session")
def dciodvfy() -> str:
    """The program that checks objects against the standard."""
    reason = "dciodvfy is missing; Debian has it in dicom3tools"
    return needed(shutil.which("dciodvfy"), reason)


@pytest.fixture(scope="session")
def orthanc(
    orthanc_program: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OrthancServer]:
    """One running server for the whole session; tests tell their data apart by PatientID."""
    server = OrthancServer(tmp_path_factory.mktemp("orthanc"), program=orthanc_program)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def empty_orthanc(orthanc_program: Path, tmp_path: Path) -> Iterator[OrthancServer]:
    """A running server of the test's own, with nothing in it."""
    server = OrthancServer(tmp_path / "orthanc", program=orthanc_program)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def edge_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every object of the awkward patients, to be read only: to make them takes a while."""
    folder = tmp_path_factory.mktemp("edges")
    write_edges(folder)
    return folder


@pytest.fixture(autouse=True)
def _collect(request):
    yield
    if "prefect_server" in request.fixturenames:
        gc.collect()  # or its sockets would be found, and blamed, in another room's test


@pytest.fixture(scope="session")
def prefect_server():
    """One Prefect server for the whole session: its start is what costs."""
    # A run that ends would wait for its heart to look up, which it does once a second.
    without_heart = temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})
    with pytest.MonkeyPatch.context() as patch:
        # It listens seconds after it chose a port, and the system may give that one away meanwhile.
        patch.setattr("prefect.testing.utilities._find_available_port", free_port)
        with prefect_test_harness(server_startup_timeout=240), without_heart:
            yield


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Settings of this test alone; call it with those to change."""

    def change(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"IMAGING_{name.upper()}", str(value))
        settings.cache_clear()

    # Whatever the user's own .env says.
    change(data_root=tmp_path / "data", orthanc_url="", dicom_folder="", orthanc_user="")
    change(orthanc_password="", project_key="", show_patient_ids=False)
    change(fusion_url="", fusion_files_url="", fusion_callback_url="", fusion_ledger_url="")
    yield change
    settings.cache_clear()
