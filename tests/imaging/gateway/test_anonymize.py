import logging
from dataclasses import replace
from io import BytesIO

import pydicom
import pytest
from pydicom.uid import UID, SecondaryCaptureImageStorage

from imaging import settings as settings_module
from imaging.dicom.deidentify import Deidentifier
from imaging.gateway import GatewayOptions
from imaging.gateway.anonymize import anonymize_router
from imaging.settings import Settings, release_key
from tests.imaging.gateway.bodies import (
    MULTIPART,
    NAME,
    as_file,
    bomb,
    client_of,
    deflated,
    multipart,
    part,
    patient,
    rt_bytes,
    slice_bytes,
)

DICOM = {"Content-Type": "application/dicom"}


@pytest.fixture(autouse=True)
def _settings(tmp_path, monkeypatch):
    """Settings of the test's own, whatever the environment and a .env say."""
    monkeypatch.setenv("IMAGING_PROJECT_KEY", "")
    monkeypatch.setenv("IMAGING_DATA_ROOT", str(tmp_path / "elsewhere"))
    settings_module.settings.cache_clear()
    yield
    settings_module.settings.cache_clear()


@pytest.fixture
def options(tmp_path):
    return GatewayOptions(tmp_path / "data")


@pytest.fixture
def client(options):
    client = client_of(anonymize_router(options), options)
    yield client
    folder = options.state / "uploads"
    assert not folder.exists() or list(folder.iterdir()) == []


def read(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/dicom"
    return pydicom.dcmread(BytesIO(answer.content))


def test_it_is_what_a_release_of_this_data_root_makes(client, options, tmp_path):
    source, target = tmp_path / "source.dcm", tmp_path / "target.dcm"
    source.write_bytes(slice_bytes())

    found = client.post("/anonymize", files={"file": source.read_bytes()})

    key = release_key(Settings(data_root=options.data_root))
    Deidentifier(key).file(source, target)
    assert found.content == target.read_bytes()
    assert not (tmp_path / "elsewhere").exists()


def test_objects_sent_one_by_one_belong_together(client):
    found = [
        read(client.post("/anonymize", files={"file": content})) for content in rt_bytes().values()
    ]

    assert len({dataset.PatientID for dataset in found}) == 1
    rtstruct, rtdose, rtplan = found
    assert rtdose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID == rtplan.SOPInstanceUID
    structures = rtplan.ReferencedStructureSetSequence[0]
    assert structures.ReferencedSOPInstanceUID == rtstruct.SOPInstanceUID


def test_an_object_alone_is_a_body_too(client):
    content = slice_bytes()

    alone = client.post("/anonymize", content=content, headers=DICOM)

    assert alone.content == client.post("/anonymize", files={"file": content}).content


def test_the_answer_is_named_by_its_new_uid(client):
    answer = client.post("/anonymize", files={"file": (f"{NAME}.dcm", slice_bytes())})

    uid = read(answer).SOPInstanceUID
    assert answer.headers["content-disposition"] == f'attachment; filename="{uid}.dcm"'
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_a_uid_that_cannot_name_a_file_does_not(client):
    content = slice_bytes(SOPInstanceUID=UID("../x"))

    answer = client.post("/anonymize?retain_uids=true", content=content, headers=DICOM)

    assert answer.headers["content-disposition"] == 'attachment; filename="object.dcm"'


@pytest.mark.parametrize("how", ["form", "query"])
def test_options_are_those_of_the_flow(client, how):
    content, chosen = slice_bytes(PatientSex="F"), {"retain_patient_characteristics": "true"}
    given = {"data": chosen} if how == "form" else {"params": chosen}

    plain = read(client.post("/anonymize", files={"file": content}))
    kept = read(client.post("/anonymize", files={"file": content}, **given))

    assert (plain.PatientSex, kept.PatientSex) == ("", "F")


def test_roi_names_that_are_asked_for_stay(client):
    content = patient().rtstruct()
    content.StructureSetROISequence[0].ROIName = "Boost_7"
    files = {"file": as_file(content)}

    plain = read(client.post("/anonymize", files=files))
    kept = read(client.post("/anonymize", files=files, data={"kept_roi_names": "X, Boost_*"}))

    assert plain.StructureSetROISequence[0].ROIName != "Boost_7"
    assert kept.StructureSetROISequence[0].ROIName == "Boost_7"


def test_suspicious_pixels_are_held_back_with_the_reason(client):
    content = slice_bytes(
        BurnedInAnnotation="YES",
        SOPClassUID=SecondaryCaptureImageStorage,
    )

    answer = client.post("/anonymize", files={"file": content})
    after_looking = client.post(
        "/anonymize", files={"file": content}, data={"hold_back_pixels": "false"}
    )

    assert answer.status_code == 422
    assert [each["code"] for each in answer.json()["held_back"]] == [
        "BURNED_IN",
        "SECONDARY_CAPTURE",
    ]
    assert "hold_back_pixels" in answer.json()["detail"]
    assert read(after_looking).PatientID.startswith("P")


def test_what_is_no_ct_volume_is_not_sent_back_where_only_that_is_wanted(client):
    files = {"file": rt_bytes()["rtdose"]}

    answer = client.post("/anonymize", files=files, data={"attributes": "ct_volume"})

    assert answer.json()["held_back"][0]["code"] == "NO_CT_VOLUME"
    assert "hold_back_pixels" not in answer.json()["detail"]


BAD = {
    "no file": (multipart(part("retain_uids", b"true")), "one file"),
    "two files": (multipart(*[part("file", b"1")] * 2), "one file"),
    "no bytes": (multipart(part("file", b"")), "file: the file is empty"),
    "a text": (multipart(part("file", b"Dear colleague")), "file: not a DICOM file"),
    "cut short": (multipart(part("file", slice_bytes()[:-30])), "file: cut short"),
    "an unknown option": (multipart(part("file", b"1"), part("retain_all", b"true")), "known"),
    "no truth": (multipart(part("file", b"1"), part("retain_uids", b"perhaps")), "retain_uids"),
    "twice": (multipart(part("file", b"1"), *[part("retain_uids", b"1")] * 2), "2 times"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said(client, name):
    body, said = BAD[name]

    answer = client.post("/anonymize", content=body, headers={"Content-Type": MULTIPART})

    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_an_unknown_option_of_the_query_is_refused(client):
    answer = client.post("/anonymize?retain_everything=1", files={"file": slice_bytes()})

    assert answer.status_code == 422
    assert "retain_everything" not in answer.text


def test_a_secret_that_can_be_guessed_is_said_with_its_setting(client, monkeypatch):
    monkeypatch.setenv("IMAGING_PROJECT_KEY", "short")
    settings_module.settings.cache_clear()

    answer = client.post("/anonymize", files={"file": slice_bytes()})

    assert answer.status_code == 503
    assert "IMAGING_PROJECT_KEY" in answer.json()["detail"]
    assert "short" not in answer.text


def test_a_secret_that_cannot_be_read_is_said_with_its_setting(client, options):
    options.data_root.mkdir(exist_ok=True)
    (options.data_root / ".project-key").mkdir()

    answer = client.post("/anonymize", files={"file": slice_bytes()})

    assert answer.status_code == 503
    assert "IMAGING_PROJECT_KEY" in answer.json()["detail"]
    assert str(options.data_root) not in answer.text


def test_no_identity_is_in_an_answer_or_a_log(client, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    contents = [
        slice_bytes(),
        slice_bytes(BurnedInAnnotation="YES", ImageComments=NAME),
        slice_bytes(PatientBirthDate=NAME, Rows=None),
        slice_bytes(AccessionNumber=NAME * 9)[:-5],
        f"{NAME}".encode() * 100,
    ]

    answers = [
        client.post("/anonymize", files={"file": (f"{NAME}^QF-77310.dcm", content, f"x/{NAME}")})
        for content in contents
    ]

    ours = [record for record in caplog.records if not record.name.startswith("http")]
    said = "".join(record.getMessage() for record in ours) + capfd.readouterr().err
    said += "".join(f"{answer.headers}{answer.content!r}" for answer in answers)
    assert {answer.status_code for answer in answers} == {200, 422}
    # With its letters: the digits alone may be part of a UID, which is a number drawn anew.
    assert not [word for word in (NAME, NAME.upper(), "QF-77310") if word in said]


def test_a_deflated_object_is_inflated(client):
    assert read(client.post("/anonymize", files={"file": deflated(1000)})).Rows == 8


def test_a_bomb_is_not_inflated(client):
    answer = client.post("/anonymize", content=bomb(300), headers=DICOM)

    assert answer.status_code == 422
    assert "inflates to more than" in answer.json()["detail"]


def test_what_is_too_large_is_refused(options):
    small = replace(options, most_upload_bytes=1000)
    client = client_of(anonymize_router(small), small)

    assert client.post("/anonymize", content=bytes(1001), headers=DICOM).status_code == 413
    assert client.post("/anonymize", json={}).status_code == 415
