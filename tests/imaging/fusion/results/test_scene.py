"""The GLB itself: what the standard demands of its bytes, and where it puts the patient."""

import json
import struct
from typing import Any

import DracoPy
import numpy as np
import pytest
import trimesh

from imaging.errors import MeshError
from imaging.fusion.meshes import colour_of, fdi, read_mesh
from imaging.fusion.results.groups import Part, Shape
from imaging.fusion.results.merged import merged_ply
from imaging.fusion.results.scene import PATIENT, linear, scene_glb
from imaging.phantoms.teeth import dentition

WIDTHS = {5123: 2, 5125: 4, 5126: 4}
TYPES = {5123: "<u2", 5125: "<u4", 5126: "<f4"}


def shape(name, mesh):
    part = Part(name, f"{name} title", "fusion", name, fdi(name), colour_of(name), len(mesh.faces))
    return Shape(part, mesh.vertices.astype(np.float32), mesh.faces)


@pytest.fixture
def shapes(teeth):
    return [shape(name, tooth) for name, tooth in teeth.items()]


def opened(content):
    """The tree and the bytes of a GLB, its frame checked."""
    magic, version, length, size = struct.unpack_from("<4s3I", content)
    assert (magic, version, length) == (b"glTF", 2, len(content))
    assert content[16:20] == b"JSON"
    assert size % 4 == 0
    count, kind = struct.unpack_from("<I4s", content, 20 + size)
    assert kind == b"BIN\0"
    assert count % 4 == 0
    assert 28 + size + count == length
    return json.loads(content[20 : 20 + size]), content[28 + size :]


def values(tree, data, number):
    """What an accessor points at."""
    accessor = tree["accessors"][number]
    view = tree["bufferViews"][accessor["bufferView"]]
    array = np.frombuffer(
        data[view["byteOffset"] : view["byteOffset"] + view["byteLength"]],
        TYPES[accessor["componentType"]],
    )
    assert len(array) == accessor["count"] * (3 if accessor["type"] == "VEC3" else 1)
    return array.reshape(-1, 3)


def test_the_bytes_are_as_the_standard_demands(shapes):
    tree, data = opened(scene_glb(shapes))

    end = 0
    for view in tree["bufferViews"]:
        assert view["byteOffset"] % 4 == 0
        assert view["byteOffset"] >= end
        end = view["byteOffset"] + view["byteLength"]
    assert end <= tree["buffers"][0]["byteLength"] == len(data)
    for number, mesh in enumerate(tree["meshes"]):
        (primitive,) = mesh["primitives"]
        corners = values(tree, data, primitive["attributes"]["POSITION"])
        accessor = tree["accessors"][primitive["attributes"]["POSITION"]]
        assert accessor["min"] == corners.min(axis=0).tolist()
        assert accessor["max"] == corners.max(axis=0).tolist()
        assert np.array_equal(corners, shapes[number].vertices)
        assert np.array_equal(values(tree, data, primitive["indices"]), shapes[number].faces)
        targets = [tree["bufferViews"][each]["target"] for each in (2 * number, 2 * number + 1)]
        assert targets == [34962, 34963]


def test_a_small_mesh_counts_in_16_bits_and_a_large_one_in_32():
    def kind(count):
        vertices = np.random.default_rng(1).random((count, 3))
        mesh = trimesh.Trimesh(vertices, [[0, 1, count - 1]], process=False)
        tree, data = opened(scene_glb([shape("11", mesh)]))
        assert values(tree, data, 1).tolist() == [[0, 1, count - 1]]
        return tree["accessors"][1]["componentType"]

    assert (kind(65_535), kind(65_536)) == (5123, 5125)  # 65535 itself is no index


def test_nodes_are_the_teeth_below_the_patient(shapes):
    tree, _ = opened(scene_glb(shapes))

    patient, *nodes = tree["nodes"]
    assert tree["scenes"][tree["scene"]]["nodes"] == [0]
    assert (patient["name"], patient["children"]) == (PATIENT, [1, 2, 3])
    assert [node["name"] for node in nodes] == ["11", "21", "36"]
    extras = {"title": "36 title", "output": "fusion", "name": "36", "fdi": 36}
    assert nodes[2]["extras"] == extras
    assert [tree["meshes"][node["mesh"]]["name"] for node in nodes] == ["11", "21", "36"]


def test_a_mesh_that_is_no_tooth_has_no_number(teeth):
    tree, _ = opened(scene_glb([shape("implant", teeth["11"])]))

    assert tree["nodes"][1]["extras"].keys() == {"title", "output", "name"}


def test_the_patient_stands_upright_looks_at_us_and_is_measured_in_metres():
    point = trimesh.Trimesh([[10, 20, 30], [11, 20, 30], [10, 21, 30]], [[0, 1, 2]], process=False)
    read = trimesh.load_scene(trimesh.util.wrap_as_stream(scene_glb([shape("a", point)])), "glb")

    left_back_head = read.to_mesh().vertices[0]
    assert left_back_head == pytest.approx([0.010, 0.030, -0.020])
    matrix = np.array(opened(scene_glb([shape("a", point)]))[0]["nodes"][0]["matrix"]).reshape(4, 4)
    assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1e-9)  # above 0: it mirrors nothing


def test_materials_have_the_colour_of_the_tooth_as_light(shapes):
    tree, _ = opened(scene_glb(shapes))

    for number, each in enumerate(shapes):
        material = tree["materials"][tree["meshes"][number]["primitives"][0]["material"]]
        assert material["doubleSided"] is True
        surface = material["pbrMetallicRoughness"]
        assert surface["metallicFactor"] == 0
        assert surface["baseColorFactor"] == linear(each.part.colour)


@pytest.mark.parametrize(
    ("screen", "light"),
    [(0, 0.0), (10, 0.003035), (60, 0.045186), (128, 0.215861), (188, 0.502886), (255, 1.0)],
)
def test_light_is_the_colour_without_its_gamma(screen, light):
    assert linear((screen, 0, 0, 255))[0] == pytest.approx(light, abs=2e-6)
    assert linear((screen, 0, 0, 255))[3] == 1.0


@pytest.mark.parametrize("name", ['"quoted"', "</script>", "Zahn fünf", "\u2028", "a\\b"])
def test_any_name_is_kept(name, teeth):
    tree, _ = opened(scene_glb([shape(name, teeth["11"])]))

    assert tree["nodes"][1]["name"] == name


def test_trimesh_reads_what_was_written(shapes, teeth, tmp_path):
    (tmp_path / "m.glb").write_bytes(scene_glb(shapes))
    scene = trimesh.load_scene(tmp_path / "m.glb")

    assert {*scene.graph.nodes_geometry} == {*teeth}
    for name, tooth in teeth.items():
        assert scene.geometry[name].volume == pytest.approx(tooth.volume, rel=1e-5)
    assert read_mesh(tmp_path / "m.glb", "glb").volume * 1e9 == pytest.approx(
        sum(tooth.volume for tooth in teeth.values()), rel=1e-5
    )


@pytest.mark.parametrize("bits", [11, 14])
def test_draco_describes_what_comes_out_again(bits, shapes, teeth):
    loose = [*teeth["11"].vertices, [90.0, 90.0, 90.0]]  # a vertex that Draco leaves out
    shapes.append(shape("loose", trimesh.Trimesh(loose, teeth["11"].faces, process=False)))
    tree, data = opened(scene_glb(shapes, draco_bits=bits))

    assert tree["extensionsRequired"] == tree["extensionsUsed"] == ["KHR_draco_mesh_compression"]
    for mesh in tree["meshes"]:
        (primitive,) = mesh["primitives"]
        packed = primitive["extensions"]["KHR_draco_mesh_compression"]
        view = tree["bufferViews"][packed["bufferView"]]
        start = view["byteOffset"]
        decoded = DracoPy.decode(data[start : start + view["byteLength"]])
        accessor = tree["accessors"][primitive["attributes"]["POSITION"]]
        assert "bufferView" not in accessor
        assert accessor["count"] == len(decoded.points)
        assert accessor["min"] == decoded.points.min(axis=0).tolist()
        assert accessor["max"] == decoded.points.max(axis=0).tolist()
        assert tree["accessors"][primitive["indices"]]["count"] == decoded.faces.size
        assert packed["attributes"]["POSITION"] == decoded.attributes[0]["unique_id"]


def test_draco_gives_back_the_teeth_with_their_names(shapes, teeth, tmp_path):
    (tmp_path / "m.glb").write_bytes(scene_glb(shapes, draco_bits=14))
    scene = trimesh.load_scene(tmp_path / "m.glb")

    for name, tooth in teeth.items():
        assert scene.geometry[name].volume == pytest.approx(tooth.volume, rel=1e-3)


def test_a_group_larger_than_a_glb_can_be_is_refused(shapes, monkeypatch):
    monkeypatch.setattr("imaging.fusion.results.scene._LONGEST", 1000)

    with pytest.raises(MeshError, match="too large for one GLB"):
        scene_glb(shapes)


def test_the_merged_mesh_holds_all_teeth_in_their_colours(shapes, teeth):
    mesh: Any = trimesh.load_mesh(
        trimesh.util.wrap_as_stream(merged_ply(shapes)), file_type="ply", process=False
    )

    assert mesh.volume == pytest.approx(sum(tooth.volume for tooth in teeth.values()), rel=1e-5)
    start = 0
    for each in shapes:
        stop = start + len(each.vertices)
        assert np.array_equal(mesh.vertices[start:stop].astype(np.float32), each.vertices)
        assert (mesh.visual.vertex_colors[start:stop] == each.part.colour).all()
        start = stop
    assert start == len(mesh.vertices)


def test_a_whole_dentition_keeps_every_tooth_apart():
    teeth = dentition(faces_per_tooth=80)
    tree, _ = opened(scene_glb([shape(name, tooth) for name, tooth in teeth.items()]))

    assert [node["name"] for node in tree["nodes"][1:]] == [*teeth]
    assert (
        len({tuple(each["pbrMetallicRoughness"]["baseColorFactor"]) for each in tree["materials"]})
        == 16
    )
