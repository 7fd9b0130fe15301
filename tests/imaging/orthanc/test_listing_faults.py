import copy

import pytest

from deployments.orthanc_server import OrthancServer
from imaging.errors import RemoteUnavailableError
from imaging.orthanc import OrthancArchive
from imaging.orthanc.transport import Request
from imaging.phantoms import Cohort, PhantomPatient, PhantomSize
from tests.imaging.dicom.instances import image, write

pytestmark = pytest.mark.orthanc


def test_images_without_frames_or_position_are_listed(archive, tmp_path):
    dataset = image(
        patient_id="BARE",
        ImagePositionPatient=None,
        ImageOrientationPatient=None,
        PixelSpacing=None,
        SeriesDescription=None,
        Modality=None,
    )
    archive.upload([write(dataset, tmp_path)])

    (row,) = archive.patients(["BARE"])
    (series,) = row.series

    assert series.modality == ""
    assert series.tags["SeriesDescription"] == series.tags["FrameOfReferenceUID"] == ""
    assert "NumberOfFrames" not in series.tags
    assert series.instances[0].position_mm == series.instances[0].orientation == ()


def test_an_unreadable_rt_object_is_noted_and_the_cohort_goes_on(archive, tmp_path):
    patient = PhantomPatient.synthetic(5, patient_id="BADPLAN", size=PhantomSize.tiny())
    plan = patient.rtplan()
    plan.FractionGroupSequence[0].ReferencedBeamSequence[0].ReferencedBeamNumber = 7777
    path = write(plan, tmp_path)
    path.write_bytes(path.read_bytes().replace(b"7777", b"O'Ne"))
    beams = copy.deepcopy(plan.FractionGroupSequence)
    dose = patient.rtdose()
    dose.ReferencedRTPlanSequence[0].ReferencedFractionGroupSequence = beams
    bad_dose = write(dose, tmp_path)
    bad_dose.write_bytes(bad_dose.read_bytes().replace(b"7777", b"O'Ne"))
    archive.upload([path, bad_dose, write(patient.rtstruct(), tmp_path)])

    (row,) = archive.patients(["BADPLAN"])

    found = {series.modality: series for series in row.series}
    assert found["RTPLAN"].references == found["RTDOSE"].references == ()
    assert found["RTPLAN"].unreadable == {plan.SOPInstanceUID: "unreadable (ValueError)"}
    assert found["RTDOSE"].unreadable == {dose.SOPInstanceUID: "unreadable (ValueError)"}
    assert len(found["RTSTRUCT"].references) == 1


def test_an_rt_object_deleted_while_listing_is_noted(archive, tmp_path, monkeypatch):
    patient = PhantomPatient.synthetic(6, patient_id="GONEPLAN", size=PhantomSize.tiny())
    plan = patient.rtplan()
    ct = next(iter(patient.ct_images()))
    archive.upload([write(dataset, tmp_path) for dataset in (plan, ct)])
    client = archive._client
    find = client.find

    def find_then_delete(level, query, **page):
        found = find(level, query, **page)
        if level == "Instance":
            for instance in found:
                delete(client, f"/instances/{instance['ID']}")
        return found

    monkeypatch.setattr(client, "find", find_then_delete)

    (row,) = archive.patients(["GONEPLAN"])

    found = {series.modality: series for series in row.series}
    assert "gone" in found["RTPLAN"].unreadable[plan.SOPInstanceUID]
    assert found["CT"].tags["Modality"] == "CT"
    assert found["CT"].unreadable == {}
    assert not any(series.is_doubtful for series in row.series)


def delete(client, path):
    with client._transport.exchange(Request("DELETE", path)) as body:
        body.read()


@pytest.fixture
def forgetful(orthanc_program, tmp_path):
    """A server that keeps no file in memory, with two patients; yields it, open, and their rows.

    Nothing comes to rest there, so what is listed later differs in nothing but what a test did.
    """
    server = OrthancServer(
        tmp_path / "orthanc", program=orthanc_program, MaximumStorageCacheSize=0, StableAge=3600
    )
    server.start()
    archive = OrthancArchive(server.url, server.user, server.password)
    cohort = Cohort(seed=2, size=PhantomSize.tiny())
    for _ in range(2):
        cohort.add()
    archive.upload(cohort.write(tmp_path / "in"))
    yield archive, list(archive.patients(["SUB001", "SUB002"])), server.folder / "storage"
    archive.close()
    server.kill()


def test_a_file_lost_from_the_storage_is_noted_and_the_cohort_goes_on(forgetful):
    archive, rows, storage = forgetful
    plan = next(series for series in rows[0].series if series.modality == "RTPLAN")
    (lost,) = plan.instances
    next(storage.rglob(lost.fingerprint)).unlink()

    found = list(archive.patients(["SUB001", "SUB002"]))

    noted = next(series for series in found[0].series if series.modality == "RTPLAN")
    assert noted.unreadable == {lost.sop_instance_uid: "the archive fails to give it"}
    assert noted.references == ()
    assert noted.is_doubtful
    assert found[1] == rows[1]


def test_a_storage_that_is_gone_is_not_the_patients_fault(forgetful):
    archive, _, storage = forgetful
    storage.rename(storage.with_name("elsewhere"))

    with pytest.raises(RemoteUnavailableError, match="500"):
        list(archive.patients(["SUB001", "SUB002"]))


def test_a_server_that_stops_while_listing_is_worth_trying_again(empty_orthanc, empty_archive):
    assert empty_archive.patient_ids() == []
    empty_orthanc.kill()

    with pytest.raises(RemoteUnavailableError):
        empty_archive.patient_ids()
