import json
import struct
import threading

import anyio
import httpx
import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import RLELossless

from imaging import rt
from imaging.gateway import GatewayOptions, dvh
from imaging.gateway.dvh import dvh_router
from imaging.rt import dvhs_of_files
from tests.imaging.gateway.bodies import (
    MULTIPART,
    app_of,
    as_file,
    client_of,
    multipart,
    part,
    patient,
    rt_bytes,
)


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    return GatewayOptions(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def client(options):
    return client_of(dvh_router(options), options)


@pytest.fixture(autouse=True)
def nothing_stays(options):
    yield
    folder = options.state / "uploads"
    assert not folder.exists() or list(folder.iterdir()) == []


def strict_json(text):
    """Read JSON as other programs do, which know no NaN."""

    def refuse(word):
        pytest.fail(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module")
def answer(client):
    found = client.post("/dvh", files=dict(rt_bytes()))
    assert found.status_code == 200, found.text
    return strict_json(found.text)


@pytest.fixture(scope="module")
def calculated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rt")
    for name, content in rt_bytes().items():
        (folder / name).write_bytes(content)
    return dvhs_of_files(folder / "rtstruct", folder / "rtdose", rtplan=folder / "rtplan")


def test_the_dvhs_are_those_that_are_calculated_of_the_files(answer, calculated):
    assert [each["name"] for each in answer["dvhs"]] == [dvh.roi_name for dvh in calculated]
    for each, of_files in zip(answer["dvhs"], calculated, strict=True):
        assert each["number"] == of_files.roi_number
        assert each["volume_cc"] == pytest.approx(of_files.volume_cc)
        assert each["mean_gy"] == pytest.approx(of_files.mean_gy)
        assert each["max_gy"] == pytest.approx(of_files.max_gy)
        metrics = {metric["metric"]: metric["value"] for metric in each["metrics"]}
        assert metrics["D95%[Gy]"] == pytest.approx(of_files.dose_at_volume(95), abs=1e-3)


def test_the_curves_are_those_of_the_closed_form(answer):
    for each in answer["dvhs"]:
        truth = patient().truth(each["name"])
        if each["name"] != "BODY":
            assert each["mean_gy"] == pytest.approx(truth.mean_gy, abs=0.3)


def test_a_curve_begins_at_zero_and_ends_at_the_maximum(answer):
    for each in answer["dvhs"]:
        doses, volumes = np.array(each["doses"]), np.array(each["volumes"])
        assert doses[0] == 0
        assert volumes[0] == pytest.approx(each["volume_cc"], rel=1e-6)
        assert doses[-1] == pytest.approx(each["max_gy"], abs=1e-5)
        assert (np.diff(doses) >= 0).all()
        assert (np.diff(volumes) <= 0).all()
        assert 2 < doses.size == volumes.size <= 1001


def test_the_plan_tells_the_prescription(client, answer):
    assert (answer["prescription_gy"], answer["fractions"]) == (50.0, 25)
    without = {name: rt_bytes()[name] for name in ("rtstruct", "rtdose")}
    assert client.post("/dvh", files=without).json()["prescription_gy"] is None


def test_the_names_of_the_first_service_are_understood(client, answer):
    files = {"file_struct": rt_bytes()["rtstruct"], "file_dose": rt_bytes()["rtdose"]}

    found = client.post("/dvh", files=files).json()

    assert [each["volumes"] for each in found["dvhs"]] == [
        each["volumes"] for each in answer["dvhs"]
    ]


def test_the_form_chooses(client):
    form = {"rois": "Lung_*, Heart", "metrics": ["V20Gy[cc]", "HI"], "end_caps": "none"}

    found = client.post("/dvh", files=dict(rt_bytes()), data=form).json()

    assert sorted(each["name"] for each in found["dvhs"]) == ["Heart", "Lung_L", "Lung_R"]
    assert [each["metric"] for each in found["dvhs"][0]["metrics"]] == ["V20Gy[cc]", "HI"]
    assert "end caps none" in found["dvhs"][0]["method"]


def test_a_protocol_is_judged_by(client):
    form = {"goals": "quantec-thorax", "aliases": json.dumps({"SpinalCord": ["SpinalCord"]})}

    found = client.post("/dvh", files=dict(rt_bytes()), data=form).json()["goals"]

    heart = [goal for goal in found if goal["roi_name"] == "Heart"]
    assert {goal["outcome"] for goal in heart} <= {"PASS", "FAIL", "ACCEPTABLE"}
    assert heart


def test_alpha_beta_counts(client):
    form = {"rois": "Heart", "metrics": "EQD2:Dmean[Gy]"}
    values = [
        client.post(
            "/dvh", files=dict(rt_bytes()), data={**form, "alpha_beta": f'{{"Heart": {gy}}}'}
        ).json()["dvhs"][0]["metrics"][0]["value"]
        for gy in (1, 10)
    ]

    assert values[0] < values[1]  # below 2 Gy a fraction, late tissue is spared


def without(dataset, *keywords):
    for keyword in keywords:
        delattr(dataset, keyword)
    return dataset


def refusals():
    rt = rt_bytes()
    good = [part("rtstruct", rt["rtstruct"]), part("rtdose", rt["rtdose"])]
    yield "no files", [], "one rtstruct"
    yield "no dose", good[:1], "one rtstruct"
    yield "two structure sets", [good[0], *good], "not 2"
    yield "in both spellings", [part("file_struct", rt["rtstruct"]), *good], "not 2"
    yield "a structure set as dose", [good[0], part("rtdose", rt["rtstruct"])], "rtdose: is of"
    yield "a dose as structure set", [part("rtstruct", rt["rtdose"]), good[1]], "rtstruct: is of"
    yield "no bytes", [good[0], part("rtdose", b"")], "rtdose: the file is empty"
    yield "a text", [good[0], part("rtdose", b"Dear colleague")], "rtdose: "
    yield "zeros", [good[0], part("rtdose", bytes(5000))], "rtdose: "
    yield "a plan that is none", [*good, part("rtplan", rt["rtdose"])], "rtplan: is of"
    cut = rt["rtdose"][: len(rt["rtdose"]) // 2]
    yield "cut short", [good[0], part("rtdose", cut)], "cut short"
    yield "no grid", [good[0], part("rtdose", as_file(no_grid()))], "GridFrameOffsetVector"
    yield "a path as goals", [*good, part("goals", b"/etc/passwd")], "protocols"
    yield "a file as goals", [*good, part("goals", b"../goals.yaml")], "protocols"
    yield "no metric", [*good, part("metrics", b"D95")], "no DVH metric"
    yield "no such ROI", [*good, part("rois", b"Spleen")], "no ROI"
    yield "an impossible choice", [*good, part("between", b"magic")], "between"
    yield "twice the same", [*good, *[part("engine", b"exact")] * 2], "2 times"
    yield "no number", [*good, part("prescription_gy", b"-1")], "prescription_gy"
    yield "not finite", [*good, part("prescription_gy", b"inf")], "prescription_gy"
    yield "no JSON", [*good, part("aliases", b"{")], "aliases"
    yield "alpha/beta", [*good, part("alpha_beta", b'{"Heart": NaN}')], "alpha_beta"


def no_grid():
    return without(patient().rtdose(), "GridFrameOffsetVector")


REFUSALS = {name: (parts, said) for name, parts, said in refusals()}


@pytest.mark.parametrize("path", ["/dvh", "/dvh/plot"])
@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_wrong_is_said(client, path, name):
    parts, said = REFUSALS[name]

    answer = client.post(path, content=multipart(*parts), headers={"Content-Type": MULTIPART})

    assert answer.status_code == 422
    assert said in answer.json()["detail"]


@pytest.mark.parametrize("engine", [b"exact", b"dicompyler"])
def test_a_dose_of_few_bytes_that_stand_for_too_many_is_not_decoded(client, engine):
    dose = patient().rtdose()
    zeros = struct.pack("<16I", 2, 64, 64, *[0] * 13) + bytes([129, 0])  # 128 of them
    dose.PixelData = encapsulate([zeros, zeros])
    dose["PixelData"].is_undefined_length = True
    dose.file_meta.TransferSyntaxUID = RLELossless
    dose.NumberOfFrames, dose.Rows, dose.Columns, dose.BitsAllocated = 2, 16_384, 8_193, 16
    dose.GridFrameOffsetVector = [0, 3]
    rtstruct, rtdose = part("rtstruct", rt_bytes()["rtstruct"]), part("rtdose", as_file(dose))

    body = multipart(rtstruct, rtdose, part("engine", engine))
    answer = client.post("/dvh", content=body, headers={"Content-Type": MULTIPART})

    assert answer.status_code == 422
    assert "takes 536936448 bytes when it is decoded" in answer.json()["detail"]


def test_other_requests_are_answered_while_dvhs_are_calculated(options, monkeypatch):
    started, go_on = threading.Event(), threading.Event()
    original = rt.dvhs_of_case

    def waiting(*arguments):
        started.set()
        assert go_on.wait(30)
        return original(*arguments)

    monkeypatch.setattr(dvh, "dvhs_of_case", waiting)
    app = app_of(dvh_router(options), options)

    @app.get("/health")
    async def health():
        return "ok"

    async def run():
        transport = httpx.ASGITransport(app)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
            anyio.create_task_group() as group,
        ):
            group.start_soon(lambda: client.post("/dvh", files=dict(rt_bytes())))
            await anyio.to_thread.run_sync(started.wait, 30)
            found = await client.get("/health")
            go_on.set()
        return found

    assert anyio.run(run).json() == "ok"
