"""A delivery put together: groups, names, colours, and what becomes of a bad mesh."""

import pytest
import trimesh

from imaging.errors import MeshError
from imaging.fusion.meshes import colour_of, write_mesh
from imaging.fusion.results import assemble
from imaging.fusion.specification import MeshType
from imaging.phantoms.teeth import dentition

KINDS: dict[str, MeshType] = dict.fromkeys(
    ["fusion", "reconstructions", "teeth", "root", "cbct_upper_jaw", "cbct_lower_jaw", "gum"],
    "ply",
)


def test_groups_have_names_a_dentist_knows(delivered, folder):
    made = assemble(delivered, KINDS, folder)

    assert [group.name for group in made.groups] == ["fusion", "upper", "lower"]
    assert [group.glb.name for group in made.groups] == ["fusion.glb", "upper.glb", "lower.glb"]
    assert [group.ply.name for group in made.groups] == ["fusion.ply", "upper.ply", "lower.ply"]
    assert all(group.glb.is_file() and group.ply.is_file() for group in made.groups)
    assert {path.name for path in folder.path.iterdir()} == {
        *(group.glb.name for group in made.groups),
        *(group.ply.name for group in made.groups),
    }
    assert made.notes == ()


def test_every_output_has_its_place_and_others_get_one(teeth, deliver, folder):
    outputs = ["gum", "root", "teeth", "cbct_lower_jaw", "cbct_upper_jaw", "reconstructions"]
    outputs.append("fusion")
    made = assemble({output: deliver(output, teeth) for output in outputs}, KINDS, folder)

    names = ["fusion", "reconstructions", "upper", "lower", "teeth", "root", "gum"]
    assert [group.name for group in made.groups] == names


def test_parts_are_named_after_teeth_in_order_of_their_numbers(deliver, teeth, folder):
    shuffled = {"implant": teeth["36"], "tooth_36": teeth["36"], "T21": teeth["21"]}
    made = assemble({"fusion": deliver("fusion", {**shuffled, "11": teeth["11"]})}, KINDS, folder)

    (group,) = made.groups
    assert [part.node for part in group.parts] == ["11", "21", "36", "implant"]
    assert [part.name for part in group.parts] == ["11", "T21", "tooth_36", "implant"]
    assert group.parts[0].title == "11 Upper right central incisor"
    assert group.parts[2].title == "36 Lower left first molar"
    assert group.parts[3].title == "implant"
    assert [part.colour for part in group.parts] == [colour_of(part.node) for part in group.parts]
    assert group.parts[0].faces == len(teeth["11"].faces)


def test_a_number_in_a_jaw_is_no_tooth(delivered, folder):
    lower = assemble(delivered, KINDS, folder).groups[2]

    assert lower.parts[0].tooth is None
    assert lower.parts[0].colour == colour_of("mandible")


def test_numbers_of_its_own_teeth_in_a_jaw_are_teeth(deliver, teeth, folder):
    upper = {"21": teeth["21"], "11": teeth["11"], "bone": teeth["36"]}
    (group,) = assemble({"cbct_upper_jaw": deliver("cbct_upper_jaw", upper)}, KINDS, folder).groups

    assert [part.title for part in group.parts][:2] == [
        "11 Upper right central incisor",
        "21 Upper left central incisor",
    ]
    assert [part.colour for part in group.parts][:2] == [colour_of("11"), colour_of("21")]
    assert group.parts[2].tooth is None


def test_parts_of_a_jaw_that_are_only_counted_are_told_apart(deliver, teeth, folder):
    names = [f"part-{number}" for number in range(1, 17)]
    upper = dict.fromkeys(names, teeth["11"])
    (group,) = assemble({"cbct_upper_jaw": deliver("cbct_upper_jaw", upper)}, KINDS, folder).groups

    assert [part.node for part in group.parts] == names  # 2 before 10
    assert len({part.colour for part in group.parts}) == 16
    assert colour_of("maxilla") not in {part.colour for part in group.parts}
    assert all(part.tooth is None for part in group.parts)


def test_a_jaw_in_one_part_has_the_colour_of_bone_however_little_of_it_was_scanned(
    deliver, teeth, folder
):
    files = deliver("cbct_upper_jaw", {"part-1": teeth["11"]})
    (group,) = assemble({"cbct_upper_jaw": files}, KINDS, folder).groups

    assert group.parts[0].colour == colour_of("maxilla")


def test_counted_parts_of_a_jaw_are_no_teeth_though_some_could_be(deliver, teeth, folder):
    counted = {str(number): teeth["11"] for number in range(16)}
    (group,) = assemble(
        {"cbct_upper_jaw": deliver("cbct_upper_jaw", counted)}, KINDS, folder
    ).groups

    assert all(part.tooth is None for part in group.parts)


def test_formats_may_be_mixed_within_an_output(deliver, teeth, folder):
    mixed = deliver("fusion", {"11": teeth["11"]}, "stl") | deliver("fusion", {"21": teeth["21"]})
    made = assemble({"fusion": mixed}, KINDS, folder)

    assert made.notes == ()
    assert [part.node for part in made.groups[0].parts] == ["11", "21"]


def test_meshes_in_another_unit_are_noted_once(deliver, teeth, folder):
    for mesh in teeth.values():
        mesh.apply_scale(1e-3)
    made = assemble({"fusion": deliver("fusion", teeth)}, KINDS, folder)

    assert [note.split(",")[0] for note in made.notes] == ["3 of the meshes are of an odd size"]
    assert made.metrics["note"].str.contains("in another unit than mm").all()


def test_names_that_clash_are_told_apart(deliver, teeth, folder):
    meshes = dict.fromkeys(("11", "tooth_11", "T11", "patient"), teeth["11"])
    made = assemble({"fusion": deliver("fusion", meshes)}, KINDS, folder)

    nodes = [part.node for part in made.groups[0].parts]
    assert nodes == ["11", "11 (2)", "11 (3)", "patient (2)"]
    assert {*trimesh.load_scene(made.groups[0].glb).graph.nodes_geometry} == {*nodes}


def test_the_order_of_delivery_changes_no_byte(delivered, folder):
    first = assemble(delivered, KINDS, folder, draco=True)
    before = {path.name: path.read_bytes() for path in folder.path.iterdir()}
    turned = {key: dict(reversed(each.items())) for key, each in reversed(delivered.items())}
    second = assemble(turned, KINDS, folder, draco=True)

    assert before == {path.name: path.read_bytes() for path in folder.path.iterdir()}
    assert len(before) == 9
    assert first.groups == second.groups
    assert first.metrics.equals(second.metrics)


def test_a_bad_mesh_is_named_and_the_others_go_on(delivered, folder):
    for name, content in (("21", b""), ("36", b"ply\nDOE^JANE")):
        delivered["fusion"][name].write_bytes(content)
    made = assemble(delivered, KINDS, folder)

    assert [part.node for part in made.groups[0].parts] == ["11"]
    assert [note.split(":")[0] for note in made.notes] == ["fusion 21", "fusion 36"]
    assert "DOE" not in str(made)
    assert len(made.metrics) == 5
    bad = made.metrics[made.metrics["note"] != ""]
    assert bad["name"].tolist() == ["21", "36"]
    assert bad["fdi"].tolist() == [21, 36]
    assert bad["faces"].isna().all()
    assert bad["note"].str.contains("PLY file has no header").all()


def test_a_group_of_bad_meshes_is_left_out(delivered, folder):
    delivered["cbct_upper_jaw"]["part-1"].write_bytes(b"")
    made = assemble(delivered, KINDS, folder)

    assert [group.name for group in made.groups] == ["fusion", "lower"]
    assert not folder.assembled("upper").exists()


def test_a_delivery_without_a_good_mesh_is_refused(delivered, folder):
    for meshes in delivered.values():
        for path in meshes.values():
            path.write_bytes(b"")

    with pytest.raises(MeshError, match=r"none of 5 delivered meshes is good; fusion 11: the PLY"):
        assemble(delivered, KINDS, folder)
    with pytest.raises(MeshError, match="none of 0"):
        assemble({}, KINDS, folder)
    assert not folder.path.exists()


def test_a_file_that_is_gone_is_not_taken_for_a_bad_mesh(delivered, folder):
    delivered["fusion"]["11"].unlink()

    with pytest.raises(FileNotFoundError):
        assemble(delivered, KINDS, folder)


@pytest.mark.parametrize("kind", ["stl", "glb", "ply", "obj", "off", "drc"])
def test_every_format_makes_the_same_teeth(kind, tmp_path, folder):
    tooth = dentition(faces_per_tooth=320, teeth=("36",))["36"]
    source = write_mesh(tooth, tmp_path / "36", kind, draco_bits=20)
    made = assemble({"fusion": {"36": source}}, {"fusion": kind}, folder)

    row = made.metrics.iloc[0]
    assert (row["faces"], row["vertices"]) == (320, 162)
    assert row["watertight"]
    assert row["volume_mm3"] == pytest.approx(tooth.volume, rel=1e-3)
    mesh = trimesh.load_mesh(made.groups[0].glb, process=False)
    assert len(mesh.vertices) == 162


def test_draco_makes_a_second_file_that_is_smaller(tmp_path, folder):
    tooth = dentition(faces_per_tooth=1280, teeth=("36",))["36"]
    source = write_mesh(tooth, tmp_path / "36", "ply")
    (group,) = assemble({"fusion": {"36": source}}, KINDS, folder, draco=True).groups

    compact = folder.path / "fusion.draco.glb"
    assert group.compact == compact
    assert compact.stat().st_size * 3 < group.glb.stat().st_size
    assert assemble({"fusion": {"36": source}}, KINDS, folder).groups[0].compact is None
