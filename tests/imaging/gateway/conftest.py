"""A data root and a client of its gateway."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from imaging.gateway import GatewayOptions
from imaging.gateway.app import make_app
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
