"""The other ways of putting teeth together do the same work."""

from typing import Any

import pytest
import trimesh

from benchmarks.fusion_assembling import (
    concatenated_way,
    our_glb,
    our_ply,
    scene_way,
    sum_way,
)
from imaging.fusion.meshes import colour_of
from imaging.phantoms.teeth import dentition


@pytest.fixture(scope="module")
def teeth():
    return dentition(faces_per_tooth=80, teeth=("11", "26", "36", "47"))


def mesh_of(content, kind) -> Any:
    return trimesh.load_mesh(trimesh.util.wrap_as_stream(content), file_type=kind, process=False)


def test_each_way_holds_every_face(teeth):
    faces = sum(len(tooth.faces) for tooth in teeth.values())

    assert len(mesh_of(our_glb(teeth), "glb").faces) == faces
    assert len(mesh_of(our_ply(teeth), "ply").faces) == faces
    assert len(mesh_of(scene_way(teeth), "glb").faces) == faces
    assert len(concatenated_way(teeth).faces) == faces
    assert len(sum_way(teeth).faces) == faces


def test_the_samples_way_keeps_the_colours(teeth):
    first = len(teeth["11"].vertices)

    for mesh in (sum_way(teeth), concatenated_way(teeth), mesh_of(our_ply(teeth), "ply")):
        assert (mesh.visual.vertex_colors[:first] == colour_of("11")).all()
        assert (mesh.visual.vertex_colors[-1] == colour_of("47")).all()
