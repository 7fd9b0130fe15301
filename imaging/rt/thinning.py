"""Leaving out the points of a curve that a line through the others already draws.

The method is Ramer's and Douglas and Peucker's (Computer Graphics and Image Processing 1, 244,
1972; Cartographica 10, 112, 1973) with the vertical distance, for all segments at once.
"""

import numpy as np
from numpy.typing import NDArray

TOLERANCE_SHARE = 1e-5
_ROUNDING = 1e-12  # share of the volume: keeps a tolerance of 0 from keeping points on a line


def thinned(
    dose_gy: NDArray[np.float64],
    cumulative: NDArray[np.float64],
    tolerance_share: float = TOLERANCE_SHARE,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Keep the points that a cumulative curve needs.

    The points kept are points of the curve, so they rise and fall as it does; the first and the
    last are among them, and both ends of every step higher than the tolerance.

    Args:
        dose_gy: Shape (n,), never falling; a dose given twice is a step.
        cumulative: Shape (n,), volumes in any unit, never rising.
        tolerance_share: How far the volume may move at any dose, as a share of the first volume.

    Returns:
        Dose and volume of shape (m,), m <= n.
    """
    if dose_gy.size <= 2:
        return dose_gy, cumulative
    tolerance = (tolerance_share + _ROUNDING) * abs(float(cumulative[0]))
    kept = np.zeros(dose_gy.size, dtype=bool)
    kept[[0, -1]] = True
    open_points = np.arange(1, dose_gy.size - 1)
    while open_points.size:
        open_points = _split(dose_gy, cumulative, kept, open_points, tolerance)
    return dose_gy[kept], cumulative[kept]


def _split(
    dose_gy: NDArray[np.float64],
    cumulative: NDArray[np.float64],
    kept: NDArray[np.bool_],
    points: NDArray[np.intp],
    tolerance: float,
) -> NDArray[np.intp]:
    """Keep the farthest point of each segment that is too far from its chord.

    Args:
        dose_gy: Shape (n,).
        cumulative: Shape (n,).
        kept: Shape (n,), changed here.
        points: Indices of points, rising, that no chord was accepted for yet.
        tolerance: Largest vertical distance from a chord.

    Returns:
        The points of the segments that were split, without those now kept.
    """
    ends = np.flatnonzero(kept)
    segment = np.searchsorted(ends, points)  # the kept points around it are number -1 and 0
    left, right = ends[segment - 1], ends[segment]
    width = dose_gy[right] - dose_gy[left]
    share = (dose_gy[points] - dose_gy[left]) / np.where(width > 0, width, 1.0)
    chord = cumulative[left] + share * (cumulative[right] - cumulative[left])
    # A chord without width is a step, and every point between its ends lies on it.
    distance = np.where(width > 0, np.abs(cumulative[points] - chord), 0.0)
    starts = np.flatnonzero(np.diff(segment, prepend=-1))
    worst = np.maximum.reduceat(distance, starts)
    counts = np.diff(np.append(starts, points.size))
    still_open = np.repeat(worst > tolerance, counts)
    farthest = np.flatnonzero(still_open & (distance == np.repeat(worst, counts)))
    _, first = np.unique(segment[farthest], return_index=True)
    chosen = points[farthest[first]]
    kept[chosen] = True
    return points[still_open & ~np.isin(points, chosen)]
