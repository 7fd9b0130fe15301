"""The client and the simulator read the contract independently; over real HTTP they agree."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from imaging.errors import (
    RemoteRejectedError,
    RemoteUnavailableError,
    SubmissionUncertainError,
)
from imaging.fusion.connection import VendorConnection
from imaging.fusion.specification import CBCT, LOWER, UPPER, FusionSpecification
from imaging.fusion.vendor import FusionClient, delivered_meshes, mesh_input
from imaging.phantoms.dental import SmallCase, small_case
from imaging.phantoms.vendor import SimulatorOptions, VendorSimulator

SPECIFICATION = FusionSpecification(outputs={"teeth": "drc", "cbct_lower_jaw": "stl"})


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> SmallCase:
    return small_case(tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="module")
def packed(case: SmallCase) -> Path:
    target = case.upper.with_name("cbct.zip")
    with ZipFile(target, "w") as archive:
        for slice_ in sorted(case.cbct.iterdir()):
            archive.write(slice_, slice_.name)
    return target


@pytest.fixture
def vendor() -> Iterator[VendorSimulator]:
    with VendorSimulator(SimulatorOptions(faces_per_tooth=80, teeth=("11", "36"))) as simulator:
        yield simulator


@pytest.fixture
def client(vendor: VendorSimulator) -> Iterator[FusionClient]:
    fields: dict[str, Any] = {**vendor.connection_fields()}
    connection = VendorConnection(name="default", **fields)
    with FusionClient(connection, sleep=lambda _: None) as client:
        yield client


@pytest.fixture
def inputs(client: FusionClient, case: SmallCase, packed: Path) -> dict[str, object]:
    return {
        UPPER: mesh_input("stl", client.upload(case.upper)),
        LOWER: mesh_input("ply", client.upload(case.lower)),
        CBCT: client.upload(packed),
    }


def submitted(client: FusionClient, inputs: dict[str, object]) -> str:
    return client.run(SPECIFICATION, inputs, metadata={"key": "k"})


@pytest.mark.parametrize("is_inline", [False, True])
def test_a_run_goes_from_scans_to_meshes(vendor, client, inputs, tmp_path, is_inline):
    specification = SPECIFICATION.model_copy(update={"inline": is_inline})

    run_id = client.run(specification, inputs, metadata={"key": "k"})
    vendor.finish()
    status = client.status(run_id)
    meshes = delivered_meshes(client.data(run_id), specification.outputs)
    alone = delivered_meshes(client.data(run_id, "teeth"), {"teeth": "drc"})
    paths = [client.download(mesh, tmp_path / mesh.output / mesh.name) for mesh in meshes]

    assert (status.completed, status.failed) == (True, False)
    assert [(mesh.output, mesh.name, mesh.type) for mesh in meshes] == [
        ("teeth", "11", "drc"),
        ("teeth", "36", "drc"),
        ("cbct_lower_jaw", "part-1", "stl"),
    ]
    assert [mesh.name for mesh in alone] == ["11", "36"]
    assert all(path.stat().st_size for path in paths)
    assert paths[0].read_bytes().startswith(b"DRACO")
    assert (vendor.paid, vendor.tokens_at_storage) == (1, 0)


@pytest.mark.parametrize("fault", ["expired", "dropped", "lost", 503, 429])
def test_an_address_that_went_wrong_is_replaced(vendor, client, case, fault):
    vendor.plan("upload_url", fault)

    client.upload(case.upper)

    assert vendor.counts["upload_url"] == 2
    assert [path.read_bytes() for path in vendor.uploads] == [case.upper.read_bytes()]


@pytest.mark.parametrize("fault", ["dropped", "lost", 503, 403])
def test_an_upload_that_went_wrong_is_done_again(vendor, client, case, fault):
    vendor.plan("put", fault)

    client.upload(case.upper)

    assert (vendor.counts["upload_url"], vendor.counts["put"]) == (2, 2)
    assert vendor.uploads[-1].read_bytes() == case.upper.read_bytes()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("lost", (SubmissionUncertainError, 1)),
        ("junk", (SubmissionUncertainError, 1)),
        ("wrong", (SubmissionUncertainError, 1)),
        ("short", (SubmissionUncertainError, 1)),
        (502, (SubmissionUncertainError, 1)),
        ("dropped", (SubmissionUncertainError, 0)),
        ("redirect", (SubmissionUncertainError, 0)),
        (413, (RemoteRejectedError, 0)),
        (422, (RemoteRejectedError, 0)),
        (429, (RemoteUnavailableError, 0)),
    ],
)
def test_a_run_is_paid_for_once_at_most_and_never_in_doubt_of_a_refusal(
    vendor, client, inputs, fault, expected
):
    vendor.plan("run", fault)
    error, paid = expected

    with pytest.raises(error):
        submitted(client, inputs)

    assert (vendor.paid, vendor.counts["run"]) == (paid, 1)


@pytest.mark.parametrize("fault", ["short", "dropped", 503])
def test_a_download_that_went_wrong_is_done_again(vendor, client, inputs, tmp_path, fault):
    run_id = submitted(client, inputs)
    vendor.finish()
    mesh = delivered_meshes(client.data(run_id), SPECIFICATION.outputs)[0]
    whole = client.download(mesh, tmp_path / "whole.drc").read_bytes()
    vendor.plan("download", fault)

    assert client.download(mesh, tmp_path / "again.drc").read_bytes() == whole

    assert vendor.counts["download"] == 3


def test_names_and_urns_with_tricks_stay_in_their_folder(vendor, client, inputs, tmp_path):
    vendor.plan("result", "tricks")
    run_id = submitted(client, inputs)
    vendor.finish()
    folder = tmp_path / "in" / "here"

    meshes = delivered_meshes(client.data(run_id), SPECIFICATION.outputs)
    for mesh in meshes:
        try:
            client.download(mesh, folder / f"{mesh.name}.{mesh.type}")
        except RemoteRejectedError:
            continue

    assert meshes
    assert {path.parent for path in tmp_path.rglob("*") if path.is_file()} <= {folder}


def test_a_failed_run_tells_why(vendor, client, inputs):
    vendor.plan("result", "failed the scan has holes")
    run_id = submitted(client, inputs)
    vendor.finish()

    status = client.status(run_id)

    assert (status.failed, status.completed) == (True, False)
    assert status.reason == "the scan has holes"
