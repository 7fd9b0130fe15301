from dataclasses import replace

import pytest

from deployments.orthanc_server import OrthancServer
from imaging.dicom import FolderArchive, PatientRow, StudyRow
from imaging.orthanc import OrthancArchive
from imaging.orthanc import listing as listing_module
from imaging.orthanc.studies import Study
from imaging.phantoms import Cohort, PhantomSize
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

    def find_and_note(level, query, **page):
        queries.append((level, query))
        return find(level, query, **page)

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


@pytest.mark.parametrize(("most_patients", "most_studies"), [(2, 500), (50, 2)])
def test_batches_are_bounded(most_patients, most_studies, monkeypatch):
    monkeypatch.setattr(listing_module, "_BATCH_STUDIES", most_studies)
    study = Study("orthanc-id", StudyRow("1.2", "", "", ()))
    patients = {f"P{number}": [study] for number in range(5)}

    batches = list(listing_module._cut(patients, most_patients))

    assert [len(batch) for batch in batches] == [2, 2, 1]


def test_a_study_that_has_just_come_is_not_stable_yet(archive, tmp_path):
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


def test_logs_name_nobody(archive, tmp_path, caplog):
    archive.upload([write(image(patient_id="SECRETLOG", PatientName="Secret^Name"), tmp_path)])
    caplog.set_level("DEBUG")

    (row,) = archive.patients(["SECRETLOG"])
    archive.fetch(row.series[0], tmp_path / "out")

    assert "ecret" not in caplog.text.lower()
