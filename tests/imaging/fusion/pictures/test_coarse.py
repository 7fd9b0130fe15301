"""Surfaces for pictures: few faces, where they were."""

from functools import partial

import numpy as np
import pytest
import trimesh

from imaging.fusion.pictures import scenes
from imaging.fusion.pictures.coarse import coarser
from tests.imaging.fusion.glbs import write_glb


def ball(radius=30.0, subdivisions=6, at=(0, 0, 0)):
    mesh = trimesh.creation.icosphere(subdivisions=subdivisions, radius=radius)
    mesh.apply_translation(at)
    return mesh


def test_few_faces_are_left_as_they_are():
    meshes = [ball(), ball()]

    assert coarser(meshes) == meshes


@pytest.mark.parametrize("most", [40_000, 10_000])
def test_many_faces_become_few_where_they_were(most):
    fine = ball()  # 81,920 faces
    (coarse,) = coarser([fine], most_faces=most)

    assert 1000 < len(coarse.faces) <= most
    assert np.abs(np.linalg.norm(coarse.vertices, axis=1) - 30.0).max() < 1.0
    assert coarse.area == pytest.approx(fine.area, rel=0.05)
    assert coarse.volume == pytest.approx(fine.volume, rel=0.02)  # no face looks the other way


def test_no_face_lies_on_its_own_back():
    (coarse,) = coarser([ball()], most_faces=40_000)

    assert len(np.unique(np.sort(coarse.faces, axis=1), axis=0)) == len(coarse.faces)
    outward = coarse.vertices / np.linalg.norm(coarse.vertices, axis=1)[:, None]
    lit = (coarse.vertex_normals * outward).sum(axis=1)[np.unique(coarse.faces)]
    assert lit.min() > 0.5


def test_something_is_left_of_what_is_smaller_than_a_pixel():
    small, large = coarser([ball(0.01, at=(50, 0, 0)), ball()], most_faces=10_000)

    assert 12 < len(small.faces) < 1000
    assert np.abs(small.vertices - [50, 0, 0]).max() < 0.02
    assert len(large.faces) > len(small.faces)


@pytest.mark.parametrize("thickness", [1e-9, 0.0])
@pytest.mark.parametrize("length", [30.0, 0.0])
def test_a_needle_and_a_point_are_left_as_they_are(thickness, length):
    corners = np.random.default_rng(1).random((300, 3)) * [length, thickness, thickness]
    needle = trimesh.Trimesh(corners, np.arange(300).reshape(-1, 3), process=False)

    few, _ = coarser([needle, ball()], most_faces=1000)

    assert len(few.faces) > 0


def test_what_is_drawn_is_coarse_enough(tmp_path, monkeypatch):
    monkeypatch.setattr(scenes, "coarser", partial(coarser, most_faces=2000))
    (piece,) = scenes.pieces_of({"fusion": write_glb(tmp_path / "fusion.glb", {"11": ball()})})

    assert 500 < len(piece.mesh.faces) <= 2000
    assert piece.mesh.extents == pytest.approx([0.06] * 3, rel=0.1)
