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

    Vertices within one cell of a grid become one, at their mean, and faces that have no area left,
    or lie on each other, go; the grid is made wider until the faces are few. Few enough surfaces
    are left as they are.

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
    faces = _seen_once(mesh, cells, middles)
    return trimesh.Trimesh(middles, faces, process=False) if len(faces) else mesh


def _seen_once(
    mesh: trimesh.Trimesh, cells: NDArray[np.int64], middles: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Leave out faces that have a corner twice, and all but one of those with the same corners.

    Where a surface folds up or is thin, a face would lie on its own back: a dark speck. The one
    stays that was turned least.
    """
    before, faces = np.asarray(mesh.faces), cells[mesh.faces]
    one, two, three = faces.T
    has_area = (one != two) & (two != three) & (three != one)
    before, faces = before[has_area], faces[has_area]
    normals = _normals(np.asarray(mesh.vertices)[before]), _normals(middles[faces])
    corners = np.sort(faces, axis=1)
    order = np.lexsort((-np.einsum("ij,ij->i", *normals), *corners.T))
    corners = corners[order]
    is_first = np.ones(len(faces), dtype=bool)
    is_first[1:] = (corners[1:] != corners[:-1]).any(axis=1)
    kept: NDArray[np.int64] = faces[order[is_first]]
    return kept


def _normals(triangles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the normals of triangles, shape (n, 3, 3), as long as twice their areas."""
    one, two, three = triangles.transpose(1, 0, 2)
    normals: NDArray[np.float64] = np.cross(two - one, three - one)
    return normals
