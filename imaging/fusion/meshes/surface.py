"""What every reader returns, and how trimesh is asked for it."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
import trimesh
from numpy.typing import NDArray

from imaging.errors import MeshError


class Surface(NamedTuple):
    """Triangles in space, not checked yet.

    Attributes:
        vertices: Shape (n, 3): x, y, z.
        faces: Shape (m, 3): indices of vertices.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]


def surface_of(vertices: Any, faces: Any) -> Surface:
    """Return a library's arrays as ours."""
    return Surface(np.array(vertices, dtype=np.float64), np.array(faces, dtype=np.int64))


def joined(parts: Sequence[Surface]) -> Surface:
    """Return surfaces as one, their vertices and faces one after the other's.

    Raises:
        MeshError: There is none.
    """
    if not parts:
        msg = "the mesh has no faces"
        raise MeshError(msg)
    counts = [len(part.vertices) for part in parts]
    starts = np.cumsum([0, *counts[:-1]])
    faces = [part.faces + start for part, start in zip(parts, starts, strict=True)]
    return Surface(np.concatenate([part.vertices for part in parts]), np.concatenate(faces))


def loaded(content: bytes, kind: str, **options: object) -> Any:
    """Have trimesh read a file's content as a scene.

    It gets the content, not the path: with a path it would open other files that the file names.
    """
    load: Any = trimesh.load_scene
    with np.errstate(all="ignore"):  # of numbers that are not finite, which we look for ourselves
        return load(BytesIO(content), file_type=kind, process=False, **options)


def surface_in(scene: Any) -> Surface:
    """Return all meshes of a scene as one, as the file has them: nothing of it is placed."""
    meshes = [each for each in scene.geometry.values() if isinstance(each, trimesh.Trimesh)]
    return joined([surface_of(mesh.vertices, mesh.faces) for mesh in meshes])


def check_count(faces: int, most_faces: int) -> None:
    """Refuse a mesh of too many faces.

    Raises:
        MeshError: They are too many.
    """
    if faces > most_faces:
        msg = f"the mesh has more than {most_faces:,} faces"
        raise MeshError(msg)
