"""The gateway as a whole: what it says of itself, and how it answers what goes wrong."""

import errno
import json
import logging
from importlib.metadata import version
from xml.etree import ElementTree

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from imaging.errors import (
    DicomError,
    ImagingError,
    InputError,
    InstanceGoneError,
    NiftiError,
    RemoteRejectedError,
    RemoteUnavailableError,
    SettingError,
)
from imaging.gateway.faults import answer_faults


@pytest.mark.parametrize("url", ["/", "/health"])
def test_health_says_which_gateway_this_is(client, url):
    assert client.get(url).json() == {
        "status": "ok",
        "name": "imaging-flows",
        "version": version("imaging-flows"),
    }
    assert client.head(url).content == b""


def test_tabs_show_an_icon_that_opens_as_a_picture(client):
    icon = client.get("/favicon.ico")

    assert icon.headers["content-type"] == "image/svg+xml"
    assert ElementTree.fromstring(icon.content).tag.endswith("}svg")  # noqa: S314 - our own
    assert client.head("/favicon.ico").content == b""


def test_the_pages_of_operations_load_nothing_from_elsewhere(client):
    page = client.get("/docs")

    assert page.status_code == 200
    assert "https://" not in page.text.replace("https://viewer.example", "")
    assert client.get("/redoc").status_code == 404
    json.dumps(client.get("/openapi.json").json())


@pytest.mark.parametrize(
    "path",
    [
        "/files/{path}",
        "/filtered/{path}",
        "/labels/{path}",
        "/filtered-scans/{patient}/{file}",
        "/filtered-scans/{patient}/voxels/{scan}/original/{file}",
        "/output/{patient}/voxels/{scan}/original/{file}/labels",
        "/dvh",
        "/dvh/plot",
        "/anonymize",
        "/callbacks/fusion/{key}/{token}",
        "/health",
        "/",
    ],
)
def test_every_promised_operation_is_described(client, path):
    assert path in client.get("/openapi.json").json()["paths"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_files_are_only_read(client, method):
    for url in ("/files/ten.txt", "/ten.txt", "/filtered/ten.txt", "/labels/ten.txt"):
        assert client.request(method, url).status_code == 405


@pytest.mark.parametrize("path", ["view/x.txt", "viewer/x.txt"])
def test_no_file_is_served_where_the_viewer_asks_for_no_token(client, data_root, path):
    (data_root / path).parent.mkdir()
    (data_root / path).write_text("data")

    assert client.get(f"/{path}").text != "data"
    assert client.get(f"/files/{path}").text == "data"


def test_the_folder_of_state_is_its_owner_s_only(data_root, client):
    assert client.get("/").is_success
    assert (data_root / ".gateway").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (InputError("the label is unknown"), 422, "the label is unknown"),
        (NiftiError("the file is cut off"), 422, "the file is cut off"),
        (DicomError("planted.dcm", "no pixels"), 422, "no pixels"),
        (InstanceGoneError(["1.2.3"]), 409, "1 instances"),
        (SettingError("IMAGING_X", "/srv/planted is wrong"), 503, "not set up"),
        (RemoteUnavailableError("http://planted: 503"), 503, "Another server"),
        (RemoteRejectedError("http://planted: 404"), 502, "Another server"),
        (ImagingError("planted"), 500, "could not do that"),
        (OSError(errno.ENOSPC, "x", "/srv/planted"), 507, "disk is full"),
        (OSError(errno.EDQUOT, "x", "/srv/planted"), 507, "disk is full"),
        (PermissionError(errno.EACCES, "x", "/srv/planted"), 500, "could not read"),
    ],
)
def test_an_error_becomes_an_answer_that_names_no_place(error, status, said, caplog):
    caplog.set_level(logging.DEBUG)
    app = FastAPI()
    answer_faults(app)

    @app.get("/")
    def fail():
        raise error

    answer = TestClient(app).get("/")

    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert "planted" not in answer.text + caplog.text


def test_a_bad_parameter_is_named_and_not_repeated(client):
    answer = client.get("/filtered/ten.txt?missing=planted")

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "missing"]
    assert "planted" not in answer.text
