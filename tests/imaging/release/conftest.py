"""A patient to release."""

from contextlib import closing

import pytest

from imaging.dicom import FolderArchive
from tests.imaging.release.releases import phantom


@pytest.fixture
def source(tmp_path):
    """A folder with one patient."""
    folder = tmp_path / "source"
    phantom().write(folder)
    return folder


@pytest.fixture
def archive(tmp_path, source):
    """That folder as an archive."""
    with closing(FolderArchive(source, tmp_path / "index.sqlite")) as archive:
        yield archive
