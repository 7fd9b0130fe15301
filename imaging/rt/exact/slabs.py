"""How far each contour reaches along the normal of its plane.

A contour stands for a slab of tissue: a right prism that meets its neighbours half-way. What lies
beyond the first and the last contour is a convention, the end cap (Penoncello et al. 2024 and Nelms
et al. 2015, doi 10.1118/1.4923175, tell those of planning systems).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.rt.flags import Flag
from imaging.rt.method import EndCaps

Floats = NDArray[np.float64]


_SHARE_OF_GAP = {"half": 1 / 2, "rounded": 1 / 6}
_EVEN = 1.05  # gaps that differ by less are one spacing, written with few decimals
_BRIDGED = 3.0  # spacings: up to two missing contours are taken for an oversight
_REGULAR = 3  # as many equal gaps in a row are a spacing of their own


@dataclass(frozen=True, slots=True, eq=False)
class Slabs:
    """The slabs of all planes of one ROI.

    Attributes:
        height_mm: Shape (planes,), increasing: where the contours are.
        lower_mm: Shape (planes,), where each slab starts.
        upper_mm: Where it ends.
        starts_part: Shape (planes,), whether nothing connects the slab to the one below.
        flags: What is odd about the planes.
    """

    height_mm: Floats
    lower_mm: Floats
    upper_mm: Floats
    starts_part: NDArray[np.bool_]
    flags: tuple[Flag, ...]


def slabs_of(
    height_mm: Floats, end_caps: EndCaps, single_mm: float, longest_mm: float | None = None
) -> Slabs:
    """Give every contour plane its slab.

    Up to two contours missing in a row are bridged, half-way from both sides. Across a wider gap
    the ROI is taken for two parts, each of which ends with a cap. A part of one contour is as thick
    as the others are apart, whatever the caps.

    Args:
        height_mm: Shape (planes,), increasing.
        end_caps: ``half`` reaches half a gap beyond the first and last contour, ``none`` stops
            there, ``rounded`` takes a third of ``half``, the volume of a cap that tapers to a point
            over it; a number is mm.
        single_mm: Thickness when there is one plane only.
        longest_mm: No cap that depends on a gap is longer.
    """
    gaps_mm = np.diff(height_mm)
    nominal_mm = float(np.median(gaps_mm)) if gaps_mm.size else single_mm
    is_wide = _is_wide(gaps_mm, nominal_mm)
    is_open = is_wide & (gaps_mm > _BRIDGED * nominal_mm * _EVEN)
    below = np.concatenate([[True], is_open])
    above = np.concatenate([is_open, [True]])
    gap_below_mm = np.concatenate([[np.inf], gaps_mm])
    gap_above_mm = np.concatenate([gaps_mm, [np.inf]])
    is_single = below & above
    caps = [
        np.where(is_single, nominal_mm / 2, _cap_mm(end_caps, inner_mm, longest_mm))
        for inner_mm in (gap_above_mm, gap_below_mm)
    ]
    flags = {
        Flag.SINGLE_PLANE: bool(is_single.any()),
        Flag.UNEVEN_PLANES: bool((is_wide & ~is_open).any() or (gaps_mm < nominal_mm / 2).any()),
        Flag.SEPARATE_PARTS: bool(is_open.any()),
    }
    return Slabs(
        height_mm=height_mm,
        lower_mm=height_mm - np.where(below, caps[0], gap_below_mm / 2),
        upper_mm=height_mm + np.where(above, caps[1], gap_above_mm / 2),
        starts_part=below,
        flags=tuple(flag for flag, is_so in flags.items() if is_so),
    )


def _cap_mm(end_caps: EndCaps, gap_mm: Floats, longest_mm: float | None) -> Floats:
    """Return the length of an end cap beside a gap of each width."""
    if not isinstance(end_caps, str):
        return np.full_like(gap_mm, end_caps)
    if end_caps == "none":
        return np.zeros_like(gap_mm)
    share_mm = _SHARE_OF_GAP[end_caps] * gap_mm
    return share_mm if longest_mm is None else np.minimum(share_mm, longest_mm)


def _is_wide(gaps_mm: Floats, nominal_mm: float) -> NDArray[np.bool_]:
    """Say which gaps are wider than the spacing there: wider than usual, and no run of equals."""
    is_wide = gaps_mm > _EVEN * nominal_mm
    for index in np.flatnonzero(is_wide):
        equal = np.abs(gaps_mm / gaps_mm[index] - 1) < _EVEN - 1
        run = [equal[:index][::-1].argmin() if not equal[:index].all() else index]
        after = equal[index + 1 :]
        run.append(after.argmin() if not after.all() else after.size)
        is_wide[index] = 1 + sum(run) < _REGULAR
    return np.asarray(is_wide)
