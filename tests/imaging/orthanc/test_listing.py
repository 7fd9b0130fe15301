import copy
from dataclasses import replace
from datetime import date

import pytest

from deployments.orthanc_server import OrthancServer
from imaging.dicom import DateRange, FolderArchive, PatientRow, StudyRow
from imaging.errors import RemoteUnavailableError
from imaging.orthanc import OrthancArchive
from imaging.orthanc import listing as listing_module
from imaging.orthanc.summaries import Study
from imaging.orthanc.transport import Request
from imaging.phantoms import Cohort, PhantomPatient, PhantomSize
from tests.imaging.dicom.instances import image, write
from tests.imaging.orthanc.servers import Proxy

pytestmark = pytest.mark.orthanc


def comparable(row: PatientRow) -> PatientRow:
    """Leave out what two archives may say differently."""

    def series_of(study):
        return tuple(
            replace(
                series,
                instances=tuple(
                    replace(instance, locator="", fingerprint="") for instance in series.instances
                ),
            )
            for series in study.series
        )

    studies = tuple(replace(study, stable=True, series=series_of(study)) for study in row.studies)
    return replace(row, studies=studies)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo cohort as files."""
    folder = tmp_path_factory.mktemp("demo")
    Cohort.demo(seed=11, size=PhantomSize.tiny()).write(folder)
    return folder


def test_a_folder_and_orthanc_answer_alike(empty_archive, demo):
    folder = FolderArchive(demo)
    empty_archive.upload(demo.rglob("*.dcm"))

    ids = folder.patient_ids()
    expected = [comparable(row) for row in folder.patients(ids)]
    found = [comparable(row) for row in empty_archive.patients(ids)]
    folder.close()

    assert empty_archive.patient_ids() == ids
    assert len(ids) == 10
    assert found == expected


def test_listing_costs_three_queries_and_one_request_per_object(empty_orthanc, empty_archive, demo):
    empty_archive.upload(demo.rglob("*.dcm"))
    with Proxy(empty_orthanc.url) as proxy:
        archive = OrthancArchive(proxy.url, empty_orthanc.user, empty_orthanc.password)
        rows = list(archive.patients(archive.patient_ids()))
        archive.close()

    series = [one for row in rows for one in row.series]
    doses = sum(len(one.instances) for one in series if one.modality == "RTDOSE")
    parsed = sum(len(one.instances) for one in series if one.modality in {"RTSTRUCT", "RTPLAN"})
    images = sum(one.modality == "CT" for one in series)
    assert (doses, parsed, images) == (10, 22, 11)
    assert proxy.count("POST /tools/find") == 3
    assert proxy.count(r"GET /instances/[-\w]+/file") == parsed
    assert proxy.count(r"GET /instances/[-\w]+/simplified-tags") == doses + images
    assert len(proxy.requests) == 3 + parsed + doses + images


def test_some_of_many_patients_cost_no_more_queries(proxied, proxy, tmp_path):
    for name in ("FEW1", "FEW2", "FEW3"):
        write(image(patient_id=name), tmp_path)
    proxied.upload(tmp_path.iterdir())
    proxy.requests.clear()

    rows = list(proxied.patients(["FEW3", "FEW1"]))

    assert [row.patient_id for row in rows] == ["FEW3", "FEW1"]
    assert proxy.count("POST /tools/find") == 3
    assert len(proxy.requests) == 3 + 2


def test_others_are_not_asked_for(archive, tmp_path, monkeypatch):
    archive.upload([write(image(patient_id="ONLYME"), tmp_path)])
    queries = []
    find = archive._client.find

    def find_and_note(level, query):
        queries.append((level, query))
        return find(level, query)

    monkeypatch.setattr(archive._client, "find", find_and_note)
    (row,) = archive.patients(["ONLYME"])

    uid = row.studies[0].study_instance_uid
    assert queries == [
        ("Study", {"PatientID": "ONLYME"}),
        ("Series", {"StudyInstanceUID": uid}),
        ("Instance", {"StudyInstanceUID": uid}),
    ]


def test_requests_name_no_patient(proxied, proxy, tmp_path):
    proxied.upload([write(image(patient_id="SECRETID", PatientName="Secret^Name"), tmp_path)])

    (row,) = proxied.patients(["SECRETID"])
    proxied.fetch(row.series[0], tmp_path / "out")

    assert proxy.requests
    assert "ecret" not in " ".join(proxy.requests).lower()


def test_batches_give_the_same_rows_in_the_same_order(archive, tmp_path, monkeypatch):
    names = [f"BATCH{number}" for number in range(7)]
    for name in names:
        write(image(patient_id=name), tmp_path)
    archive.upload(tmp_path.iterdir())
    wanted = [*names[3:], *names[:3]]
    at_once = list(archive.patients(wanted))

    monkeypatch.setattr(listing_module, "_BATCH_PATIENTS", 3)
    in_batches = list(archive.patients(wanted))

    assert [row.patient_id for row in at_once] == wanted
    assert in_batches == at_once


@pytest.mark.parametrize("limit", ["_BATCH_PATIENTS", "_BATCH_STUDIES"])
def test_batches_are_bounded(limit, monkeypatch):
    monkeypatch.setattr(listing_module, limit, 2)
    study = Study("orthanc-id", StudyRow("1.2", "", "", ()))
    patients = {f"P{number}": [study] for number in range(5)}

    batches = list(listing_module._batches(patients))

    assert [len(batch) for batch in batches] == [2, 2, 1]


AWKWARD = [
    "SUB*",
    "SUB?",
    "SUB_1",
    "SUB%1",
    "A\\B",
    "sub1",
    "Müller",
    "muller",
    "Mueller*",
    "  pad",
]


@pytest.fixture(scope="module")
def awkward(orthanc, tmp_path_factory):
    """Patients whose ids look like patterns, prefixes or variants of each other."""
    folder = tmp_path_factory.mktemp("awkward")
    for name in ("SUB1", "SUB11", "SUBX1", "A", "B", "pad", *AWKWARD):
        write(image(patient_id=name, SpecificCharacterSet="ISO_IR 192"), folder)
    write(image(patient_id="", PatientID=""), folder)
    opened = OrthancArchive(orthanc.url, orthanc.user, orthanc.password)
    opened.upload(folder.iterdir())
    opened.close()
    return folder


@pytest.mark.usefixtures("awkward")
@pytest.mark.parametrize("patient_id", [*AWKWARD, "SUB1", "SUB11", ""])
@pytest.mark.parametrize("listed_before", [True, False])
def test_a_patient_id_means_itself_only(archive, patient_id, listed_before):
    if listed_before:
        assert patient_id in archive.patient_ids()

    (row,) = archive.patients([patient_id])

    assert row.patient_id == patient_id
    assert len(row.series) == 1
    assert len(row.series[0].instances) == 1


@pytest.mark.usefixtures("awkward")
def test_ids_are_sorted_and_one_that_is_absent_is_left_out(archive):
    ids = archive.patient_ids()

    assert ids == sorted(ids)
    assert set(AWKWARD) <= set(ids)
    assert [row.patient_id for row in archive.patients(["absent", "SUB11", "SUB1", "SUB11"])] == [
        "SUB11",
        "SUB1",
    ]


def test_names_are_decoded_and_those_of_the_study(archive, tmp_path):
    for charset, name, day in (
        ("ISO_IR 100", "Müller^Jürgen", "20240101"),
        ("ISO_IR 192", "山田^太郎", "20240102"),
        (None, "Plain^Name", "20240103"),
    ):
        dataset = image(
            patient_id="NAMES",
            PatientName=name,
            SpecificCharacterSet=charset,
            StudyDate=day,
            StudyInstanceUID=f"1.2.826.7.{day}",
            SeriesInstanceUID=f"1.2.826.8.{day}",
        )
        write(dataset, tmp_path)
    archive.upload(tmp_path.iterdir())

    (row,) = archive.patients(["NAMES"])

    names = [study.patient_name for study in row.studies]
    assert names == ["Müller^Jürgen", "山田^太郎", "Plain^Name"]


def test_study_dates_choose_patients_both_ends_included(empty_archive, tmp_path):
    for name, day in (
        ("A", "20240101"),
        ("B", "20240131"),
        ("C", None),
        ("E", ""),
        ("D", "20250101"),
    ):
        write(image(patient_id=name, StudyDate=day), tmp_path)
    empty_archive.upload(tmp_path.glob("*.dcm"))
    first, last = date(2024, 1, 1), date(2024, 1, 31)

    assert empty_archive.patient_ids(DateRange(first, last)) == ["A", "B"]
    assert empty_archive.patient_ids(DateRange(last=last)) == ["A", "B"]
    assert empty_archive.patient_ids(DateRange(first=last)) == ["B", "D"]
    assert empty_archive.patient_ids(DateRange()) == ["A", "B", "C", "D", "E"]


def test_dates_choose_patients_but_not_what_they_have(archive, tmp_path):
    for day in ("20240101", "20250101"):
        study = f"1.2.826.5.{day}"
        dataset = image(
            patient_id="TWODATES", StudyDate=day, StudyInstanceUID=study, SeriesInstanceUID=study
        )
        write(dataset, tmp_path)
    archive.upload(tmp_path.iterdir())

    ids = archive.patient_ids(DateRange(first=date(2025, 1, 1)))
    (row,) = archive.patients([name for name in ids if name == "TWODATES"])

    assert [study.study_date for study in row.studies] == ["20240101", "20250101"]


def test_the_same_uids_in_two_patients_stay_apart(archive, tmp_path):
    for name in ("TWIN1", "TWIN2"):
        dataset = image(
            patient_id=name,
            StudyInstanceUID="1.2.826.3.1",
            SeriesInstanceUID="1.2.826.3.2",
            SOPInstanceUID="1.2.826.3.3",
        )
        archive.upload([write(dataset, tmp_path, name)])

    (row,) = archive.patients(["TWIN2"])
    archive.fetch(row.series[0], tmp_path / "out")

    assert len(row.series[0].instances) == 1
    (file,) = (tmp_path / "out").iterdir()
    assert file.read_bytes() == (tmp_path / "TWIN2").read_bytes()


def test_a_study_is_stable_once_nothing_arrives(archive, tmp_path):
    archive.upload([write(image(patient_id="FRESH"), tmp_path)])

    (row,) = archive.patients(["FRESH"])

    assert not row.studies[0].stable


def test_the_fingerprint_changes_with_the_stored_content(orthanc_program, tmp_path):
    server = OrthancServer(tmp_path / "o", program=orthanc_program, OverwriteInstances=True)
    server.start()
    archive = OrthancArchive(server.url, server.user, server.password)
    seen = []
    for description in ("first", "other"):
        dataset = image(SOPInstanceUID="1.2.826.4", SeriesDescription=description)
        archive.upload([write(dataset, tmp_path)])
        (row,) = archive.patients(["P1"])
        seen.append(row.series[0].instances[0])
    archive.close()
    server.kill()

    assert seen[0].size == seen[1].size
    assert seen[0].fingerprint != seen[1].fingerprint


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

    def find_then_delete(level, query):
        found = find(level, query)
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


def delete(client, path):
    with client._transport.exchange(Request("DELETE", path)) as body:
        body.read()


@pytest.fixture
def forgetful(orthanc_program, tmp_path):
    """A server that keeps no file in memory, with two patients; yields it, open, and their rows."""
    server = OrthancServer(tmp_path / "orthanc", program=orthanc_program, MaximumStorageCacheSize=0)
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


def test_logs_name_nobody(archive, tmp_path, caplog):
    archive.upload([write(image(patient_id="SECRETLOG", PatientName="Secret^Name"), tmp_path)])
    caplog.set_level("DEBUG")

    (row,) = archive.patients(["SECRETLOG"])
    archive.fetch(row.series[0], tmp_path / "out")

    assert "ecret" not in caplog.text.lower()
