"""Flows run on one Prefect server, on patients made once."""

import shutil
from contextlib import closing

import pytest

from deployments.orthanc_server import OrthancServer
from flows.extract_cohort import extract_cohort
from imaging.cohort import CohortFolder
from imaging.orthanc import OrthancArchive
from imaging.phantoms import Cohort, PhantomSize
from imaging.settings import settings
from tests.flows.fusions import dental_case, handed_in, undrawn, vendor  # noqa: F401 - fixtures
from tests.imaging.cohort.fakes import FILES_ONLY

WITH_PTV = FILES_ONLY.model_copy(update={"wanted_rois": ["PTV"]})


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


@pytest.fixture(scope="session")
def extracted(tmp_path_factory):
    """Where the data root lies that `dvh_cohort` copies, once it was made."""
    return tmp_path_factory.mktemp("extracted") / "data"


@pytest.fixture
def dvh_cohort(place, phantoms, extracted):
    """The cohort `dvh` of the ten patients: extracted once, and a copy of its own for each test."""
    place(dicom_folder=phantoms[0])
    own = settings().data_root
    if not extracted.exists():
        place(data_root=extracted)
        extract_cohort("dvh", specification=WITH_PTV)
        place(data_root=own)
    shutil.copytree(extracted, own)
    return CohortFolder.named("dvh", own).manifest
