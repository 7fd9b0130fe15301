"""A data root and a client of its gateway."""

import dataclasses
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from imaging.gateway import GatewayOptions
from imaging.gateway.app import make_app
from tests.imaging.gateway.fusions import PROJECT_KEY, address, ledger_of
from tests.imaging.labels.phantoms import EXTENSION, Nifti, write


@pytest.fixture
def data_root(tmp_path):
    """A data root with a text of ten bytes and a patient's label map of labels 1, 5, 7 and 11."""
    root = tmp_path / "data"
    (root / "output/P1/scans").mkdir(parents=True)
    (root / "ten.txt").write_text("0123456789")
    write(root / "output/P1/scans/seg.nii.gz", Nifti(extension=EXTENSION).content())
    return root


@pytest.fixture
def gateway_options(data_root):
    """The gateway as it is by default."""
    return GatewayOptions(data_root)


@pytest.fixture
def client(gateway_options) -> Iterator[TestClient]:
    """A client on the same machine."""
    with TestClient(make_app(gateway_options), base_url="http://localhost") as client:
        yield client


@pytest.fixture
def fusion_options(gateway_options):
    """A gateway whose addresses of callbacks are known."""
    return dataclasses.replace(gateway_options, project_key=PROJECT_KEY)


@pytest.fixture
def ledger(data_root):
    """The ledger that it opens."""
    with ledger_of(data_root) as ledger:
        yield ledger


@pytest.fixture
def ours(data_root):
    """Where the vendor calls about the first job."""
    return address(data_root)
