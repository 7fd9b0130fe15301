"""Doses and volumes of one DVH, or the flag that says why it has none.

Percentages are of the whole ROI. What is outside the dose grid is volume that nobody knows to be
irradiated: it lowers V, and what depends on its dose has no value.
"""

from collections.abc import Callable

from imaging.rt.dvh import DVH
from imaging.rt.flags import Flag
from imaging.rt.metrics.biology import geud

_PLAIN_DOSES: dict[str, Callable[[DVH], float | None]] = {
    "Dmin": lambda dvh: dvh.min_gy,
    "Dmax": lambda dvh: dvh.max_gy,
    "Dmean": lambda dvh: dvh.mean_gy,
}


def volume_of(dvh: DVH) -> float | Flag:
    """Tell the volume in cm³; an ROI that has contours and no volume was not computed."""
    is_known = dvh.volume_cc > 0 or Flag.NO_CONTOURS in dvh.flags
    return dvh.volume_cc if is_known else Flag.EMPTY


def dose_of(dvh: DVH, quantity: str, amount: float, unit: str) -> float | Flag:
    """Evaluate a quantity that is a dose, in Gy.

    Args:
        dvh: The DVH.
        quantity: As ``Metric`` has it, likewise ``amount``.
        amount: The volume, or the exponent of a gEUD.
        unit: Of the volume, ``%`` or ``cc``.
    """
    if quantity == "gEUD":
        gy = geud(dvh, amount)
    elif quantity in _PLAIN_DOSES:
        gy = _PLAIN_DOSES[quantity](dvh)
    elif quantity == "Dmedian":
        return _dose_of_share("D", dvh, dvh.whole_cc / 2)
    else:
        return _dose_of_share(quantity, dvh, amount if unit == "cc" else _share(dvh, amount))
    return Flag.EMPTY if gy is None else gy


def volume_at_dose(dvh: DVH, quantity: str, gy: float, unit: str) -> float:
    """Evaluate V or CV in ``%`` or ``cc``; CV is the rest of the volume whose dose is known."""
    hot_cc = dvh.cc_at_dose(gy)
    cc = hot_cc if quantity == "V" else dvh.dosed_cc - hot_cc
    return cc if unit == "cc" else 100 * cc / dvh.whole_cc


def _share(dvh: DVH, percent: float) -> float:
    return percent / 100 * dvh.whole_cc


def _dose_of_share(quantity: str, dvh: DVH, cc: float) -> float | Flag:
    """Evaluate D or DC: the coldest volume of DC gets at most the dose that the rest gets.

    Where part of the ROI is outside the dose grid, nobody knows which volume is the coldest.
    """
    if quantity == "D":
        gy = dvh.dose_at_cc(cc)
    elif cc <= dvh.dosed_cc and not dvh.is_partly_outside:
        gy = dvh.dose_at_cc(dvh.dosed_cc - cc)
    else:
        gy = None
    if gy is not None:
        return gy
    return Flag.VOLUME_TOO_SMALL if cc > dvh.whole_cc else Flag.OUTSIDE_DOSE_GRID
