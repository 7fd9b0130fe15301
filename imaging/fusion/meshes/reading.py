"""Reads a mesh from a file that may be damaged, lying or made to do harm.

A few rules hold for every format. What a file says of its own length is compared with its length
before anything is allocated for it. Whatever a library raises on garbage becomes a `MeshError`
that repeats nothing of the file, as names in it may be a patient's. And only the geometry is taken:
headers, comments, groups, materials, names and colours stay behind.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray

from imaging.errors import MeshError
from imaging.fusion.meshes.draco import read_draco
from imaging.fusion.meshes.glb import read_glb
from imaging.fusion.meshes.polygons import read_ply, read_stl
from imaging.fusion.meshes.surface import Surface
from imaging.fusion.meshes.text import read_obj, read_off
from imaging.fusion.specification import MeshType

log = logging.getLogger(__name__)

MOST_FACES = 5_000_000  # a full jaw has about a tenth of it
_MOST_BYTES = 2**30
_FARTHEST_MM = 1e5  # from the origin; nearer than that, 32-bit numbers are good to 4 um

_READERS: dict[MeshType, Callable[[bytes, int], Surface]] = {
    "ply": read_ply,
    "stl": read_stl,
    "obj": read_obj,
    "off": read_off,
    "glb": read_glb,
    "drc": read_draco,
}


def read_mesh(source: Path, kind: MeshType, *, most_faces: int = MOST_FACES) -> trimesh.Trimesh:
    """Read a mesh as one surface of triangles, its vertices and faces as the file has them.

    Nothing is merged, mended or thrown away: an STL has three vertices a triangle. Of a GLB, the
    meshes of all nodes are put together where their nodes place them, in the file's own units.

    Args:
        source: The file; its ending does not matter.
        kind: Its format.
        most_faces: A mesh of more triangles is refused, if possible before it is read.

    Returns:
        Vertices in float64 and faces in int64, and neither names nor colours.

    Raises:
        MeshError: The file is damaged or of another format, or the mesh has no faces, too many, or
            vertices that are not finite, out of this world, or all on one line.
        OSError: It cannot be read.
    """
    content = _content(source)
    try:
        surface = _READERS[kind](content, most_faces)
        return _checked(*surface, most_faces)
    except (MeshError, MemoryError):  # too little memory is no fault of the mesh
        raise
    except Exception as error:  # noqa: BLE001 - whatever a parser raises; its kind is recorded
        log.info("%s file that was not understood: %s", kind.upper(), type(error).__name__)
        msg = f"the {kind.upper()} file is damaged, or of another format"
        raise MeshError(msg) from None


def _content(source: Path) -> bytes:
    if source.stat().st_size > _MOST_BYTES:
        msg = f"the mesh's file is larger than {_MOST_BYTES // 2**20} MiB"
        raise MeshError(msg)
    return source.read_bytes()


def _checked(
    vertices: NDArray[np.float64], faces: NDArray[np.int64], most_faces: int
) -> trimesh.Trimesh:
    if len(faces) == 0:
        msg = "the mesh has no faces"
        raise MeshError(msg)
    if len(faces) > most_faces:
        msg = f"the mesh has more than {most_faces:,} faces"
        raise MeshError(msg)
    if vertices.shape[1:] != (3,) or faces.shape[1:] != (3,):
        msg = "the mesh is not made of triangles in space"
        raise MeshError(msg)
    if not np.isfinite(vertices).all():
        msg = "the mesh has vertices that are not finite"
        raise MeshError(msg)
    if faces.min() < 0 or faces.max() >= len(vertices):
        msg = "faces of the mesh name vertices that it does not have"
        raise MeshError(msg)
    if np.abs(vertices).max() > _FARTHEST_MM:
        msg = f"the mesh has vertices farther than {_FARTHEST_MM:,.0f} mm from the origin"
        raise MeshError(msg)
    if np.count_nonzero(np.ptp(vertices[faces.reshape(-1)], axis=0)) < 2:
        msg = "all faces of the mesh lie on one line"
        raise MeshError(msg)
    return trimesh.Trimesh(vertices, faces, process=False)
