"""Whose secret and ledger callbacks go by, who may call, and who is told."""

import asyncio
import dataclasses

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.testclient import TestClient

from imaging.fusion.callbacks import callback_token
from imaging.gateway import GatewayOptions
from imaging.gateway.access.tokens import add_token
from imaging.gateway.app import make_app
from imaging.gateway.callbacks import Callbacks, callbacks_router
from imaging.settings import callback_key
from tests.imaging.gateway.fusions import (
    DONE,
    KEY,
    OTHER_KEY,
    PROJECT_KEY,
    Woken,
    address,
    ledger_of,
    settings_of,
    submitted,
)


def test_a_body_is_read_no_further_than_it_may_be_long(data_root):
    read = []

    async def receive():
        read.append(1)
        return {"type": "http.request", "body": b" " * 8192, "more_body": True}

    callbacks = Callbacks(GatewayOptions(data_root, project_key=PROJECT_KEY))
    sent = ask(callbacks_router(callbacks), address(data_root), receive)

    assert sent[0]["status"] == 413
    assert len(read) == 9


def ask(router, path, receive):
    """Call a route as a server does, and return what it sends."""
    sent = []

    async def send(message):
        sent.append(message)

    app = FastAPI()
    app.include_router(router)
    scope = {"type": "http", "method": "POST", "path": path, "headers": [], "query_string": b""}
    asyncio.run(app(scope, receive, send))
    return sent


def test_beyond_loopback_a_callback_needs_no_other_token(fusion_options, ledger, ours):
    exposed = dataclasses.replace(fusion_options, host="0.0.0.0")  # noqa: S104 - never listened on
    add_token(exposed.state, "viewer", ["read"], 1, 4_000_000_000)
    submitted(ledger)
    with TestClient(make_app(exposed), base_url="https://gateway.example") as client:
        passed_on = {"X-Forwarded-For": "203.0.113.7", "Via": "1.1 proxy"}
        assert client.post(ours, json=DONE, headers=passed_on).status_code == 204
        assert client.post(ours, json=DONE, headers={"Origin": "https://v.test"}).status_code == 204
        assert client.post(f"{ours}/more", json=DONE).status_code == 401
        assert client.post("/callbacks/fusion", json=DONE).status_code == 401
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            assert client.request(method, ours).status_code == 401


def test_without_anybody_to_tell_the_ledger_remembers(fusion_options, ledger, ours):
    submitted(ledger)
    with TestClient(make_app(fusion_options), base_url="http://localhost") as client:
        assert client.post(ours, json=DONE).status_code == 204

    assert [job.key for job in ledger.due()] == [KEY]


def test_of_who_cannot_be_told_the_log_has_the_kind_and_the_next_is(
    fusion_options, ledger, data_root, caplog
):
    woken = Woken(ValueError("planted: http://prefect"))
    for number, key in enumerate((KEY, OTHER_KEY)):
        submitted(ledger, key, f"P{number}", f"run-{number}")
    with TestClient(make_app(fusion_options, woken), base_url="http://localhost") as client:
        for number, key in enumerate((KEY, OTHER_KEY)):
            body = {"workflow_id": f"run-{number}"}
            assert client.post(address(data_root, key), json=body).status_code == 204
            woken.wait()
    assert woken.keys == [KEY, OTHER_KEY]
    assert "planted" not in caplog.text


def test_a_secret_that_cannot_be_read_is_the_gateway_s_fault(gateway_options, data_root, ours):
    (data_root / ".project-key").mkdir()
    with TestClient(make_app(gateway_options), base_url="http://localhost") as client:
        assert client.post(ours, json=DONE).status_code == 503


def test_the_secret_kept_in_the_data_root_is_the_worker_s_too(gateway_options, data_root):
    worker = settings_of(data_root).model_copy(update={"project_key": SecretStr("")})
    with ledger_of(data_root) as ledger:
        submitted(ledger)
    token = callback_token(callback_key(worker), KEY)
    with TestClient(make_app(gateway_options), base_url="http://localhost") as client:
        assert client.post(f"/callbacks/fusion/{KEY}/{token}", json=DONE).status_code == 204


def test_options_do_not_print_their_secrets(fusion_options):
    shown = repr(dataclasses.replace(fusion_options, ledger_url="postgresql://u:planted@h/d"))

    assert PROJECT_KEY not in shown
    assert "planted" not in shown
