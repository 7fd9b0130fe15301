"""DVH curves as plain pairs of arrays: reading, comparing and binning them.

A curve is a pair (dose in Gy, volume), both of shape (n,): the doses never fall, the volumes never
rise, and between the points it is a line. A dose given twice is a step, where the upper volume
counts: that volume gets at least this dose. Beyond the last point the volume is 0.
"""

import math

import numpy as np
from numpy.typing import NDArray

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


def volume_at(
    curve: Curve, gy: NDArray[np.float64], *, just_above: bool = False
) -> NDArray[np.float64]:
    """Evaluate a curve at many doses.

    Args:
        curve: Dose and volume.
        gy: Doses, any shape.
        just_above: Take the volume that gets more than each dose: the lower end of a step.

    Returns:
        Volumes in the curve's unit, shaped like ``gy``.
    """
    dose_gy, volume = curve
    after = np.searchsorted(dose_gy, gy, side="right" if just_above else "left")
    right = np.minimum(after, dose_gy.size - 1)
    left = np.maximum(right - 1, 0)
    width = dose_gy[right] - dose_gy[left]
    into = np.clip(gy - dose_gy[left], 0, width)  # beyond its ends, a piece is not asked
    share = into / np.where(width > 0, width, 1.0)
    inside = volume[left] + share * (volume[right] - volume[left])
    inside = np.where(after == 0, volume[0], inside)
    return np.where(after == dose_gy.size, 0.0, inside)


def mean_distance(one: Curve, other: Curve) -> float:
    """Average |one - other| over the dose axis from 0 to the last dose of either, exactly."""
    gy, difference = signed_difference(one, other)
    begin, end = difference[:-1], difference[1:]
    together = np.abs(begin) + np.abs(end)
    crosses = begin * end < 0  # there two triangles stand for the trapezium
    triangles = (begin**2 + end**2) / np.where(together > 0, together, 1.0)
    heights = np.where(crosses, triangles, together) / 2
    return float((heights * np.diff(gy)).sum() / gy[-1]) if gy[-1] > 0 else 0.0


def signed_difference(one: Curve, other: Curve) -> Curve:
    """Subtract ``other`` from ``one``: a line through doses in Gy and differences.

    A step of either curve is a step of the difference, a dose given twice.
    """
    gy = np.unique(np.concatenate([[0.0], one[0], other[0]]))
    twice = np.repeat(gy, 2)
    difference = np.empty(twice.size)
    difference[::2] = volume_at(one, gy) - volume_at(other, gy)
    difference[1::2] = volume_at(one, gy, just_above=True) - volume_at(other, gy, just_above=True)
    needed = np.ones(twice.size, dtype=bool)
    needed[1::2] = difference[1::2] != difference[::2]
    return twice[needed], difference[needed]


def round_width(highest_gy: float, bins: int) -> float:
    """Choose a bin of 1, 2 or 5 times a power of ten Gy: at most ``bins`` up to ``highest_gy``."""
    least = max(highest_gy, 1e-6) / bins
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * step for step in (1, 2, 5, 10) if power * step >= least * (1 - 1e-9))
