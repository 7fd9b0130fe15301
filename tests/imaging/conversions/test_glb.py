"""The bytes of a GLB, by the format and without a library, and as another reader takes them."""

import io
import json
import struct
from typing import Any

import numpy as np
import pytest
import trimesh

from imaging.conversions import glb, meshes_of_labels
from imaging.conversions.glb import Scene, scene_in
from imaging.errors import InputError
from tests.imaging.conversions.maps import blocks, named, written
from tests.imaging.conversions.test_meshes import GRID, nodes

TYPES = {5126: "<f4", 5123: "<u2", 5125: "<u4"}


def parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The tree and the buffer."""
    magic, version, total, length, kind = struct.unpack_from("<4sIII4s", content)
    assert (magic, version, total, kind) == (b"glTF", 2, len(content), b"JSON")
    tree = json.loads(content[20 : 20 + length])
    size, kind = struct.unpack_from("<I4s", content, 20 + length)
    assert kind == b"BIN\0"
    assert size == tree["buffers"][0]["byteLength"] == len(content) - 28 - length
    assert length % 4 == size % 4 == 0
    return tree, content[28 + length :]


def rows_of(tree: dict[str, Any], buffer: bytes, accessor: int) -> np.ndarray:
    """What an accessor means, after a look at where it lies."""
    said = tree["accessors"][accessor]
    view = tree["bufferViews"][said["bufferView"]]
    assert view["byteOffset"] % 4 == 0
    content = buffer[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
    rows = np.frombuffer(content, TYPES[said["componentType"]])
    assert rows.size == said["count"] * {"VEC3": 3, "SCALAR": 1}[said["type"]]
    return rows.reshape(said["count"], -1)


def triangles(corners: int, count: int = 99) -> Any:
    """A few triangles among many corners; the last corner is one of theirs."""
    rng = np.random.default_rng(1)
    faces = np.append(rng.integers(0, corners, (count, 3)), [[0, 1, corners - 1]], axis=0)
    return trimesh.Trimesh(rng.random((corners, 3)), faces, process=False)


@pytest.fixture
def made(tmp_path):
    source = written(tmp_path / "l.nii.gz", blocks(GRID.shape, [1, 2, 3]), GRID)
    named(source, {1: "liver", 2: "Größe 體", 3: 'a "quoted" rib'})
    return meshes_of_labels(source, tmp_path / "m.glb")


def test_every_part_lies_where_it_is_said_and_a_triangle_takes_18_bytes(made):
    tree, buffer = parts(made.files[0].read_bytes())

    total = 0
    for mesh, row in zip(tree["meshes"], made.labels, strict=True):
        assert (mesh["name"], mesh["extras"]) == (row.name, {"label": row.id})
        (primitive,) = mesh["primitives"]
        place, normal = (primitive["attributes"][name] for name in ("POSITION", "NORMAL"))
        corners = rows_of(tree, buffer, place)
        np.testing.assert_array_equal(tree["accessors"][place]["min"], corners.min(axis=0))
        np.testing.assert_array_equal(tree["accessors"][place]["max"], corners.max(axis=0))
        lengths = np.linalg.norm(rows_of(tree, buffer, normal), axis=1)
        np.testing.assert_allclose(lengths, 1, atol=1e-6)
        indices = rows_of(tree, buffer, primitive["indices"])
        assert set(indices.ravel().tolist()) == set(range(len(corners)))
        assert row.note == f"{len(indices) // 3} triangles"
        total += len(indices) // 3
    assert len(buffer) / total == pytest.approx(18, abs=0.5)


def test_normals_point_outwards(made):
    tree, buffer = parts(made.files[0].read_bytes())

    for name, mesh in nodes(made.files[0]).items():
        at = next(each for each in tree["meshes"] if each["name"] == name)["primitives"][0]
        normals = rows_of(tree, buffer, at["attributes"]["NORMAL"])
        grown = trimesh.Trimesh(mesh.vertices + 0.01 * normals, mesh.faces, process=False)
        assert 0 < mesh.volume < grown.volume


@pytest.mark.parametrize(("corners", "kind"), [(65_535, 5123), (65_536, 5125)])
def test_more_corners_than_two_bytes_can_number_take_four(corners, kind, tmp_path):
    mesh = triangles(corners)
    with scene_in(tmp_path / "m.glb", "root", np.eye(4)) as scene:
        scene.add("small", triangles(7, 4), (1, 1, 1), {})
        scene.add("large", mesh, (1, 1, 1), {})

    tree, buffer = parts((tmp_path / "m.glb").read_bytes())
    indices = tree["meshes"][1]["primitives"][0]["indices"]
    assert tree["accessors"][indices]["componentType"] == kind
    np.testing.assert_array_equal(rows_of(tree, buffer, indices).reshape(-1, 3), mesh.faces)
    loaded: Any = trimesh.load(tmp_path / "m.glb", process=False)
    np.testing.assert_allclose(loaded.geometry["large"].vertices, mesh.vertices, atol=1e-6)


def test_a_corner_of_triangles_without_an_area_has_a_normal_too(tmp_path):
    flat = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]], process=False)
    with scene_in(tmp_path / "m.glb", "root", np.eye(4)) as scene:
        scene.add("flat", flat, (1, 1, 1), {})

    tree, buffer = parts((tmp_path / "m.glb").read_bytes())
    normals = rows_of(tree, buffer, tree["meshes"][0]["primitives"][0]["attributes"]["NORMAL"])
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)


def test_a_file_larger_than_the_format_allows_is_refused(monkeypatch):
    monkeypatch.setattr(glb, "_MOST_BYTES", 1000)
    scene, file = Scene(io.BytesIO(), "root", np.eye(4)), io.BytesIO()
    scene.add("small", triangles(7, 40), (1, 1, 1), {})

    with pytest.raises(InputError, match="4 GiB"):
        scene.write(file)
    assert not file.getvalue()


def test_a_scene_that_breaks_off_leaves_nothing(tmp_path):
    def break_off() -> None:
        with scene_in(tmp_path / "m.glb", "root", np.eye(4)) as scene:
            scene.add("small", triangles(7, 4), (1, 1, 1), {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert list(tmp_path.iterdir()) == []
