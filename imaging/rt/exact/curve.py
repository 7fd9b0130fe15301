"""From summed kinks to the curve V(D)."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MOST_BINS = 65_536
_FEWEST_BINS = 4_096
_BIN_GY = 5e-4  # no finer than this, where the range is small
PADDING = 4  # edges beyond the range that sharing a kink among its neighbours needs


def bins_for(range_gy: tuple[float, float]) -> int:
    """Choose how many bins a range of doses gets."""
    return int(np.clip((range_gy[1] - range_gy[0]) / _BIN_GY, _FEWEST_BINS, _MOST_BINS))


def curve_of(
    kinks: Floats, bends: Floats, volume_cc: float, range_gy: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Sum up the cumulative DVH.

    A change of curvature at an edge adds m² / 2 at the m-th edge after it. Summed twice it would
    add m (m + 1) / 2; half of it, taken away as a change of slope, makes that right.

    Args:
        kinks: Changes of slope at the edges of bins, see ``fill_histogram``.
        bends: Changes of curvature there.
        volume_cc: The whole volume.
        range_gy: Smallest and largest dose.

    Returns:
        Doses in Gy from the smallest to the largest, and the volume in cm³ that gets at least each.
    """
    bins = kinks.size - PADDING
    slopes = np.cumsum(kinks + np.cumsum(bends) - 0.5 * bends)
    falling_cc = volume_cc + np.cumsum(slopes)[1 : bins + 1]
    # Where a curve through areas overshoots, volumes are negative; a cumulative curve never rises.
    cumulative_cc = np.clip(np.minimum.accumulate(falling_cc), 0.0, volume_cc)
    dose_gy = np.linspace(*range_gy, bins + 1)
    return dose_gy, np.concatenate([[volume_cc], cumulative_cc])
