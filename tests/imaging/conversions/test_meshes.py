"""Surfaces of labels: closed, of the right volume, and where the patient is."""

import json
import struct
from typing import Any

import numpy as np
import pytest
import trimesh

from imaging.conversions import meshes_of_labels
from imaging.conversions.crops import crops_of
from imaging.conversions.label_file import label_file
from imaging.conversions.surfaces import surface_of
from imaging.errors import InputError
from imaging.volumes.geometry import Geometry
from tests.imaging.conversions.maps import blocks, named, speckled, written

GRID = Geometry(
    (24, 46, 36),
    np.array([-20.0, -30.0, 100.0]),
    np.array([1.0, 0, 0]),
    np.array([0, 1.0, 0]),
    (3.0, 1.0, 1.5),
)
CENTRE_MM = np.array([8.5, -8.0, 136.0])  # x, y, z toward left, back and head


def ball(radius_mm):
    z, y, x = np.ogrid[:24, :46, :36]
    off = ((x * 1.5 - 20 - CENTRE_MM[0]) ** 2, (y - 30 - CENTRE_MM[1]) ** 2)
    return off[0] + off[1] + (z * 3.0 + 100 - CENTRE_MM[2]) ** 2 <= radius_mm**2


@pytest.fixture
def organs(tmp_path):
    """A ball (5), a voxel (7), a thin stick (4), and a block at the image's end (9)."""
    labels = np.where(ball(18.0), 5, 0).astype(np.uint8)
    labels[2, 2, 2], labels[15:23, 44, 5], labels[:3, 40:, 30:] = 7, 4, 9
    source = written(tmp_path / "labels.nii.gz", labels, GRID)
    named(source, {4: "stick", 5: "ball", 7: "voxel", 9: "edge"})
    return source


def nodes(path) -> dict[str, Any]:
    scene: Any = trimesh.load(path)
    return {name: scene.geometry[name] for name in scene.graph.nodes_geometry}


@pytest.mark.parametrize("smoothing", [0.0, 0.8, 2.0])
def test_surfaces_are_closed_and_hold_the_volume_of_the_voxels(organs, smoothing, tmp_path):
    made = meshes_of_labels(organs, tmp_path / "m.glb", smoothing_voxels=smoothing)

    meshes = nodes(tmp_path / "m.glb")
    assert set(meshes) == {"ball", "voxel", "stick", "edge"}
    for row in made.labels:
        mesh = meshes[row.name]
        assert mesh.is_watertight
        assert mesh.is_winding_consistent
        assert mesh.volume / 1000 == pytest.approx(row.ml, rel=0.015)


def test_a_ball_has_its_closed_form(organs, tmp_path):
    meshes_of_labels(organs, tmp_path / "m.ply", labels=["ball"])

    mesh: Any = trimesh.load(tmp_path / "m.ply")
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * 18**3, rel=0.02)
    assert mesh.area == pytest.approx(4 * np.pi * 18**2, rel=0.03)  # its steps would add 40 %
    np.testing.assert_allclose(mesh.center_mass, CENTRE_MM, atol=0.1)
    off_mm = np.linalg.norm(mesh.vertices - CENTRE_MM, axis=1) - 18
    assert np.abs(off_mm).max() < 1.2
    assert mesh.visual.vertex_colors[0].tolist() == [17, 200, 99, 255]


@pytest.mark.parametrize("flips", [(), (0,), (0, 1), (2,)])
def test_the_direction_of_axes_changes_nothing(flips, tmp_path):
    labels = np.where(ball(12.0), 5, 0).astype(np.uint8)
    source = written(tmp_path / "l.nii.gz", labels, GRID, order=(1, 2, 0), flips=flips)

    meshes_of_labels(source, tmp_path / "m.stl")

    mesh: Any = trimesh.load(tmp_path / "m.stl")
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * 12**3, rel=0.04)  # above 0: not inside out
    np.testing.assert_allclose(mesh.center_mass, CENTRE_MM, atol=0.1)


def test_a_glb_stands_upright_in_metres_and_has_names_colours_and_normals(organs, tmp_path):
    meshes_of_labels(organs, tmp_path / "m.glb")

    content = (tmp_path / "m.glb").read_bytes()  # read by the format, without a library
    (length,) = struct.unpack_from("<I", content, 12)
    tree = json.loads(content[20 : 20 + length])
    by_name = {node.get("name"): node for node in tree["nodes"]}
    matrix = np.array(by_name["patient"]["matrix"]).reshape(4, 4).T
    left, front, head = matrix[:3, :3] @ np.array([[1, 0, 0], [0, -1, 0], [0, 0, 1]]).T
    np.testing.assert_allclose(matrix @ [1000, 0, 0, 1], [1, 0, 0, 1])  # left: +x
    np.testing.assert_allclose(matrix @ [0, -1000, 0, 1], [0, 0, 1, 1])  # the face: +z
    np.testing.assert_allclose(matrix @ [0, 0, 1000, 1], [0, 1, 0, 1])  # the head: +y
    assert np.linalg.det(np.stack([left, front, head])) != 0
    (primitive,) = tree["meshes"][by_name["ball"]["mesh"]]["primitives"]
    assert "NORMAL" in primitive["attributes"]
    colour = tree["materials"][primitive["material"]]["pbrMetallicRoughness"]["baseColorFactor"]
    # Of light, not of signals to a screen: 17, 200 and 99 in sRGB.
    np.testing.assert_allclose(colour, [0.0056, 0.5776, 0.1248, 1], atol=0.003)


def test_labels_of_one_name_are_told_apart(tmp_path):
    source = written(tmp_path / "l.nii.gz", blocks(GRID.shape, [1, 2, 3]), GRID)
    named(source, {1: "rib", 2: "rib", 3: "patient"})
    meshes_of_labels(source, tmp_path / "m.glb")
    made = meshes_of_labels(source, tmp_path / "m.stl")

    assert set(nodes(tmp_path / "m.glb")) == {"rib (1)", "rib (2)", "patient (3)"}
    files = [file.relative_to(tmp_path).as_posix() for file in made.files]
    assert files == ["m/rib.stl", "m/rib_2.stl", "m/patient.stl"]


def test_a_label_that_is_called_as_another_would_be_is_told_apart_too(tmp_path):
    source = written(tmp_path / "l.nii.gz", blocks(GRID.shape, [1, 2, 3]), GRID)
    named(source, {1: "rib", 2: "rib", 3: "rib (1)"})
    meshes_of_labels(source, tmp_path / "m.glb")

    assert set(nodes(tmp_path / "m.glb")) == {"rib (1)", "rib (2)", "rib (1) (3)"}


def test_labels_cut_out_a_few_at_a_time_are_the_same(tmp_path):
    labels = speckled(GRID.shape, seed=5, share=0.01)
    chosen = label_file(written(tmp_path / "l.nii.gz", labels, GRID))

    crops = list(crops_of(chosen, most_voxels=1))
    together = list(crops_of(chosen))
    for crop, other in zip(crops, together, strict=True):
        (x0, y0, z0), (x1, y1, z1) = crop.statistics.box
        wanted = labels[z0 : z1 + 1, y0 : y1 + 1, x0 : x1 + 1] == crop.statistics.id
        np.testing.assert_array_equal(crop.inside, wanted)
        np.testing.assert_array_equal(other.inside, wanted)
    surface = surface_of(crops[0], chosen.affine, 0.8)
    assert surface.ml == pytest.approx(crops[0].statistics.ml, rel=0.05)


def test_other_formats_and_amounts_of_smoothing_are_refused(organs, tmp_path):
    with pytest.raises(InputError, match=r"\.glb, \.stl, \.ply"):
        meshes_of_labels(organs, tmp_path / "m.obj")
    with pytest.raises(InputError, match="from 0 to 5 voxels"):
        meshes_of_labels(organs, tmp_path / "m.glb", smoothing_voxels=6)
    with pytest.raises(InputError, match="bladder"):
        meshes_of_labels(organs, tmp_path / "m.glb", labels=["bladder"])
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".gz", ".tsv"]
