"""Requests made up of the gateway's own description: whatever is sent, it answers as described."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from starlette.testclient import TestClient

from imaging.gateway import GatewayOptions
from imaging.gateway.app import make_app
from tests.imaging.gateway.bodies import rt_bytes
from tests.imaging.gateway.fusions import KEY, PROJECT_KEY, address, ledger_of, submitting
from tests.imaging.labels.phantoms import EXTENSION, Nifti, write

OPERATIONS = [
    "GET /",
    "GET /health",
    "POST /dvh",
    "POST /dvh/plot",
    "POST /anonymize",
    "GET /labels/{path}",
    "GET /output/{patient}/voxels/{scan}/original/{file}/labels",
    "GET /filtered/{path}",
    "GET /filtered-scans/{patient}/{file}",
    "GET /filtered-scans/{patient}/voxels/{scan}/original/{file}",
    "GET /files/{path}",
    "POST /callbacks/fusion/{key}/{token}",
]
THERE = {
    "path": "output/P0001/scans/ct_seg.nii.gz",
    "patient": "P0001",
    "scan": "CT",
    "file": "ct_seg.nii.gz",
    "key": KEY,
    "token": "",  # filled in where the project's secret is known
}
ANYTHING_GOES = {"GET /", "GET /health", "GET /files/{path}"}
# Beside what refuses unsound values, an address or a body may be too long before it is read.
REFUSALS = ["400", "401", "403", "404", "405", "413", "414", "415", "422", "431"]
CONFIG = schemathesis.Config.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}}
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Not for a sound request: that a body is of DICOM, a description cannot say.
REFUSING = [*CHECKS, negative_data_rejection, unsupported_method]
SOUND, UNSOUND = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
bounded = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """The description of a gateway whose data root holds what the examples ask for."""
    root = tmp_path_factory.mktemp("data")
    for place in ("output/P0001/scans", "output/P0001/voxels/CT/original"):
        (root / place).mkdir(parents=True)
        write(root / place / "ct_seg.nii.gz", Nifti(extension=EXTENSION).content())
    with ledger_of(root) as ledger:
        submitting(ledger)
    THERE["token"] = address(root).rpartition("/")[2]
    options = GatewayOptions(root, most_upload_bytes=8 << 20, project_key=PROJECT_KEY)
    schemathesis.openapi.format("binary", st.sampled_from([*rt_bytes().values()]) | st.binary())
    app = make_app(options)
    with TestClient(app, base_url="http://localhost"):  # from its start to its end
        yield schemathesis.openapi.from_asgi(
            "/openapi.json", without_lifespan(app), config=CONFIG, headers={"Host": "localhost"}
        )


def without_lifespan(app):
    """The application for who would end it after every request."""

    async def asgi(scope, receive, send):
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})

    return asgi


def operation_of(described, name):
    method, path = name.split(" ")
    return described[path][method]


def test_no_operation_is_left_out(described):
    found = [operation.ok().label for operation in described.get_all_operations()]

    assert sorted(found) == sorted(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_sound_request_is_answered_as_described(described, name):
    operation = operation_of(described, name)

    @bounded
    @given(operation.as_strategy(SOUND))
    def check(case):
        case.call_and_validate(checks=CHECKS, headers={"Host": "localhost"})

    check()


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in ANYTHING_GOES])
def test_an_unsound_request_is_refused_as_described(described, name):
    operation = operation_of(described, name)

    @bounded
    @given(operation.as_strategy(UNSOUND))
    def check(case):
        case.call_and_validate(checks=REFUSING, headers={"Host": "localhost"})

    check()


BODIES = {
    "POST /dvh": {"rtstruct": rt_bytes()["rtstruct"], "rtdose": [rt_bytes()["rtdose"]]},
    "POST /dvh/plot": {"rtstruct": rt_bytes()["rtstruct"], "rtdose": [rt_bytes()["rtdose"]]},
    "POST /anonymize": {"file": rt_bytes()["rtdose"]},
}


@pytest.mark.parametrize("name", BODIES)
def test_files_of_a_patient_are_answered_as_described(described, name):
    case = operation_of(described, name).Case(body=BODIES[name], media_type="multipart/form-data")

    answer = case.call_and_validate(checks=CHECKS, headers={"Host": "localhost"})

    assert answer.status_code == 200


@pytest.mark.parametrize("name", [name for name in OPERATIONS if "{" in name])
def test_what_is_there_is_answered_as_described(described, name):
    operation = operation_of(described, name)
    names = [part.split("}")[0] for part in name.split("{")[1:]]
    statuses = set()

    @bounded
    @given(operation.as_strategy(SOUND, path_parameters={name: THERE[name] for name in names}))
    def check(case):
        answer = case.call_and_validate(checks=CHECKS, headers={"Host": "localhost"})
        statuses.add(answer.status_code)

    check()
    assert statuses & {200, 204}
