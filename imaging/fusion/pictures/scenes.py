"""What the engines draw: plain GLB files of what is seen together, without any name."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from imaging.errors import MeshError
from imaging.files import write_whole
from imaging.fusion.parts import SeenMesh, meshes_of, plain, seen_first
from imaging.fusion.pictures.coarse import coarser
from imaging.fusion.views import Arch

_BONE_ALPHA = 0.3  # of jaws around teeth


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A mesh in place, with what decides how it is drawn.

    Attributes:
        mesh: Its vertices lie in glTF's axes and unit.
        color: Linear red, green and blue, 0 to 1.
        is_bone: It lies around teeth.
        arch: Which arch it belongs to; empty for neither.
    """

    mesh: trimesh.Trimesh
    color: tuple[float, float, float]
    is_bone: bool
    arch: Arch


def pieces_of(groups: Mapping[str, Path]) -> list[Piece]:
    """Read the meshes that are seen together, of all groups.

    Raises:
        MeshError: A GLB is unreadable, or none holds a triangle.
        OSError: A file cannot be read.
    """
    contents = {name: path.read_bytes() for name, path in groups.items()}
    seen = {name: meshes_of(content, name) for name, content in contents.items()}
    first = seen_first(seen)
    chosen = [name for name in groups if name in first]
    pieces = [piece for name in chosen for piece in _pieces(contents[name], seen[name])]
    if not pieces:
        msg = "nothing to draw: no group holds a triangle"
        raise MeshError(msg)
    few = coarser([piece.mesh for piece in pieces])
    return [replace(piece, mesh=mesh) for piece, mesh in zip(pieces, few, strict=True)]


def _pieces(glb: bytes, seen: list[SeenMesh]) -> list[Piece]:
    by_name = {mesh.name: mesh for mesh in seen}
    try:
        scene: Any = trimesh.load_scene(io.BytesIO(glb), file_type="glb")
        placed = [(node, *scene.graph[node]) for node in scene.graph.nodes_geometry]
        meshes = {node: _in_place(scene.geometry[name], at) for node, at, name in placed}
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        msg = "a GLB contradicts itself"
        raise MeshError(msg) from None
    return [
        Piece(mesh, known.color, known.is_bone, known.arch)
        for node, mesh in meshes.items()
        if (known := by_name.get(plain(node))) is not None and len(mesh.faces)
    ]


def _in_place(mesh: trimesh.Trimesh, transform: NDArray[np.float64]) -> trimesh.Trimesh:
    """Return the bare surface, moved to its place; triangles that meet share their corners."""
    moved = trimesh.transform_points(mesh.vertices, transform)
    bare = trimesh.Trimesh(moved, mesh.faces, process=False)
    bare.merge_vertices()  # else every triangle would be shaded for itself
    return bare


def bounds_of(pieces: list[Piece]) -> NDArray[np.float64]:
    """Return the box around the pieces, shape (2, 3): its least and greatest corner."""
    boxes = np.array([piece.mesh.bounds for piece in pieces])
    return np.array([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)])


def of_arch(pieces: list[Piece], arch: Arch) -> list[Piece]:
    """Leave out the other arch; where nothing would be left, leave out nothing."""
    return [piece for piece in pieces if not arch or piece.arch in {arch, ""}] or pieces


def write_scene(pieces: list[Piece], target: Path) -> Path:
    """Write what an engine draws: jaws translucent where there are teeth, edges smooth."""
    alpha = _BONE_ALPHA if not all(piece.is_bone for piece in pieces) else 1.0
    scene: Any = trimesh.Scene()
    for at, piece in enumerate(pieces):
        look = _look(piece.color, alpha if piece.is_bone else 1.0)
        mesh = trimesh.Trimesh(piece.mesh.vertices, piece.mesh.faces, visual=look, process=False)
        scene.add_geometry(mesh, node_name=f"{at}", geom_name=f"{at}")
    return write_whole(target, scene.export(file_type="glb", include_normals=True))


def _look(color: tuple[float, float, float], alpha: float) -> Any:
    visual: Any = trimesh.visual  # which has no types
    material = visual.material.PBRMaterial(
        baseColorFactor=[*(round(255 * part) for part in color), round(255 * alpha)],
        metallicFactor=0.0,
        roughnessFactor=0.6,
        alphaMode="OPAQUE" if alpha == 1 else "BLEND",
        doubleSided=True,
    )
    return visual.TextureVisuals(material=material)
