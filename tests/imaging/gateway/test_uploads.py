import fcntl
import os
import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import anyio
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from imaging.gateway import GatewayOptions
from imaging.gateway.uploads import Uploads
from tests.imaging.gateway.bodies import MULTIPART, app_of, client_of, multipart, part
from tests.imaging.gateway.receiving import router_of, send


@pytest.fixture
def options(tmp_path) -> GatewayOptions:
    return GatewayOptions(tmp_path / "data", most_upload_bytes=1 << 20, threads=1)


@pytest.fixture
def folder(options):
    return options.state / "uploads"


@pytest.fixture
def client(options) -> TestClient:
    return client_of(router_of(options), options)


def test_files_and_fields_arrive_as_they_were_sent(client, folder):
    answer = send(
        client,
        part("file", b"\x00\r\n--a-bound\xff", filename="x"),
        part("words", "Lunge, größer".encode()),
        part("file", b"", filename="y"),
        part("other", b"no file name"),
    ).json()

    assert answer["files"] == {"file": ["\x00\r\n--a-bound\xff", ""], "other": ["no file name"]}
    assert answer["fields"] == {"words": ["Lunge, größer"]}
    assert list(folder.iterdir()) == []


def test_a_body_that_is_no_multipart_is_one_file(client):
    answer = send(client, content_type="application/dicom; charset=x", body=b"bytes").json()

    assert answer["files"] == {"file": ["bytes"]}


@pytest.mark.parametrize("name", ["../../../etc/passwd", "Quillfeather.dcm", "/dev/full", "a\x00b"])
def test_a_sender_names_no_file(client, name):
    answer = send(client, part("file", b"1", filename=name)).json()

    assert answer["inside"] == answer["names"] == ["file-1.dcm"]


def test_nobody_else_reads_the_folder(client):
    assert send(client, part("file", b"1")).json()["mode"] == "0o700"


def test_nothing_is_written_to_the_temporary_folder_of_the_machine(client, tmp_path, monkeypatch):
    elsewhere = tmp_path / "tmp"
    elsewhere.mkdir(mode=0o500)
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere / "none"))  # a file there would fail

    assert send(client, part("file", bytes(1 << 19))).status_code == 200


def test_nothing_stays_when_the_work_fails(options, folder):
    seen: list[Path] = []
    client = TestClient(
        app_of(router_of(options, seen, ValueError("odd")), options), raise_server_exceptions=False
    )

    assert send(client, part("file", b"1")).status_code == 500
    assert seen
    assert list(folder.iterdir()) == []


def test_nothing_stays_when_the_client_goes_away_in_the_middle(options, folder):
    options = replace(options, most_upload_bytes=8 << 20)
    during = []
    messages = iter(
        [
            {"type": "http.request", "body": part("file", bytes(3 << 20)), "more_body": True},
            {"type": "http.request", "body": bytes(1 << 20), "more_body": True},
        ]
    )

    async def receive():
        during.append([path.name for path in folder.rglob("*.dcm")])
        return next(messages, {"type": "http.disconnect"})

    answers = call(app_of(router_of(options), options), receive)

    assert during[-1] == ["file-1.dcm"]
    assert list(folder.iterdir()) == []
    assert answers[0]["status"] == 400


def test_nothing_stays_when_a_request_is_cancelled(options, folder):
    app = app_of(router_of(options), options)

    async def run():
        has_begun = anyio.Event()

        async def receive():
            if list(folder.iterdir()):
                has_begun.set()
                await anyio.sleep_forever()
            return {"type": "http.request", "body": part("file", b"1"), "more_body": True}

        async with anyio.create_task_group() as group:
            group.start_soon(app, scope_of(), receive, send_nothing)
            await has_begun.wait()
            group.cancel_scope.cancel()

    anyio.run(run)
    assert list(folder.iterdir()) == []


async def send_nothing(_message):
    pass


def scope_of(**more):
    headers = [(b"content-type", MULTIPART.encode()), (b"host", b"localhost")]
    common = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return {**common, "query_string": b"", "root_path": "", "scheme": "http", **more}


def call(app: FastAPI, receive):
    answers = []

    async def keep(message):
        answers.append(message)

    anyio.run(app, scope_of(), receive, keep)
    return answers


def test_what_a_killed_gateway_left_goes_at_the_next_start(options, folder):
    (folder / "stray").mkdir(parents=True)
    (folder / "stray" / "file-1.dcm").write_bytes(b"identified")

    Uploads(options)

    assert list(folder.iterdir()) == []


def test_what_another_gateway_works_on_stays(options, folder):
    (folder / "held").mkdir(parents=True)
    handle = os.open(folder / "held", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)

    Uploads(options)
    os.close(handle)

    assert [path.name for path in folder.iterdir()] == ["held"]


def test_a_link_among_the_strays_leads_nowhere(options, folder, tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    folder.mkdir(parents=True)
    (folder / "link").symlink_to(tmp_path / "kept")

    Uploads(options)

    assert (tmp_path / "kept" / "file").exists()


def test_more_requests_than_fit_are_asked_to_come_again(options, folder):
    app = app_of(router_of(options), options)
    answers = []

    async def waiting():
        await anyio.sleep_forever()

    async def keep(message):
        answers.append(message)

    async def run():
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(app, scope_of(), waiting, send_nothing)
            await anyio.wait_all_tasks_blocked()
            await app(scope_of(), waiting, keep)
            group.cancel_scope.cancel()

    anyio.run(run)
    assert answers[0]["status"] == 503
    assert (b"retry-after", b"5") in answers[0]["headers"]
    assert list(folder.iterdir()) == []


@settings(max_examples=60, deadline=None)
@given(
    contents=st.lists(st.binary(max_size=60) | st.just(b"\r\n--a-boundar"), max_size=4),
    cuts=st.lists(st.integers(0, 400), max_size=12),
)
def test_pieces_do_not_matter(tmp_path_factory, contents, cuts):
    options = GatewayOptions(tmp_path_factory.mktemp("data"))
    body = multipart(*[part("file", content) for content in contents])
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    pieces = [body[start:end] for start, end in pairwise(places)]

    client = client_of(router_of(options), options)
    answer = client.post("/", content=iter(pieces), headers={"Content-Type": MULTIPART})

    found = answer.json()["files"].get("file", [])
    assert [text.encode("latin-1") for text in found] == contents
