"""Writes a mesh: its geometry and nothing else, the same bytes each time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import DracoPy
import numpy as np
import trimesh

from imaging.files import write_whole
from imaging.fusion.specification import MeshType

_COMPRESSION = 7  # of 10: more takes longer and saves next to nothing


def write_mesh(
    mesh: trimesh.Trimesh, target: Path, kind: MeshType, *, draco_bits: int = 14
) -> Path:
    """Write a mesh's vertices and faces, wholly or not at all.

    Neither names, headers, comments, colours, normals nor anything else that the mesh carries goes
    with them. All formats keep vertices to a few nm but Draco, which rounds to a grid, and leaves
    out faces without an area and vertices without a face.

    Args:
        mesh: What is written.
        target: The file.
        kind: Its format; the ending of ``target`` does not matter.
        draco_bits: Steps of Draco's grid along the mesh's longest side, as a power of two: 14 are
            4 um for a jaw of 70 mm, of which a vertex moves at most half.

    Returns:
        ``target``.
    """
    bare = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    if kind == "drc":
        return write_whole(target, packed_by_draco(bare.vertices, bare.faces, draco_bits))
    return write_whole(target, _exported(bare, kind))


def packed_by_draco(vertices: Any, faces: Any, bits: int) -> bytes:
    """Return a mesh as Draco has it; vertices and faces come in another order."""
    encode: Callable[..., bytes] = DracoPy.encode
    return encode(
        np.ascontiguousarray(vertices, dtype=np.float32),
        np.ascontiguousarray(faces, dtype=np.uint32),
        quantization_bits=bits,
        compression_level=_COMPRESSION,
    )


def _exported(mesh: trimesh.Trimesh, kind: MeshType) -> bytes | str:
    options: dict[str, Any] = {}
    if kind == "obj":
        options = {"include_normals": False, "include_color": False, "header": None}
    if kind == "ply":
        options = {"vertex_normal": False}
    export: Any = mesh.export
    content: bytes | str = export(file_type=kind, **options)
    return content
