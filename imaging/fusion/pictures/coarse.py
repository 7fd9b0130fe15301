"""Makes surfaces coarser: a picture shows no more triangles than it has pixels."""

from collections.abc import Sequence

import numpy as np
import trimesh
from numpy.typing import NDArray

MOST_FACES = 400_000  # of all surfaces: 30 fine teeth stay as they are
_STEPS = 600  # along the longest side: hardly more than a pixel of a picture 800 wide
_LEAST_STEPS = 8  # so that something is left of any surface


def coarser(
    meshes: Sequence[trimesh.Trimesh], *, most_faces: int = MOST_FACES
) -> list[trimesh.Trimesh]:
    """Return the surfaces with so few faces, all together, that they are drawn in seconds.

    Vertices within one cell of a grid become one, at their mean, and faces that have no area left
    go; the grid is made wider until the faces are few. Few enough surfaces are left as they are.

    Args:
        meshes: Surfaces that are drawn together.
        most_faces: Of all together; more are kept of what has no area on such a grid: a needle.
    """
    few, steps = list(meshes), _STEPS
    longest = np.ptp([corner for mesh in meshes for corner in mesh.bounds], axis=0).max()
    while sum(len(mesh.faces) for mesh in few) > most_faces and steps > _LEAST_STEPS:
        few = [_clustered(mesh, longest / steps) for mesh in meshes]
        steps = 2 * steps // 3
    return few


def _clustered(mesh: trimesh.Trimesh, cell: float) -> trimesh.Trimesh:
    vertices = np.asarray(mesh.vertices)
    cell = min(cell, np.ptp(vertices, axis=0).max() / _LEAST_STEPS)
    if cell == 0:
        return mesh
    places = np.floor((vertices - vertices.min(axis=0)) / cell).astype(np.int64)
    keys = np.ravel_multi_index(tuple(places.T), tuple(places.max(axis=0) + 1))
    cells = np.unique(keys, return_inverse=True)[1]
    counts = np.bincount(cells)
    sums = [np.bincount(cells, vertices[:, axis]) for axis in range(3)]
    middles = np.stack(sums, axis=1) / counts[:, None]
    faces = _with_area(cells[mesh.faces])
    return trimesh.Trimesh(middles, faces, process=False) if len(faces) else mesh


def _with_area(faces: NDArray[np.int64]) -> NDArray[np.int64]:
    """Leave out faces that have a corner twice."""
    one, two, three = faces.T
    kept: NDArray[np.int64] = faces[(one != two) & (two != three) & (three != one)]
    return kept
