"""What of a release goes to another server: what that says it lacks."""

import pydicom
import pytest

from imaging.dicom import InstanceRow, PatientRow, SeriesRow, StudyRow
from imaging.errors import RemoteUnavailableError
from imaging.release import groups_to_send, send_patients, sent_in_words
from imaging.release.sending import Sent
from tests.imaging.release.releases import (
    begin,
    change,
    dicom_files,
    one_file,
    phantom,
    place_in,
    release,
)


class Server:
    """Holds what it is sent, the first version of each object; is lost after some calls."""

    def __init__(self, calls=99, *, overwrites=False):
        self.calls = calls
        self.overwrites = overwrites
        self.held = {}
        self.given = []

    def patients(self, patient_ids):
        for patient_id in patient_ids:
            own = [row for row in self.held.values() if row[0] == patient_id]
            series = tuple(
                SeriesRow(uid, study, "OT", (InstanceRow(instance, size, "", ""),))
                for _, study, uid, instance, size in own
            )
            if series:
                yield PatientRow(patient_id, (StudyRow("", "", "", series),))

    def upload(self, paths):
        self.calls -= 1
        if self.calls < 0:
            msg = "down"
            raise RemoteUnavailableError(msg)
        for path in paths:
            found = pydicom.dcmread(path)
            uids = (found.StudyInstanceUID, found.SeriesInstanceUID, found.SOPInstanceUID)
            if self.overwrites or uids not in self.held:
                self.held[uids] = (found.PatientID, *uids, path.stat().st_size)
        self.given += paths
        return len(paths)


def send(tmp_path, server, destination="orthanc-server/vendor", **options):
    """Send what was released."""
    run = begin(place_in(tmp_path), **options)
    pseudonyms = [one for group in groups_to_send(run) for one in group]
    return send_patients(pseudonyms, destination, server, run)


def test_all_that_was_released_is_sent_once(tmp_path, source):
    change(one_file(source), BurnedInAnnotation="YES")
    release(source, tmp_path)
    server = Server()

    assert send(tmp_path, server) == Sent(26, 0)
    assert send(tmp_path, server) == Sent(0, 0)
    assert sorted(server.given) == list(dicom_files(place_in(tmp_path).data))


def test_a_server_that_was_emptied_or_changed_gets_all_again(tmp_path, source):
    release(source, tmp_path)
    send(tmp_path, Server())

    assert send(tmp_path, Server()) == Sent(27, 0)


def test_what_the_server_lost_is_sent_again(tmp_path, source):
    release(source, tmp_path)
    server = Server()
    send(tmp_path, server)
    del server.held[min(server.held)]

    assert send(tmp_path, server) == Sent(1, 0)


def test_what_a_server_has_from_elsewhere_is_not_sent(tmp_path, source):
    release(source, tmp_path)
    server = Server()
    server.upload(list(dicom_files(place_in(tmp_path).data))[:20])

    assert send(tmp_path, server) == Sent(7, 0)


def test_another_patients_object_of_that_uid_does_not_count(tmp_path, source):
    release(source, tmp_path)
    server = Server()
    send(tmp_path, server)
    uids = min(server.held)
    server.held[uids] = ("another", *server.held[uids][1:])

    assert send(tmp_path, server) == Sent(1, 0)


def test_patients_of_earlier_runs_are_sent_too(tmp_path, source):
    release(source, tmp_path, "one")
    other = tmp_path / "other"
    phantom(2).write(other)
    (tmp_path / "index.sqlite").unlink()
    release(other, tmp_path, "two")

    assert send(tmp_path, Server()) == Sent(54, 0)


@pytest.mark.parametrize("kvp", ["99", "100"])
def test_content_that_was_replaced_is_sent_and_told_of_though_it_be_as_long(tmp_path, source, kvp):
    change(one_file(source), KVP="120")
    release(source, tmp_path, "one")
    server = Server(overwrites=True)
    send(tmp_path, server)
    change(one_file(source), KVP=kvp)
    release(source, tmp_path, "two")

    assert send(tmp_path, server) == Sent(0, 1)
    assert send(tmp_path, server) == Sent(0, 0)


def test_a_server_that_keeps_first_versions_is_told_of_each_time(tmp_path, source):
    release(source, tmp_path, "one")
    server = Server()
    send(tmp_path, server)
    release(source, tmp_path, "two", retain_device_identity=True)

    for _ in range(2):
        assert send(tmp_path, server, retain_device_identity=True) == Sent(0, 27)
    assert "empty it" in sent_in_words([Sent(1, 26), Sent(0, 1)], "vendor")
    assert "27 that it has in another version" in sent_in_words([Sent(1, 26), Sent(0, 1)], "vendor")
    assert "version" not in sent_in_words([Sent(3, 0)], "vendor")


def test_patients_of_a_run_by_other_options_are_not_sent_again(tmp_path, source):
    release(source, tmp_path, "one")
    server = Server()
    send(tmp_path, server)

    assert send(tmp_path, server, retain_device_identity=True) == Sent(0, 0)


def test_a_lost_server_is_not_sent_twice_what_it_has(tmp_path, source):
    release(source, tmp_path)
    server = Server(calls=2)
    with pytest.raises(RemoteUnavailableError):
        send(tmp_path, server)
    had = len(server.held)
    server.calls = 99

    assert 0 < had < 27
    assert send(tmp_path, server) == Sent(27 - had, 0)
    assert len(server.given) == 27


def test_a_file_that_is_gone_from_the_release_keeps_no_other_back(tmp_path, source):
    release(source, tmp_path)
    min(dicom_files(place_in(tmp_path).data)).unlink()

    assert send(tmp_path, Server()) == Sent(26, 0)


def test_all_patients_are_in_one_group_each(tmp_path):
    run = begin(place_in(tmp_path))
    run.place.record("P").parent.mkdir()
    for number in range(17):
        run.place.record(f"P{number}").touch()

    groups = groups_to_send(run)
    assert [len(group) for group in groups] == [8, 8, 1]
    assert len({one for group in groups for one in group}) == 17
