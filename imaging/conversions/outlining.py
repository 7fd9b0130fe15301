"""The outlines of voxels in a plane: along their edges, so that filling gives the same voxels.

A smoothed outline would look better and enclose other voxels. A hole is joined to what is around it
by a channel without width (a keyhole, PS3.3 C.8.8.6.3), as every reader of contours understands.
"""

import numpy as np
import shapely
from numpy.typing import NDArray

from imaging.volumes.geometry import Floats

_CHANNEL = 0.25  # pixels below a corner: no other edge of voxels runs there, and no centre lies


def outlines(inside: NDArray[np.bool_]) -> list[Floats]:
    """Return closed polygons around the pixels of a plane.

    Args:
        inside: Shape (rows, columns).

    Returns:
        For each polygon its corners, shape (n, 2): column and row, where (0, 0) is the centre of
        the first pixel. The first corner is not repeated.
    """
    turns = np.diff(inside.astype(np.int8), axis=1, prepend=0, append=0)
    row, start = np.nonzero(turns == 1)
    _, end = np.nonzero(turns == -1)
    runs = shapely.box(start - 0.5, row - 0.5, end - 0.5, row + 0.5)
    whole = shapely.simplify(shapely.union_all(runs), 0.0)
    return [_keyholed(polygon) for polygon in shapely.get_parts(whole)]


def _keyholed(polygon: shapely.Polygon) -> Floats:
    """Write a polygon with holes as one ring."""
    ring: Floats = shapely.get_coordinates(polygon.exterior)[:-1]
    holes: list[Floats] = [shapely.get_coordinates(hole)[:-1] for hole in polygon.interiors]
    for hole in sorted(holes, key=lambda corners: float(corners[:, 0].min())):
        ring = _joined(ring, hole)  # from left to right, so that what a channel meets is there
    return ring


def _joined(ring: Floats, hole: Floats) -> Floats:
    """Join a hole to the nearest edge left of it."""
    left, lower, _ = _edges(hole)
    first = int(np.lexsort((lower, left))[0])  # its leftmost edge, which always is upright
    x, y = float(left[first]), float(lower[first]) + _CHANNEL
    edge_x, low, high = _edges(ring)
    meets = (low < y) & (y < high) & (edge_x < x)
    nearest = int(np.argmax(np.where(meets, edge_x, -np.inf)))
    around = np.roll(hole, -first - 1, axis=0)
    begin, end = np.array([[edge_x[nearest], y]]), np.array([[x, y]])
    return np.concatenate(
        [ring[: nearest + 1], begin, end, around, end, begin, ring[nearest + 1 :]]
    )


def _edges(ring: Floats) -> tuple[Floats, Floats, Floats]:
    """Describe the edge from each corner to the next.

    Returns:
        Its x, or infinity where it is not upright; its smaller y, and its larger one.
    """
    following = np.roll(ring, -1, axis=0)
    x = np.where(ring[:, 0] == following[:, 0], ring[:, 0], np.inf)
    y = np.sort(np.stack([ring[:, 1], following[:, 1]]), axis=0)
    return x, y[0], y[1]
