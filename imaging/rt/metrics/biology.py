"""What a dose does, from its DVH: gEUD, BED and EQD2.

A cumulative DVH that is linear between its points is a mixture of uniform distributions, one per
piece, and of point masses where it steps. Every mean below is the closed form over that mixture.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError
from imaging.rt.dvh import DVH
from imaging.rt.metrics.structures import means, structure_of

LATE_ALPHA_BETA_GY = 3.0
"""Late-reacting tissue, for lack of anything better (Fowler, Br J Radiol 1989;62:679)."""

_NO_DOSE = 1e-100  # share of the maximum that is as good as none, and would overflow as a divisor
_STEP = 0.9e-3  # its square is the share of the dose by which a chord may miss the bent curve

Pieces = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def geud(dvh: DVH, a: float) -> float | None:
    """Find the generalised equivalent uniform dose, the power mean of the dose.

    Niemierko, Med Phys 1999;26:1100: (Σ vᵢ Dᵢᵃ)^(1/a). With a = 1 it is the mean; large a lean to
    the maximum (serial organs), negative ones to the minimum (targets). Where a part of the
    volume has no dose, a gEUD with negative a is 0.

    Args:
        dvh: The DVH.
        a: The exponent, not 0.

    Returns:
        The dose in Gy; None when the DVH is empty.

    Raises:
        InputError: ``a`` is 0 or not finite.
    """
    if a == 0 or not np.isfinite(a):
        msg = f"gEUD({a:g}): the exponent is a number other than 0"
        raise InputError(msg)
    if dvh.is_empty:
        return None
    low, high, share = _pieces(dvh)
    low, high = (np.where(gy > _NO_DOSE * high.max(), gy, 0.0) for gy in (low, high))
    # Relative to the dose that dominates, no power overflows, and what underflows does not count.
    ends = np.append(low, high)
    reference_gy = high.max() if a > 0 else ends[ends > 0].min(initial=np.inf)
    if reference_gy == 0 or (a < 0 and np.any(high == 0)):
        return 0.0
    powers = _mean_power(low / reference_gy, high / reference_gy, a)
    mean = float(np.sum(share * powers))
    return float(reference_gy * mean ** (1 / a)) if np.isfinite(mean) else 0.0


def bed(dvh: DVH, fractions: int, alpha_beta_gy: float) -> DVH:
    """Turn the dose axis into biologically effective dose: D (1 + D / (n alpha/beta)).

    The linear-quadratic model, with each voxel's dose given in equal fractions (Fowler, Br J
    Radiol 1989;62:679; Joiner and van der Kogel, Basic Clinical Radiobiology, 5th ed. 2018).

    Args:
        dvh: The DVH of the whole course.
        fractions: The number of fractions n of the course.
        alpha_beta_gy: alpha/beta of the tissue.

    Returns:
        The same volumes at other doses. Points are inserted, so that the curve is right to a
        millionth of the dose; its mean is that of the bent curve, not the bent mean.

    Raises:
        InputError: ``fractions`` or ``alpha_beta_gy`` is not positive.
    """
    _check(fractions, alpha_beta_gy)
    return _bent(dvh, 1 / (fractions * alpha_beta_gy), 1.0)


def eqd2(dvh: DVH, fractions: int, alpha_beta_gy: float) -> DVH:
    """Turn the dose axis into the equivalent dose in 2 Gy fractions: BED / (1 + 2 / (alpha/beta)).

    Takes, returns and raises what ``bed`` does.
    """
    _check(fractions, alpha_beta_gy)
    return _bent(dvh, 1 / (fractions * alpha_beta_gy), 1 / (1 + 2 / alpha_beta_gy))


def known_alpha_beta_gy(roi_name: str, own: Mapping[str, float]) -> float | None:
    """Find alpha/beta of an ROI in Gy; None when its name says nothing about the tissue.

    Args:
        roi_name: The ROI's name, in TG-263 or one that is known to mean the same.
        own: alpha/beta by name or pattern. The first that fits the ROI's name or its TG-263 name
            counts, before the values that ``names.yaml`` holds.
    """
    structure = structure_of(roi_name)
    names = [roi_name] if structure is None else [roi_name, structure.name]
    for pattern, alpha_beta_gy in own.items():
        if any(means(name, [pattern]) for name in names):
            return alpha_beta_gy
    return None if structure is None else structure.alpha_beta_gy


def _check(fractions: int, alpha_beta_gy: float) -> None:
    """Refuse what no course or tissue has."""
    if not (fractions >= 1 and 0 < alpha_beta_gy < np.inf):
        msg = (
            f"{fractions} fractions and alpha/beta = {alpha_beta_gy:g} Gy: there is at least one"
            " fraction, and alpha/beta is above 0"
        )
        raise InputError(msg)


def _bent(dvh: DVH, bend: float, scale: float) -> DVH:
    """Map the dose axis by scale · D (1 + bend · D); ``bend`` is per Gy."""
    if dvh.is_empty or dvh.min_gy is None or dvh.max_gy is None:
        return dvh
    low, high, share = _pieces(dvh)
    mean = (low + high) / 2 + bend * (low**2 + low * high + high**2) / 3
    lowest, highest = (scale * gy * (1 + bend * gy) for gy in (dvh.min_gy, dvh.max_gy))
    dose_gy, cumulative_cc = _refined(dvh, bend)
    return replace(
        dvh,
        dose_gy=scale * dose_gy * (1 + bend * dose_gy),
        cumulative_cc=cumulative_cc,
        min_gy=lowest,
        max_gy=highest,
        # An engine's minimum and maximum may be finer than the bins that its curve is drawn in.
        mean_gy=min(max(scale * float(np.sum(share * mean)), lowest), highest),
    )


def _refined(dvh: DVH, bend: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Insert points into the sloping pieces, evenly in u = arsinh √(bend · D).

    A chord over a width h misses D (1 + bend D) by bend h²/4, which in these steps is the same
    share of it at every dose. However coarse and bent, 60 Gy from 0 take a few thousand points.
    """
    u = np.arcsinh(np.sqrt(bend * dvh.dose_gy))
    width, drop = np.diff(u), np.diff(dvh.cumulative_cc)
    counts = np.where(drop < 0, np.maximum(np.ceil(width / _STEP), 1), 1).astype(np.intp)
    piece = np.repeat(np.arange(width.size), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    inserted = np.arange(piece.size) > first
    steps = (np.arange(piece.size) - first) / counts[piece]
    low, high = dvh.dose_gy[piece], dvh.dose_gy[piece + 1]
    at = np.sinh(u[piece] + steps * width[piece]) ** 2 / bend
    dose_gy = np.append(np.where(inserted, np.clip(at, low, high), low), dvh.dose_gy[-1])
    share = np.divide(at - low, high - low, out=np.zeros_like(at), where=inserted)
    cumulative_cc = dvh.cumulative_cc[piece] + np.clip(share, 0, 1) * drop[piece]
    cumulative_cc = np.append(cumulative_cc, dvh.cumulative_cc[-1])
    # Rounding may undo the order of points that are neighbours in floating point.
    return np.maximum.accumulate(dose_gy), np.minimum.accumulate(cumulative_cc)


def _pieces(dvh: DVH) -> Pieces:
    """List where the volume is: lower dose, upper dose (Gy) and share of each piece, shape (n,)."""
    dose_gy = np.append(dvh.dose_gy, dvh.dose_gy[-1])
    share = -np.diff(np.append(dvh.cumulative_cc, 0.0)) / dvh.dosed_cc
    filled = share > 0
    return dose_gy[:-1][filled], dose_gy[1:][filled], share[filled]


def _mean_power(
    low: NDArray[np.float64], high: NDArray[np.float64], a: float
) -> NDArray[np.float64]:
    """Find the mean of xᵃ for x uniform between ``low`` and ``high``, shape (n,); may be inf.

    (high^(a+1) - low^(a+1)) / ((a+1)(high - low)) loses all digits for narrow pieces and divides
    by 0 for steps and a = -1. With r = ln(high / low) and φ(z) = (eᶻ - 1) / z, it is
    highᵃ φ(-(a+1) r) / φ(-r), or lowᵃ φ((a+1) r) / φ(r), which do not.
    """
    from_zero = low <= 0
    safe_low = np.where(from_zero, 1.0, low)
    ratio = np.log1p(np.where(from_zero, 0.0, (high - safe_low) / safe_low))
    if a > -1:
        inner = high**a * _phi(-(a + 1) * ratio) / _phi(-ratio)
        return np.where(from_zero, high**a / (a + 1), inner)
    inner = safe_low**a * _phi((a + 1) * ratio) / _phi(ratio)
    return np.where(from_zero, np.inf, inner)


def _phi(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Evaluate (eᶻ - 1) / z, which is 1 at 0."""
    return np.divide(np.expm1(z), z, out=np.ones_like(z), where=z != 0)
