"""The guard in front of the gateway's real routes, so that none is forgotten."""

import nibabel as nib
import numpy as np
import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from imaging.gateway.access.links import sign_link
from imaging.gateway.access.tokens import add_token
from imaging.gateway.app import make_app
from tests.imaging.gateway.access.apps import HERE, lay_file

PUBLIC = {"/", "/health", "/docs", "/openapi.json", "/favicon.ico", "/view"}
PUBLIC |= {"/viewer/{version}/{name}"}
CALLED_BACK = "/callbacks/fusion/{key}/{token}"  # whose token is in the address
LABELS = "output/P1/voxels/S1/original/seg.nii.gz"


@pytest.fixture
def app(exposed):
    return make_app(exposed)


@pytest.fixture
def client(app):
    return TestClient(app, base_url=HERE)


def test_every_route_that_holds_data_asks_for_a_token(app, client):
    asked = 0
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            if path not in {*PUBLIC, CALLED_BACK}:
                assert client.request(method, path).status_code == 401, (method, path)
                asked += 1
    for route in iter_route_contexts(app.routes):  # those that the description leaves out, too
        if route.path not in {*PUBLIC, CALLED_BACK}:
            for method in sorted(route.methods or ()):
                assert client.request(method, route.path).status_code == 401, (method, route.path)
                asked += 1
    assert asked >= 24


@pytest.mark.parametrize(
    "path",
    ["view", "health", "viewer/v1/x.js", "viewer/x", "viewer/v/w/x", "view/x", "files/x", "x"],
)
def test_no_data_comes_out_by_a_public_address(exposed, client, path):
    lay_file(exposed.data_root, path)

    for address in (f"/{path}", f"/files/{path}"):
        assert client.get(address).content != b"content"


def test_a_link_reads_its_label_map_by_every_route_and_nothing_else(exposed, client):
    voxels = np.zeros((4, 4, 4), np.uint8)
    voxels[1:3] = 5
    for path in (LABELS, "output/P2/seg.nii.gz"):
        (exposed.data_root / path).parent.mkdir(parents=True)
        nib.save(nib.Nifti1Image(voxels, np.eye(4)), exposed.data_root / path)
    link = sign_link(exposed, [LABELS])
    inside = LABELS.removeprefix("output/")
    own = [
        f"/{LABELS}",
        f"/files/{LABELS}",
        f"/labels/{LABELS}",
        f"/{LABELS}/labels",
        f"/filtered/{LABELS}?label_ids=5",
        f"/filtered-scans/{inside}?label_ids=5",
    ]
    others = [
        "/output/P2/seg.nii.gz",
        "/labels/output/P2/seg.nii.gz",
        "/filtered-scans/P2/seg.nii.gz?label_ids=5",
        "/files/",
        "/files/output/P1",
    ]

    def status(path: str) -> int:
        joined = f"{path}{'&' if '?' in path else '?'}link={link}"
        return int(client.get(joined).status_code)

    assert {path: status(path) for path in own} == dict.fromkeys(own, 200)
    assert {path: status(path) for path in others} == dict.fromkeys(others, 403)


def test_tokens_and_keys_are_not_served_even_to_who_has_a_token(exposed, client):
    lay_file(exposed.data_root, "x")
    sign_link(exposed, ["x"])
    token = add_token(exposed.state, "pacs", ["read", "run"], 1, 4_000_000_000)
    headers = {"Authorization": f"Bearer {token}"}

    for name in ("tokens.json", "link-key", "tokens.lock"):
        assert (exposed.state / name).exists()
        assert client.get(f"/files/.gateway/{name}", headers=headers).status_code == 404
        assert client.get(f"/.gateway/{name}", headers=headers).status_code == 404
    assert client.get("/files/x", headers=headers).content == b"content"
