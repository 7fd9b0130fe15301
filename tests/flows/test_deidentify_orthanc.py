"""Releases from one Orthanc to another, by the whole flow."""

from contextlib import closing

import httpx
import pytest

from flows.deidentify_dicom import deidentify_dicom
from imaging.cohort import PatientSelection
from imaging.orthanc import OrthancArchive
from imaging.release import ReleaseFailedError
from tasks.connections import OrthancServer
from tests.flows.releases import ONE, dicom_files, folders, plant_an_original
from tests.flows.shown import artifact

pytestmark = pytest.mark.orthanc


@pytest.fixture
def destination(empty_orthanc):
    """A server to send to, as a block."""
    block = OrthancServer(
        url=empty_orthanc.url, user=empty_orthanc.user, password=empty_orthanc.password
    )
    block.save("vendor", overwrite=True)
    with closing(
        OrthancArchive(empty_orthanc.url, empty_orthanc.user, empty_orthanc.password)
    ) as archive:
        yield archive


def test_a_release_with_something_in_it_is_not_sent(place, phantoms, destination):
    place(dicom_folder=phantoms[0])
    plant_an_original("unsent", phantoms)

    with pytest.raises(ReleaseFailedError, match="must not leave"):
        deidentify_dicom("unsent", patients=ONE, destination="orthanc-server/vendor")
    assert destination.patient_ids() == []
    assert "Nothing was sent" in artifact("release-unsent").data


def test_from_one_orthanc_to_another_each_object_once(place, phantoms, filled_orthanc, destination):
    place(
        orthanc_url=filled_orthanc.url,
        orthanc_user=filled_orthanc.user,
        orthanc_password=filled_orthanc.password,
    )
    root = deidentify_dicom("sent", destination="orthanc-server/vendor")

    files = dicom_files(root)
    assert len(files) == len(dicom_files(phantoms[0]))
    assert "Sent to `orthanc-server/vendor`: 295 objects" in artifact("release-sent").data
    assert set(destination.patient_ids()) == {path.name for path in root.iterdir()}
    held = [
        row.sop_instance_uid
        for patient in destination.patients(destination.patient_ids())
        for series in patient.series
        for row in series.instances
    ]
    assert sorted(held) == sorted(path.stem for path in files)
    before = {path: path.stat().st_mtime_ns for path in files}

    deidentify_dicom("sent", destination="orthanc-server/vendor")
    assert "Sent to `orthanc-server/vendor`: 0 objects" in artifact("release-sent").data
    assert {path: path.stat().st_mtime_ns for path in dicom_files(root)} == before


def test_what_the_server_lost_comes_again_whomever_a_run_chooses(
    place, phantoms, destination, empty_orthanc
):
    place(dicom_folder=phantoms[0])
    chosen = PatientSelection(patient_ids=["SUB001", "SUB002"])
    deidentify_dicom("lost", patients=chosen, destination="orthanc-server/vendor")
    everyone = destination.patient_ids()
    auth = (empty_orthanc.user, empty_orthanc.password)
    with httpx.Client(base_url=empty_orthanc.url, auth=auth, timeout=60) as http:
        for name in http.get("/patients").json():
            http.delete(f"/patients/{name}").raise_for_status()
    assert destination.patient_ids() == []

    deidentify_dicom("lost", patients=ONE, destination="orthanc-server/vendor")
    assert sorted(destination.patient_ids()) == sorted(everyone)
    assert len(everyone) == 2


def test_orthanc_and_a_folder_give_the_same_release(place, phantoms, filled_orthanc):
    place(dicom_folder=phantoms[0])
    of_folder = deidentify_dicom("folder", patients=ONE)
    place(
        orthanc_url=filled_orthanc.url,
        orthanc_user=filled_orthanc.user,
        orthanc_password=filled_orthanc.password,
    )
    of_orthanc = deidentify_dicom("orthanc", patients=ONE)

    one, two = (
        {path.relative_to(root): path.read_bytes() for path in dicom_files(root)}
        for root in (of_folder, of_orthanc)
    )
    assert len(one) == 27
    assert one == two


def test_what_was_sent_into_the_archive_itself_is_not_released_again(
    place, phantoms, empty_orthanc, destination
):
    destination.upload(dicom_files(phantoms[0] / "SUB001"))
    place(
        orthanc_url=empty_orthanc.url,
        orthanc_user=empty_orthanc.user,
        orthanc_password=empty_orthanc.password,
    )
    deidentify_dicom("back", destination="default")
    assert len(destination.patient_ids()) == 2
    deidentify_dicom("back", destination="default")

    assert len(destination.patient_ids()) == 2
    assert len(list(folders("back").data.iterdir())) == 1
