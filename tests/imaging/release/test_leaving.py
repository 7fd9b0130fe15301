"""What leaves a release: objects to another server, and the crosswalk to nobody without its key."""

from contextlib import closing

import pytest

from imaging.dicom import FolderArchive
from imaging.dicom.crosswalk import read
from imaging.errors import RemoteUnavailableError, SettingError
from imaging.release import check_crosswalk, crosswalk_rows, send_patients, write_crosswalk
from tests.imaging.release.releases import (
    attributes,
    begin,
    change,
    dicom_files,
    one_file,
    place_in,
    release,
)

PASSPHRASE = "correct horse battery staple"  # noqa: S105 - of a test


class Server:
    """Takes files; is lost after some calls."""

    def __init__(self, calls=99):
        self.calls = calls
        self.held = []

    def upload(self, paths):
        self.calls -= 1
        if self.calls < 0:
            msg = "down"
            raise RemoteUnavailableError(msg)
        assert all(path.exists() for path in paths)
        self.held += paths
        return len(paths)


def send(tmp_path, server, destination="orthanc-server/vendor", **options):
    """Send what was released."""
    run = begin(place_in(tmp_path), **options)
    pseudonyms = [path.stem for path in run.place.all_records()]
    return send_patients(pseudonyms, destination, server.upload, run)


def test_all_that_was_released_is_sent_once(tmp_path, source):
    change(one_file(source), BurnedInAnnotation="YES")
    release(source, tmp_path)
    server = Server()

    assert send(tmp_path, server) == 26
    assert send(tmp_path, server) == 0
    assert sorted(server.held) == list(dicom_files(place_in(tmp_path).data))


def test_each_destination_gets_its_own(tmp_path, source):
    release(source, tmp_path)
    send(tmp_path, Server())

    assert send(tmp_path, Server(), "orthanc-server/other") == 27


def test_only_what_is_new_is_sent_later(tmp_path, source):
    release(source, tmp_path, "one")
    send(tmp_path, Server())
    change(one_file(source), KVP="99")
    release(source, tmp_path, "two")

    assert send(tmp_path, Server()) == 1


def test_what_was_made_anew_by_other_options_is_sent_again(tmp_path, source):
    release(source, tmp_path, "one")
    send(tmp_path, Server())
    release(source, tmp_path, "two", retain_device_identity=True)

    assert send(tmp_path, Server(), retain_device_identity=True) == 27


def test_a_lost_server_is_not_sent_twice_what_it_has(tmp_path, source):
    release(source, tmp_path)
    server = Server(calls=2)
    with pytest.raises(RemoteUnavailableError):
        send(tmp_path, server)
    had = len(server.held)

    assert 0 < had < 27
    assert send(tmp_path, Server()) == 27 - had


def test_the_crosswalk_leads_from_each_pseudonym_to_its_original(tmp_path, source):
    originals = {
        keyword: attributes(source, keyword)
        for keyword in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID")
    }
    for path in source.rglob("*.dcm"):
        change(path, AccessionNumber="ACC-4711")
    release(source, tmp_path)
    place = place_in(tmp_path)
    with place.at_work(), closing(FolderArchive(source, tmp_path / "index.sqlite")) as archive:
        run = begin(place)
        rows = [crosswalk_rows(archive, g, run) for g in run.in_groups(archive.patient_ids())]
        write_crosswalk(rows, place, PASSPHRASE)
        assert not place.staging.exists() or not list(place.staging.rglob("*.dcm"))

    found = read(place.crosswalk, PASSPHRASE)
    kinds = {"PatientID": "patient", "StudyInstanceUID": "study", "SeriesInstanceUID": "series"}
    for keyword, kind in kinds.items():
        own = [row for row in found if row.kind == kind]
        assert {row.original for row in own} == originals[keyword]
        assert {row.pseudonym for row in own} == attributes(place.data, keyword)
    (accession,) = [row for row in found if row.kind == "accession"]
    assert accession.original == "ACC-4711"
    assert {accession.pseudonym} == attributes(place.data, "AccessionNumber")
    assert b"MRN-77" not in place.crosswalk.read_bytes()


@pytest.mark.parametrize("passphrase", ["", "fifteen letters"])
def test_a_crosswalk_without_a_passphrase_is_refused_by_its_setting(tmp_path, passphrase):
    with pytest.raises(SettingError, match="IMAGING_CROSSWALK_KEY"):
        check_crosswalk(place_in(tmp_path), passphrase)


def test_a_crosswalk_of_another_passphrase_is_found_out_before_the_work(tmp_path):
    place = place_in(tmp_path)
    write_crosswalk([[("patient", "a", "b")]], place, PASSPHRASE)

    check_crosswalk(place, PASSPHRASE)
    with pytest.raises(SettingError, match="IMAGING_CROSSWALK_KEY"):
        check_crosswalk(place, PASSPHRASE[::-1])
