"""Callbacks of the vendor at the gateway: noted, answered at once, and told to others after."""

import json
import logging

import pytest
from starlette.testclient import TestClient

from imaging.fusion.callbacks import callback_token
from imaging.fusion.job import JobState
from imaging.gateway.app import make_app
from tests.imaging.gateway.fusions import (
    DONE,
    KEY,
    OTHER_KEY,
    Woken,
    address,
    submitted,
    submitting,
)


@pytest.fixture
def woken():
    return Woken()


@pytest.fixture
def client(fusion_options, woken):
    with TestClient(make_app(fusion_options, woken), base_url="http://localhost") as client:
        yield client


def told(response):
    """All that a stranger sees of an answer."""
    return response.status_code, response.content, tuple(sorted(response.headers.items()))


def test_a_callback_is_noted_and_somebody_is_told(client, ledger, ours, woken):
    submitted(ledger)

    answer = client.post(ours, json=DONE)

    assert (answer.status_code, answer.content) == (204, b"")
    woken.wait()
    assert woken.keys == [KEY]
    job = ledger.get(KEY)
    assert job.rang
    assert [found.key for found in ledger.due()] == [KEY]


def test_it_decides_nothing_but_the_run_of_a_job_whose_own_is_unknown(client, ledger, ours):
    submitting(ledger)

    assert client.post(ours, json=DONE | {"success": False, "reason": "x"}).status_code == 204

    job = ledger.get(KEY)
    assert (job.state, job.run_id, job.reason) == (JobState.SUBMITTED, "run-1", "")


def test_the_same_callback_may_come_again_and_again(client, ledger, ours):
    submitting(ledger)

    assert {client.post(ours, json=DONE).status_code for _ in range(4)} == {204}
    assert ledger.get(KEY).run_id == "run-1"


def test_one_that_names_another_run_changes_nothing(client, ledger, ours, woken):
    submitted(ledger)

    answer = client.post(ours, json=DONE | {"workflow_id": "run-2"})

    assert answer.status_code == 409
    job = ledger.get(KEY)
    assert (job.run_id, job.rang) == ("run-1", 0)
    assert woken.keys == []


def test_the_run_of_another_job_is_nobody_else_s(client, ledger, ours):
    submitted(ledger, OTHER_KEY, "P0002")
    submitting(ledger)

    assert client.post(ours, json=DONE).status_code == 409
    assert ledger.get(KEY).state == JobState.SUBMITTING


@pytest.mark.parametrize("body", [b"", b"{}", b"{", b'{"workflow_id": 7}', b"[" * 60_000])
def test_a_body_that_names_no_run_is_refused(client, ledger, ours, body, woken):
    submitted(ledger)

    assert client.post(ours, content=body).status_code == 400
    assert ledger.get(KEY).rang == 0
    assert woken.keys == []


def test_a_stranger_cannot_tell_jobs_that_are_from_jobs_that_are_not(client, ledger, data_root):
    submitted(ledger)
    body = json.dumps(DONE)
    elsewhere = callback_token(b"elsewhere", KEY)
    addresses = [
        f"/callbacks/fusion/{KEY}/{elsewhere}",
        f"/callbacks/fusion/{OTHER_KEY}/{elsewhere}",
        address(data_root, OTHER_KEY),  # the token of a job that the ledger does not know
        f"/callbacks/fusion/{KEY}/x",
        f"/callbacks/fusion/x/{elsewhere}",
        address(data_root).upper().replace("/CALLBACKS/FUSION", "/callbacks/fusion"),
        f"{address(data_root)}%0a",
    ]

    answers = {told(client.post(each, content=body)) for each in addresses}
    answers |= {told(client.post(each, content=b"{}" + b" " * 70_000)) for each in addresses[:2]}

    assert len(answers) == 1
    assert next(iter(answers))[0] == 404
    assert ledger.get(KEY).rang == 0


def test_a_wrong_token_is_refused_without_a_ledger(client, data_root):
    assert client.post(f"/callbacks/fusion/{KEY}/{'0' * 64}", json=DONE).status_code == 404
    assert not (data_root / ".fusion").exists()


def test_a_body_has_64_kb_at_most(client, ledger, ours):
    submitted(ledger)
    padded = json.dumps(DONE).encode().ljust(64 << 10)

    assert client.post(ours, content=padded).status_code == 204
    assert client.post(ours, content=padded + b" ").status_code == 413


def test_a_body_that_does_not_say_its_length_has_no_more(client, ledger, ours):
    submitted(ledger)

    answer = client.post(ours, content=iter([json.dumps(DONE).encode(), *[b" " * 8192] * 8]))

    assert answer.status_code == 413
    assert ledger.get(KEY).rang == 0


def test_no_log_holds_the_address(client, ledger, ours, caplog):
    caplog.set_level(logging.DEBUG)
    submitted(ledger)
    token = ours.rpartition("/")[2]
    for body in (DONE, {"workflow_id": "run-2"}, {}, ["planted"]):
        client.post(ours, json=body)
    client.post(f"/callbacks/fusion/{token}/{KEY}", json=DONE)
    client.get(ours)

    said = [f"{record.getMessage()} {record.args}" for record in caplog.records]
    own = [line for line, record in zip(said, caplog.records, strict=True) if _is_ours(record)]
    assert sum("POST /callbacks/fusion/{key}/{token} 204 " in line for line in own) == 1
    assert not [line for line in own if token in line or "planted" in line]


def _is_ours(record):
    """Not of the client that these tests ask with."""
    return record.name.partition(".")[0] in {"imaging", "uvicorn", "starlette", "fastapi"}


def test_a_ledger_that_cannot_be_read_is_the_gateway_s_fault(client, data_root, ours):
    (data_root / ".fusion").mkdir()
    (data_root / ".fusion/ledger.sqlite").write_bytes(b"no database" * 1000)

    answer = client.post(ours, json=DONE)

    assert answer.status_code == 503
    assert str(data_root) not in answer.text
