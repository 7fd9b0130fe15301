import base64
import gzip
import io
import math
import tarfile

import DracoPy
import numpy as np
import pydicom
import pytest
import trimesh

from imaging.phantoms.cbct import Cbct
from imaging.phantoms.dental import small_case
from imaging.phantoms.teeth import dentition
from imaging.phantoms.vendor import SimulatorOptions, VendorSimulator
from imaging.phantoms.vendor.products import MESH_TYPES, OUTPUTS, TRICKS
from tests.imaging.phantoms.vendor_customer import PLAIN, SCAN, VOLUME, Customer, zipped

TEETH = ("11", "36")


@pytest.fixture(name="vendor")
def a_vendor():
    with VendorSimulator(SimulatorOptions(teeth=TEETH, faces_per_tooth=80)) as vendor:
        yield vendor


@pytest.fixture(name="customer")
def a_customer(vendor):
    return Customer(vendor)


def read(content, kind):
    """Return vertices and faces as a reader finds them that mends nothing."""
    if kind == "drc":
        mesh = DracoPy.decode(content)
        return np.asarray(mesh.points), np.asarray(mesh.faces)
    mesh = trimesh.load_mesh(io.BytesIO(content), file_type=kind, process=False)
    return np.asarray(mesh.vertices), np.asarray(mesh.faces)


def test_a_run_is_paid_when_it_is_accepted(customer, vendor):
    answer = customer.submit(metadata={"key": "k" * 128})

    assert list(answer.json()) == ["run_id"]
    assert vendor.paid == 1
    assert vendor.runs[0].run_id == answer.json()["run_id"]
    assert vendor.runs[0].metadata == {"key": "k" * 128}


def test_the_same_call_twice_is_paid_twice(customer, vendor):
    call = customer.call()

    assert customer.post(call).json() != customer.post(call).json()
    assert vendor.paid == 2


def test_a_run_takes_its_time_and_gives_nothing_before():
    with VendorSimulator(SimulatorOptions(seconds=math.inf, teeth=TEETH)) as vendor:
        customer = Customer(vendor)
        first, second = customer.run(), customer.run()
        vendor.finish(first)

        assert customer.get(f"/run/{first}").json()["completed"] is True
        assert customer.get(f"/run/{second}").json()["completed"] is False
        assert customer.get(f"/run/{second}").json()["failed"] is False
        assert customer.get(f"/data/{first}").status_code == 200
        assert customer.get(f"/data/{second}").status_code == 404
        vendor.finish()
        assert customer.get(f"/run/{second}").json()["completed"] is True


def test_a_failed_run_says_why_and_has_no_results(customer, vendor):
    vendor.plan("result", "failed no teeth were found")
    run_id = customer.run()

    status = customer.get(f"/run/{run_id}").json()

    assert status == {
        "completed": False,
        "failed": True,
        "reason_public": "no teeth were found",
    }
    assert customer.get(f"/data/{run_id}").status_code == 404


def test_a_run_that_will_fail_does_not_say_so_before():
    with VendorSimulator(SimulatorOptions(seconds=math.inf)) as vendor:
        vendor.plan("result", "failed")
        run_id = Customer(vendor).run()
        early = Customer(vendor).get(f"/run/{run_id}").json()
        vendor.finish()

        assert early == {"completed": False, "failed": False, "reason_public": ""}
        assert Customer(vendor).get(f"/run/{run_id}").json()["failed"] is True


@pytest.mark.parametrize("kind", MESH_TYPES)
@pytest.mark.parametrize("place", [{}, {"output-location": "bytes"}], ids=["urn", "inline"])
def test_a_tooth_comes_back_as_it_was_made(customer, kind, place):
    found = customer.data(output_config={"fusion": {"type": kind, **place}})
    node = found["fusion"]["36"]
    content = base64.b64decode(node["data"]) if place else customer.download(node["data"]).content

    vertices, faces = read(content, kind)

    tooth = dentition(80, teeth=("36",))["36"]
    assert list(found["fusion"]) == list(TEETH)
    assert node["type"] == kind
    assert node["data"].startswith("urn:zhfile:o:s:") != bool(place)
    assert len(faces) == len(tooth.faces)
    assert vertices.min(axis=0) == pytest.approx(tooth.bounds[0], abs=2e-3)


def test_a_fusion_is_given_back_in_the_documented_shapes(customer):
    found = customer.data(outputs=OUTPUTS)

    assert list(found) == list(OUTPUTS)
    for name in ("teeth", "root", "fusion"):
        assert list(found[name]) == list(TEETH)
    assert list(found["reconstructions"]) == ["maxilla", "mandible"]
    for name in ("cbct_upper_jaw", "cbct_lower_jaw"):
        assert [node["type"] for node in found[name]] == ["ply"]


def test_a_fusion_is_given_back_in_the_shapes_of_earlier_years():
    options = SimulatorOptions(nested=True, jaws_as_list=False, teeth=TEETH, faces_per_tooth=80)
    with VendorSimulator(options) as vendor:
        found = Customer(vendor).data(outputs=("cbct_upper_jaw",))

    assert found["result"]["cbct_upper_jaw"]["type"] == "ply"


@pytest.mark.parametrize("nested", [False, True])
def test_one_result_can_be_asked_for(nested):
    with VendorSimulator(SimulatorOptions(nested=nested, teeth=TEETH)) as vendor:
        customer = Customer(vendor)
        run_id = customer.run(outputs=("teeth", "root"))

        found = customer.get(f"/data/{run_id}/root").json()

        assert list(found["result"] if nested else found) == ["root"]
        assert customer.get(f"/data/{run_id}/fusion").status_code == 404


def test_a_vendor_with_a_folder_remembers_what_was_paid_for(tmp_path):
    options = SimulatorOptions(state=tmp_path, seconds=math.inf, teeth=TEETH, faces_per_tooth=80)
    with VendorSimulator(options) as vendor:
        customer = Customer(vendor)
        call = customer.call(metadata={"key": "k"})
        done, waiting = (customer.post(call).json()["run_id"] for _ in range(2))
        vendor.finish(done)
        node = customer.get(f"/data/{done}").json()["fusion"]["36"]
        mesh = customer.download(node["data"]).content

    with VendorSimulator(options) as again:
        customer = Customer(again)

        assert [run.run_id for run in again.runs] == [done, waiting]
        assert again.runs[0].metadata == {"key": "k"}
        assert customer.get(f"/run/{done}").json()["completed"] is True
        assert customer.get(f"/run/{waiting}").json()["completed"] is False
        assert customer.download(node["data"]).content == mesh
        assert customer.post(call).status_code == 200
        assert again.paid == 3


def test_crown_and_root_make_the_tooth(customer):
    found = customer.data(outputs=("teeth", "root", "fusion"))
    faces = {
        name: len(read(customer.download(nodes["36"]["data"]).content, "ply")[1])
        for name, nodes in found.items()
    }

    assert 0 < faces["teeth"] < faces["fusion"]
    assert faces["teeth"] + faces["root"] == faces["fusion"]


@pytest.mark.parametrize("kind", MESH_TYPES)
def test_an_empty_mesh_has_no_faces(customer, vendor, kind):
    vendor.plan("result", "empty")
    found = customer.data(kind=kind)["fusion"]
    content = customer.download(found["11"]["data"]).content

    if kind == "drc":
        assert getattr(DracoPy.decode(content), "faces", None) is None
    else:
        assert len(read(content, kind)[1]) == 0
    assert len(read(customer.download(found["36"]["data"]).content, kind)[1])


@pytest.mark.parametrize("kind", [kind for kind in MESH_TYPES if kind != "drc"])
def test_a_mesh_can_hold_what_is_no_number(customer, vendor, kind):
    vendor.plan("result", "nan")
    found = customer.data(kind=kind)["fusion"]

    contents = [customer.download(found[tooth]["data"]).content for tooth in TEETH]

    assert [np.isnan(read(content, kind)[0]).any() for content in contents] == [True, False]


def test_a_draco_mesh_is_damaged_instead(customer, vendor):
    vendor.plan("result", "nan")
    content = customer.download(customer.data(kind="drc")["fusion"]["11"]["data"]).content

    with pytest.raises(DracoPy.FileTypeException):
        DracoPy.decode(content)


def test_names_and_urns_can_try_to_be_paths(customer, vendor):
    vendor.plan("result", "tricks")

    found = customer.data()["fusion"]

    assert list(found) == [*TEETH, *TRICKS]
    escaping = found["../../../escaped"]["data"]
    assert escaping.endswith(":results/../../../escaped.ply")
    assert customer.download(escaping).content == customer.download(found["11"]["data"]).content


def test_a_result_can_be_the_input_of_another_run(customer):
    mesh = customer.data(outputs=("cbct_upper_jaw",))["cbct_upper_jaw"][0]
    call = customer.call()
    call["input_data"]["upper_jaw_scan"] = mesh

    assert customer.post(call).status_code == 200


def test_another_workflow_gives_back_what_is_asked_for(customer):
    found = customer.data(
        spec_group="mesh-processing",
        spec_name="oral-seg",
        input_data={"mesh": {"type": "stl", "data": "urn:any"}},
        output_config={"seg": {"type": "stl"}},
    )

    assert found["seg"][0]["type"] == "stl"


def tarred(content):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("scan.stl")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("stl", SCAN),
        ("zip", zipped(scan__STL=SCAN)),
        ("tar.gz", tarred(SCAN)),
    ],
    ids=["stl", "zip", "tar.gz"],
)
@pytest.mark.parametrize("inline", [False, True])
def test_a_scan_is_taken_as_documented(customer, kind, content, inline):
    call = customer.call()
    data = base64.b64encode(content).decode() if inline else customer.upload(content, kind)
    call["input_data"]["lower_jaw_scan"] = {"type": kind, "data": data}

    assert customer.post(call).status_code == 200


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("stl", bytes(84)),
        ("ply", b"no mesh"),
        ("drc", SCAN),
        ("zip", zipped(one__stl=SCAN, two__stl=SCAN)),
        ("tar.gz", gzip.compress(b"no tar")),
        ("exe", SCAN),
    ],
    ids=["empty", "no mesh", "other type", "two in a zip", "no tar", "unknown type"],
)
def test_a_scan_that_nobody_can_read_costs_nothing(customer, vendor, kind, content):
    call = customer.call()
    data = base64.b64encode(content).decode()
    call["input_data"]["lower_jaw_scan"] = {"type": kind, "data": data}

    assert customer.post(call).status_code == 422
    assert vendor.paid == 0


def packed_cbct(folder, *cbcts, **changed):
    files = {}
    for number, cbct in enumerate(cbcts):
        case = small_case(folder / str(number), cbct)
        for path in sorted(case.cbct.iterdir()):
            image = pydicom.dcmread(path)
            for keyword, value in changed.items():
                setattr(image, keyword, value)
            content = io.BytesIO()
            image.save_as(content, enforce_file_format=True)
            files[f"{number}-{path.name}".replace(".", "__")] = content.getvalue()
    return zipped(**files)


def submit_volume(customer, content):
    call = customer.call()
    call["input_data"]["raw_ct_file"] = customer.upload(content, "zip")
    return customer.post(call).status_code


def test_a_zip_of_one_series_is_a_volume(customer, tmp_path):
    assert submit_volume(customer, packed_cbct(tmp_path, Cbct(slices=3, matrix=16))) == 200


def test_nrrd_is_a_volume_as_it_is(customer):
    assert submit_volume(customer, b"NRRD0004\n") == 200


@pytest.mark.parametrize(
    "content",
    [
        b"no zip",
        zipped(),
        zipped(a__dcm=b"no DICOM"),
        zipped(inner__zip=VOLUME),
        zipped(one__nrrd=b"NRRD0004\n", two__nrrd=b"NRRD0004\n"),
    ],
    ids=["no zip", "empty", "no DICOM", "nested", "two volumes"],
)
def test_a_zip_of_something_else_costs_nothing(customer, vendor, content):
    assert submit_volume(customer, content) == 422
    assert vendor.paid == 0


def test_a_zip_of_two_series_or_of_no_ct_costs_nothing(customer, vendor, tmp_path):
    small = Cbct(slices=2, matrix=16)

    two = packed_cbct(tmp_path / "two", small, Cbct(slices=2, matrix=16, seed=2))
    mr = packed_cbct(tmp_path / "mr", small, Modality="MR")

    assert [submit_volume(customer, content) for content in (two, mr)] == [422, 422]
    assert vendor.paid == 0


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("spec_name", "", 422),
        ("spec_version", None, 422),
        ("user_id", "somebody", 403),
        ("input_data", [], 422),
        ("output_config", {}, 422),
        ("output_config", {"fusion": {"type": "exe"}}, 422),
        ("output_config", {"fusion": {"type": "ply", "output-location": "disk"}}, 422),
        ("output_config", {"crowns": {"type": "ply"}}, 422),
        ("metadata", {"key": "k" * 129}, 422),
        ("metadata", ["key"], 422),
        ("notification", {"url": "http://127.0.0.1"}, 422),
        ("notification", [{}], 422),
    ],
)
def test_a_call_that_is_not_as_documented_costs_nothing(customer, vendor, field, value, status):
    assert customer.submit(**{field: value}).status_code == status
    assert vendor.paid == 0


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("raw_ct_file", {"type": "zip", "data": "urn:x"}, 422),
        ("raw_ct_file", "urn:zhfile:o:s:g:u:unknown", 404),
        ("upper_jaw_scan", "urn:x", 422),
        ("upper_jaw_scan", {"type": "stl", "data": "urn:unknown"}, 404),
        ("upper_jaw_scan", {"type": "stl", "data": "no base64!"}, 422),
        ("upper_jaw_scan", {"type": "stl"}, 422),
    ],
)
def test_an_input_that_is_not_there_costs_nothing(customer, vendor, name, value, status):
    call = customer.call()
    call["input_data"][name] = value

    assert customer.post(call).status_code == status
    assert vendor.paid == 0


@pytest.mark.parametrize(("content", "status"), [(b"{", 400), (b"[]", 422)])
def test_a_call_must_be_an_object_of_json(customer, vendor, content, status):
    answer = PLAIN.post(f"{vendor.url}/run", content=content, headers=customer.headers)

    assert answer.status_code == status


def test_a_call_that_is_too_large_costs_nothing():
    with VendorSimulator(SimulatorOptions(most_request_bytes=1000)) as vendor:
        answer = Customer(vendor).submit(metadata={f"k{n}": "x" * 100 for n in range(10)})

        assert (answer.status_code, vendor.paid) == (413, 0)


def test_an_unknown_run_is_not_found(customer):
    assert [customer.get(path).status_code for path in ("/run/x", "/data/x")] == [404, 404]
    assert PLAIN.get(customer.vendor.url + "/elsewhere").status_code == 404
