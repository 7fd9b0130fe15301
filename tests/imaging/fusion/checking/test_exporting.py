"""Scans are exported anew: the surface, and nothing that names anybody."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh

from imaging.errors import InputError, MeshError
from imaging.fusion.checking import export_scan
from imaging.fusion.meshes import read_mesh, write_mesh
from tests.imaging.fusion.checking.test_scans import KINDS, arch

NEEDLE = b"PLANTED"
MESH = arch()
VERTICES, FACES = np.round(MESH.vertices, 5), MESH.faces


def text_of(numbers: np.ndarray, start: str = "") -> str:
    return "\n".join(start + " ".join(map(str, row)) for row in numbers.tolist()) + "\n"


def ply(kind: str) -> bytes:
    header = (
        f"ply\nformat {kind} 1.0\ncomment PLANTED\nobj_info PLANTED\n"
        f"element vertex {len(VERTICES)}\nproperty double x\nproperty double y\n"
        f"property double z\nproperty uchar red\nproperty uchar green\nproperty uchar blue\n"
        f"element face {len(FACES)}\nproperty list uchar int vertex_indices\n"
        "element PLANTED 1\nproperty int PLANTED\nend_header\n"
    )
    if kind == "ascii":
        rows = "".join(f"{x} {y} {z} 80 76 65\n" for x, y, z in VERTICES.tolist())
        return (header + rows + text_of(FACES, "3 ") + "7\n").encode()
    points = np.zeros(len(VERTICES), [("p", "<f8", 3), ("c", "u1", 3)])
    points["p"], points["c"] = VERTICES, list(b"PLA")
    faces = np.zeros(len(FACES), [("n", "u1"), ("i", "<i4", 3)])
    faces["n"], faces["i"] = 3, FACES
    return header.encode() + points.tobytes() + faces.tobytes() + b"\7\0\0\0"


def stl() -> bytes:
    faces = np.zeros(len(FACES), dtype=[("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "V2")])
    faces["v"] = VERTICES[FACES]
    header = b"PLANTED^NAME".ljust(80, b" ") + struct.pack("<L", len(FACES))
    rows = bytearray(faces.tobytes())
    rows[48:50], rows[98:100] = b"PL", b"AN"  # the attribute of a face
    return header + bytes(rows)


def text_stl() -> bytes:
    facets = "".join(
        "facet normal 0 0 0\nouter loop\n" + text_of(corners, "vertex ") + "endloop\nendfacet\n"
        for corners in VERTICES[FACES]
    )
    return f"solid PLANTED^NAME\n{facets}endsolid PLANTED^NAME\n".encode()


def obj() -> bytes:
    half = len(FACES) // 2
    groups = (text_of(FACES[:half] + 1, "f "), text_of(FACES[half:] + 1, "f "))
    named = "".join(f"o PLANTED{i}\ng PLANTED\nusemtl PLANTED\n{g}" for i, g in enumerate(groups))
    return ("# PLANTED\nmtllib PLANTED.mtl\n" + text_of(VERTICES, "v ") + named).encode()


def off() -> bytes:
    counts = f"OFF\n# PLANTED\n{len(VERTICES)} {len(FACES)} 0\n"
    return (counts + text_of(VERTICES) + text_of(FACES, "3 ")).encode()


def glb() -> bytes:
    """Return a scene whose asset, nodes, meshes, materials and extras hold a name."""
    mesh = trimesh.Trimesh(VERTICES, FACES, process=False, metadata={"PLANTED": "PLANTED"})
    material = trimesh.visual.material.PBRMaterial(name="PLANTED")
    mesh.visual = trimesh.visual.TextureVisuals(material=material)
    scene = trimesh.Scene(metadata={"PLANTED": "PLANTED"})
    scene.add_geometry(mesh, node_name="PLANTED node", geom_name="PLANTED mesh")
    content: bytes = scene.export(file_type="glb")
    length = struct.unpack_from("<L", content, 12)[0]
    tree = json.loads(content[20 : 20 + length])
    tree["asset"]["copyright"] = "PLANTED"
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    rest = content[20 + length :]
    head = struct.pack("<4sLL", b"glTF", 2, 20 + len(text) + len(rest))
    return head + struct.pack("<L4s", len(text), b"JSON") + text + rest


SOURCES = {
    "ply": ("ply", lambda: ply("binary_little_endian")),
    "text ply": ("ply", lambda: ply("ascii")),
    "stl": ("stl", stl),
    "text stl": ("stl", text_stl),
    "obj": ("obj", obj),
    "off": ("off", off),
    "glb": ("glb", glb),
}


def planted(folder: Path, name: str) -> Path:
    kind, make = SOURCES[name]
    path = folder / f"PLANTED.{kind}"
    path.write_bytes(make())
    assert NEEDLE in path.read_bytes()
    return path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SOURCES)
def test_no_name_survives_and_no_vertex_moves_by_a_micrometre(name, kind, tmp_path):
    source = planted(tmp_path, name)

    target = export_scan(source, tmp_path / f"scan.{kind}")

    assert target == tmp_path / f"scan.{kind}"
    assert NEEDLE not in target.read_bytes()
    made = read_mesh(target, kind)
    assert len(made.faces) == len(FACES)
    distance_mm = np.abs(ordered(made.triangles) - ordered(VERTICES[FACES])).max()
    assert distance_mm < 1e-3


def ordered(triangles: np.ndarray) -> np.ndarray:
    """Return centres and corners' extremes in an order that any writer gives; Draco has its own."""
    rounded = np.round(triangles.mean(axis=1), 2)
    facts = np.concatenate([triangles.mean(axis=1), triangles.min(axis=1)], axis=1)
    return facts[np.lexsort(rounded.T)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_surface_gives_the_same_bytes(kind, tmp_path):
    names = ("ply", "text ply", "off")
    made = [
        export_scan(planted(tmp_path, name), tmp_path / f"{name}.{kind}").read_bytes()
        for name in names
    ]

    assert len(set(made)) == 1


@pytest.mark.parametrize("target", ["scan.3mf", "scan", "scan.zip"])
def test_a_target_of_no_format_is_refused(target, tmp_path):
    source = write_mesh(MESH, tmp_path / "a.ply", "ply")

    with pytest.raises(InputError, match="the exported scan: its name ends in none of"):
        export_scan(source, tmp_path / target)


def test_a_damaged_scan_leaves_no_file(tmp_path):
    source = tmp_path / "PLANTED.ply"
    source.write_bytes(ply("ascii")[:500])

    with pytest.raises(MeshError) as caught:
        export_scan(source, tmp_path / "scan.stl")
    assert "PLANTED" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [source]
