import pytest

from imaging.dicom import FolderArchive


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "dicom"


@pytest.fixture
def archive(folder):
    folder.mkdir()
    opened = FolderArchive(folder)
    yield opened
    opened.close()
