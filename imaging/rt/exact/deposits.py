"""Adding the dose distribution of one small part of a region to fine dose bins."""

import math

import numpy as np
from numpy.typing import NDArray

from imaging.rt.jit import compiled

Floats = NDArray[np.float64]

_FEW_BINS = 4.0  # below this the slopes of a trapezoid are too short to tell
_NARROWEST = 0.005  # of a bin: a part of one dose keeps its whole volume


@compiled
def add_part(
    kinks: Floats, bends: Floats, cc: float, at: float, wide: float, narrow: float, room: float
) -> None:
    """Add the distribution of one part: the sum of two uniform ones.

    It stays inside the region's range by being made narrower around its mean.

    Args:
        kinks: Gets changes of slope.
        bends: Gets changes of curvature.
        cc: Volume of the part.
        at: Its mean dose, as an edge of a bin, with a fraction.
        wide: Half-width of the first distribution, in bins.
        narrow: Half-width of the second.
        room: How far the range reaches around the mean.
    """
    room = max(room, 0.0)
    if wide + narrow > room:
        wide, narrow = wide * room / (wide + narrow), narrow * room / (wide + narrow)
    if min(wide, narrow) >= _FEW_BINS:
        bend = 0.25 * cc / (wide * narrow)
        apart = abs(wide - narrow)
        _share_bend(bends, at - wide - narrow, -bend)
        _share_bend(bends, at - apart, bend)
        _share_bend(bends, at + apart, bend)
        _share_bend(bends, at + wide + narrow, -bend)
        return
    half = max(min(math.sqrt(wide * wide + narrow * narrow), room), _NARROWEST)
    kink = 0.5 * cc / half
    _share_kink(kinks, at - half, -kink)
    _share_kink(kinks, at + half, kink)


@compiled
def _share_kink(bins: Floats, at: float, amount: float) -> None:
    """Share an amount between the two edges around ``at``, so that its moment stays."""
    edge = int(at)
    share = at - edge
    bins[edge] += amount * (1.0 - share)
    bins[edge + 1] += amount * share


@compiled
def _share_bend(bins: Floats, at: float, amount: float) -> None:
    """Share an amount among the three edges around ``at``, so that two moments stay."""
    edge = int(at + 0.5)
    share = at - edge
    bins[edge - 1] += amount * 0.5 * share * (share - 1.0)
    bins[edge] += amount * (1.0 - share * share)
    bins[edge + 1] += amount * 0.5 * share * (share + 1.0)
