import logging

import pytest
from starlette.testclient import TestClient

from imaging.gateway import GatewayOptions, dvh
from imaging.gateway.app import make_app
from imaging.gateway.dvh import dvh_router
from imaging.gateway.refusals import without_uids
from tests.imaging.gateway.bodies import NAME, as_file, client_of, patient, rt_bytes


@pytest.fixture
def options(tmp_path):
    return GatewayOptions(tmp_path / "data")


@pytest.fixture
def client(options):
    return client_of(dvh_router(options), options)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the dose 1.2.826.0.1.3680043.8.498.1 is", "the dose (UID) is"),
        ("of class 1.2.840.10008.5.1.4.1.1.481.2, not", "of class RT Dose Storage, not"),
        ("2.25.329800735698586629295641978511506172918.", "(UID)."),
        ("DoseUnits (3004,0002) is 1.5 of 2.25", "DoseUnits (3004,0002) is 1.5 of 2.25"),
    ],
)
def test_uids_are_left_out_but_for_those_of_the_standard(text, expected):
    assert without_uids(text) == expected


def test_no_identity_is_in_an_answer_or_a_log(client, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    odd = patient().rtdose()
    odd.DoseUnits = NAME  # a value that the reason would quote
    other = patient().rtdose()
    other.FrameOfReferenceUID = other.SOPInstanceUID
    telling = f"{NAME}^Ottoline-QF-77310.dcm"
    answers = [
        client.post(
            "/dvh",
            files={
                "rtstruct": (telling, rt_bytes()["rtstruct"]),
                "rtdose": (telling, content, f"application/{NAME}"),
            },
            headers={"X-Patient": NAME},
        )
        for content in (rt_bytes()["rtdose"], as_file(odd), as_file(other), b"Quillfeather")
    ]

    assert [answer.status_code for answer in answers] == [200, 422, 422, 422]
    ours = [record for record in caplog.records if not record.name.startswith("http")]
    said = "".join(answer.text for answer in answers) + capfd.readouterr().err
    said += "".join(record.getMessage() for record in ours)
    identity = (NAME, NAME.upper(), "QF-77310", patient().study.patient_birth_date)
    uids = (str(odd.SOPInstanceUID), str(odd.FrameOfReferenceUID), str(odd.StudyInstanceUID))
    assert not [word for word in (*identity, *uids) if word in said]


def test_what_nobody_foresaw_names_nobody(options, caplog, monkeypatch):
    def fail(*_):
        msg = f"could not convert {NAME} to a number"
        raise RuntimeError(msg)

    monkeypatch.setattr(dvh, "dvhs_of_case", fail)
    with TestClient(make_app(options), base_url="http://localhost") as client:
        answer = client.post("/dvh", files=dict(rt_bytes()))

    assert answer.status_code == 500
    assert NAME not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text


def test_what_needs_more_memory_than_there_is_is_refused(client, monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(dvh, "dvhs_of_case", fail)

    assert client.post("/dvh", files=dict(rt_bytes())).status_code == 422
