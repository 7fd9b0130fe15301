import json
from io import BytesIO

import pytest
from PIL import Image

from imaging.gateway import GatewayOptions
from imaging.gateway.curves import Curve
from imaging.gateway.dvh import dvh_router
from tests.imaging.gateway.bodies import client_of, rt_bytes

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    options = GatewayOptions(tmp_path_factory.mktemp("data"))
    return client_of(dvh_router(options), options)


def size_of(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(PNG)
    with Image.open(BytesIO(answer.content)) as image:
        return image.size


def test_files_are_drawn(client):
    assert size_of(client.post("/dvh/plot", files=dict(rt_bytes()))) > (800, 500)


def test_an_answer_can_be_drawn(client):
    answer = client.post("/dvh", files=dict(rt_bytes())).json()

    assert size_of(client.post("/dvh/plot", json=answer)) > (800, 500)


def test_curves_of_others_are_drawn_in_their_units(client):
    percent = {"name": "PTV", "doses": [0, 4000, 5000], "volumes": [100, 100, 0]}
    curves = [
        {**percent, "dose_units": "cGy", "volume_units": "%"},
        {"name": "Empty", "doses": [0], "volumes": [0], "dose_units": "Gy", "volume_units": "cc"},
        {"name": "\ud800 \n$x$ \u0000", "doses": [1e-300, 2], "volumes": [5e-324, 0]},
    ]

    body = json.dumps({"dvhs": curves})
    answer = client.post("/dvh/plot", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in (200, 422)  # JSON knows half of a pair, not every reader does
    size_of(client.post("/dvh/plot", json={"dvhs": curves[:2]}))


def test_a_curve_knows_its_units():
    dvh = Curve(name="A", doses=[0, 4000, 6000], volumes=[80, 80, 0], dose_units="cGy").dvh(1)

    assert dvh.dose_gy.tolist() == [0, 40, 60]
    assert dvh.mean_gy == pytest.approx(50)
    part_of_it = Curve(name="A", doses=[1, 2], volumes=[80, 0], volume_units="%").dvh(1)
    assert part_of_it.cumulative_percent.tolist() == [80, 80, 0]


BAD_CURVES = {
    "none": {"dvhs": []},
    "nothing": {},
    "unequal": {"dvhs": [{"name": "A", "doses": [0, 1], "volumes": [1]}]},
    "falling doses": {"dvhs": [{"name": "A", "doses": [2, 1], "volumes": [1, 0]}]},
    "rising volumes": {"dvhs": [{"name": "A", "doses": [0, 1], "volumes": [1, 2]}]},
    "negative": {"dvhs": [{"name": "A", "doses": [-1, 1], "volumes": [1, 0]}]},
    "another unit": {"dvhs": [{"name": "A", "doses": [0], "volumes": [1], "dose_units": "rad"}]},
    "far too many": {"dvhs": [{"name": "A", "doses": [0], "volumes": [1]}] * 101},
    "no object": [1],
}


@pytest.mark.parametrize("name", BAD_CURVES)
def test_bad_curves_are_refused(client, name):
    assert client.post("/dvh/plot", json=BAD_CURVES[name]).status_code == 422


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"dvhs": [{"doses": [NaN]}]}'])
def test_a_body_that_is_no_json_is_refused(client, body):
    headers = {"Content-Type": "application/json"}

    answer = client.post("/dvh/plot", content=body, headers=headers)

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(("Invalid JSON", "dvhs.0"))
