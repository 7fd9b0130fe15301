"""Fixtures that several rooms share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.orthanc_install import SKIP_VARIABLE, find_orthanc
from deployments.orthanc_server import OrthancServer


@pytest.fixture(scope="session")
def orthanc_program() -> Path:
    """The Orthanc of this machine; without one a test is skipped, or in CI fails."""
    if (program := find_orthanc()) is not None:
        return program
    reason = f"no Orthanc: {SKIP_VARIABLE} is set, or it is not installed"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


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
