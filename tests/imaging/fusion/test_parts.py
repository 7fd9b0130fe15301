"""What a GLB shows is read from its nodes; what is no GLB is refused."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.errors import MeshError
from imaging.fusion.parts import arch_of, meshes_of, seen_first
from tests.imaging.fusion.glbs import ball, glb_of, scene_and_rest, write_case, write_glb


def read(path, group="fusion"):
    return {mesh.name: mesh for mesh in meshes_of(path.read_bytes(), group)}


def test_a_node_named_by_its_number_is_that_tooth(tmp_path):
    meshes = read(write_case(tmp_path)["fusion"])

    assert meshes["16"].title == "16 Upper right first molar"
    assert {name: mesh.arch for name, mesh in meshes.items()} == {
        "11": "upper",
        "16": "upper",
        "26": "upper",
        "36": "lower",
        "41": "lower",
        "46": "lower",
    }
    assert meshes["26"].css == "#00ff00"
    assert "patient" not in meshes  # which holds no mesh


def test_a_colour_is_encoded_for_the_screen(tmp_path):
    path = write_glb(tmp_path / "a.glb", {"11": ball((0, 0, 0))}, {"11": (55 / 255, 2 / 255, 1)})

    # By IEC 61966-2-1: 1.055 x 0.2157^(1/2.4) - 0.055 = 0.502, and 12.92 x 0.0078 on the foot is
    # not reached: 1.055 x 0.0078^(1/2.4) - 0.055 = 0.085.
    assert read(path)["11"].css == "#8016ff"


def test_extras_say_it_better_than_the_name(tmp_path):
    extras = {"part-7": {"fdi": 36, "title": "36 Lower left first molar, crown"}}
    path = write_glb(tmp_path / "a.glb", {"part-7": ball((0, 0, 0))}, extras=extras)

    mesh = read(path)["part-7"]

    assert mesh.tooth is not None
    assert mesh.tooth.number == 36
    assert mesh.title == "36 Lower left first molar, crown"


def test_a_title_is_one_printable_line_that_ends(tmp_path):
    extras = {"11": {"title": "a\n\x00\u202eb\t" + "c" * 1000}}
    path = write_glb(tmp_path / "a.glb", {"11": ball((0, 0, 0))}, extras=extras)

    assert read(path)["11"].title == "a b " + "c" * 76


@pytest.mark.parametrize(
    ("group", "name", "arch"),
    [
        ("upper", "0", "upper"),
        ("lower", "0", "lower"),
        ("upper", "mandible", "upper"),
        ("reconstructions", "Maxilla", "upper"),
        ("reconstructions", "MANDIBLE", "lower"),
        ("reconstructions", "cbct_lower", "lower"),
        ("reconstructions", "nerve", ""),
    ],
)
def test_bone_belongs_to_its_groups_arch_else_to_its_names(group, name, arch):
    assert arch_of(group, name, None) == arch


@pytest.mark.parametrize(
    ("group", "name", "is_bone"),
    [
        ("fusion", "11", False),
        ("fusion", "mesiodens", False),
        ("root", "99", False),
        ("fusion", "upper_supernumerary", False),
        ("fusion", "gum", True),
        ("teeth", "upper_jaw", True),
        ("upper", "gum", True),
        ("reconstructions", "mandible", True),
    ],
)
def test_what_lies_around_teeth_is_told_from_a_tooth_without_a_number(
    tmp_path, group, name, is_bone
):
    path = write_glb(tmp_path / "a.glb", {name: ball((0, 0, 0))})

    assert read(path, group)[name].is_bone is is_bone


def test_teeth_of_a_jaw_are_seen_when_no_other_teeth_are(tmp_path):
    parts = {"part-1": ball((0, 0, 0), 30.0), "part-2": ball((9, 0, 0)), "part-3": ball((0, 9, 0))}
    jaw = read(write_glb(tmp_path / "upper.glb", parts), "upper")
    fused = read(write_case(tmp_path)["fusion"])

    assert {name: mesh.is_bone for name, mesh in jaw.items()} == {
        "part-1": True,
        "part-2": False,
        "part-3": False,
    }
    assert seen_first({"fusion": fused.values(), "upper": jaw.values()}) == {"fusion"}
    assert seen_first({"upper": jaw.values()}) == {"upper"}


def test_a_jaw_in_one_part_is_no_tooth_however_little_of_it_was_scanned(tmp_path):
    path = write_glb(tmp_path / "upper.glb", {"part-1": ball((0, 0, 0))})

    assert read(path, "upper")["part-1"].is_bone


def test_a_jaw_is_no_tooth_on_the_page_either(tmp_path):
    path = write_glb(tmp_path / "a.glb", {"11": ball((0, 0, 0))})

    assert read(path, "lower")["11"].tooth is None
    assert read(path, "fusion")["11"].tooth is not None


def test_no_tooth_is_seen_twice(tmp_path):
    case = write_case(tmp_path)
    teeth, bone = (
        meshes_of(case["fusion"].read_bytes(), ""),
        [*meshes_of(case["upper"].read_bytes(), "upper")],
    )

    def seen(*toothed):
        return seen_first(dict.fromkeys(toothed, teeth) | {"upper": bone})

    assert seen("reconstructions", "root", "teeth", "fusion") == {"fusion", "upper"}
    assert seen("reconstructions", "root", "teeth") == {"root", "teeth", "upper"}
    assert seen("reconstructions") == {"reconstructions", "upper"}
    assert seen("other") == {"other", "upper"}
    assert seen_first({"fusion": bone, "teeth": teeth}) == {"fusion", "teeth"}


@given(st.binary(max_size=100))
def test_what_is_no_glb_is_refused(content):
    with pytest.raises(MeshError):
        meshes_of(content, "fusion")


_LOOK = "pbrMetallicRoughness"
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=3),
    lambda each: (
        st.lists(each, max_size=2) | st.dictionaries(st.text(max_size=3), each, max_size=2)
    ),
    max_leaves=4,
)


def test_a_scene_nested_without_end_is_refused():
    deep = b"[" * 100_000
    with pytest.raises(MeshError):
        meshes_of(glb_of(None)[:12] + struct.pack("<II", len(deep), 0x4E4F534A) + deep, "fusion")


@given(st.sampled_from(["nodes", "meshes", "materials"]), st.data())
def test_a_scene_that_contradicts_itself_is_refused_or_read(part, data):
    scene: Any = {
        "nodes": [{"mesh": 0, "name": "11"}],
        "meshes": [{"primitives": [{"material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}}],
    }
    at = data.draw(
        st.sampled_from([(part,), (part, 0), *((part, 0, key) for key in scene[part][0])])
    )
    place = scene
    for key in at[:-1]:
        place = place[key]
    place[at[-1]] = data.draw(_values)

    try:
        meshes = meshes_of(glb_of(scene), "fusion")
    except MeshError:
        return
    assert all(mesh.css.startswith("#") and len(mesh.css) == 7 for mesh in meshes)


def test_a_colour_that_is_none_is_black_or_full(tmp_path):
    scene, rest = scene_and_rest(write_case(tmp_path)["upper"].read_bytes())
    scene["materials"][0][_LOOK]["baseColorFactor"] = [float("nan"), -1, 7, 1]

    (mesh,) = meshes_of(glb_of(scene, rest), "upper")

    assert mesh.css == "#0000ff"


def test_what_is_wrong_is_said_without_what_the_file_holds(tmp_path):
    scene, rest = scene_and_rest(write_case(tmp_path)["fusion"].read_bytes())
    scene["meshes"] = []
    scene["nodes"][1]["name"] = "Doe^Jane"

    with pytest.raises(MeshError) as refused:
        meshes_of(glb_of(scene, rest), "fusion")

    assert str(refused.value) == "fusion: the GLB contradicts itself"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
