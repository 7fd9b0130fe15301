"""What is written is the geometry, the same bytes each time, wholly or not at all."""

import numpy as np
import pytest
import trimesh

from imaging.fusion.meshes import read_mesh, write_mesh
from imaging.fusion.specification import MeshType

KINDS: list[MeshType] = ["ply", "stl", "obj", "off", "glb", "drc"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_mesh_makes_the_same_bytes(kind, ball, tmp_path):
    first = write_mesh(ball, tmp_path / "first", kind)
    ball.vertex_normals  # noqa: B018 -- computed and kept by trimesh: it must not be written
    ball.visual.vertex_colors = [1, 2, 3, 255]
    ball.metadata["name"] = "DOE^JANE"
    second = write_mesh(ball, tmp_path / "second", kind)

    assert first == tmp_path / "first"
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(("bits", "most_um"), [(11, 10), (14, 1), (18, 0.1)])
def test_draco_moves_vertices_by_half_a_step_at_most(bits, most_um, ball, tmp_path):
    mesh = read_mesh(write_mesh(ball, tmp_path / "m", "drc", draco_bits=bits), "drc")

    nearest = trimesh.proximity.ProximityQuery(mesh).vertex(ball.vertices)[0]
    assert nearest.max() * 1000 < most_um
    if bits == 11:
        assert nearest.max() * 1000 > 1


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "drc"])
def test_other_formats_keep_vertices_to_a_hundredth_of_a_micrometre(kind, ball, tmp_path):
    mesh = read_mesh(write_mesh(ball, tmp_path / "m", kind), kind)

    assert np.abs(mesh.triangles - ball.triangles).max() < 1e-5


def test_a_disk_that_is_full_leaves_what_was_there(ball, tmp_path, monkeypatch):
    target = write_mesh(ball, tmp_path / "m.stl", "stl")
    before = target.read_bytes()
    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="full"):
        write_mesh(ball, target, "ply")

    assert target.read_bytes() == before
    assert [*tmp_path.iterdir()] == [target]


def full(_path, _content):
    message = "the disk is full"
    raise OSError(message)
