"""Archives by the name of their connection."""

import pytest
from pydantic import SecretStr

from imaging.dicom import FolderArchive
from imaging.errors import SettingError
from imaging.orthanc import OrthancArchive
from tasks.connections import DicomFolder, OrthancServer, open_archive

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_the_default_is_what_the_settings_say(place, tmp_path):
    place(dicom_folder=tmp_path)
    with open_archive("default") as archive:
        assert isinstance(archive, FolderArchive)

    place(orthanc_url="http://127.0.0.1:8042")
    with open_archive("default") as archive:
        assert isinstance(archive, OrthancArchive)


def test_a_block_is_found_by_its_kind_and_name(place, tmp_path):
    place()
    DicomFolder(path=tmp_path).save("disk")
    OrthancServer(url="http://127.0.0.1:9/orthanc", password=SecretStr("x")).save("pacs")

    with open_archive("dicom-folder/disk") as archive:
        assert isinstance(archive, FolderArchive)
    with open_archive("orthanc-server/pacs") as archive:
        assert isinstance(archive, OrthancArchive)


def test_a_blocks_password_is_never_shown():
    assert "hunter" not in repr(OrthancServer(url="http://h", password=SecretStr("hunter")))


@pytest.mark.parametrize("name", ["pacs", "s3/bucket", "orthanc-server/", "orthanc-server/nobody"])
def test_an_unknown_name_says_what_to_mend(place, name):
    place()
    with pytest.raises(SettingError, match=name):
        open_archive(name)
