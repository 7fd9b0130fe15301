"""DVH metrics by name, in the grammar of AAPM TG-263."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from imaging.errors import InputError
from imaging.rt.dvh import DVH
from imaging.rt.flags import Flag

EXAMPLES = (
    "D95%[Gy] D0.03cc[Gy] D95%[%] DC5cc[Gy] Dmean[Gy] Dmin[Gy] Dmax[Gy] Dmedian[Gy] "
    "V20Gy[%] V20Gy[cc] V95%[%] CV20Gy[cc] Volume[cc]"
)

_GRAMMAR = re.compile(
    r"""(?:(?P<at_volume>DC|D)(?P<volume>\d+(?:\.\d+)?)(?P<volume_unit>%|cc)
        |(?P<at_dose>CV|V)(?P<dose>\d+(?:\.\d+)?)(?P<dose_unit>%|Gy)
        |(?P<plain>Dmin|Dmax|Dmean|Dmedian|Volume))
        (?:\[(?P<unit>[^\]]*)\])?""",
    re.VERBOSE,
)
_DOSE_UNITS = ("Gy", "%")  # the first is the one meant when none is written
_VOLUME_UNITS = ("%", "cc")
_SIZE_UNITS = ("cc",)


@dataclass(frozen=True, slots=True)
class MetricValue:
    """What a metric says about one DVH.

    Attributes:
        value: The number, None when it cannot be had; then a flag says why.
        unit: ``Gy``, ``%`` or ``cc``; doses in ``%`` are of the prescription.
        flags: ``EMPTY``, ``NO_PRESCRIPTION`` or ``VOLUME_TOO_SMALL``.
    """

    value: float | None
    unit: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a DVH.

    Attributes:
        quantity: ``D`` and ``DC`` (dose to the hottest and to the coldest volume), ``V`` and
            ``CV`` (volume that gets at least, and less than, a dose), ``Dmin``, ``Dmax``,
            ``Dmean``, ``Dmedian`` or ``Volume``.
        amount: The number in the name; 0 where the name has none.
        amount_unit: ``%``, ``cc`` or ``Gy``; empty where the name has none. For ``V`` and ``CV``,
            ``%`` is of the prescription.
        unit: Unit of the value.
    """

    quantity: str
    amount: float
    amount_unit: str
    unit: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a metric by its TG-263 name; without a unit, doses are in Gy and volumes in %.

        Raises:
            InputError: The text is no metric; the message says why and gives examples.
        """
        match = _GRAMMAR.fullmatch(text.strip())
        if match is None:
            raise _refusal(text, "it does not follow the grammar")
        quantity = match["at_volume"] or match["at_dose"] or match["plain"]
        units = _units_of(quantity)
        unit = units[0] if match["unit"] is None else match["unit"]
        if unit not in units:
            raise _refusal(text, f"its unit is one of {', '.join(units)}")
        amount = float(match["volume"] or match["dose"] or 0)
        amount_unit = match["volume_unit"] or match["dose_unit"] or ""
        if match["volume_unit"] == "%" and amount > 100:
            raise _refusal(text, "there is no more than 100 % of a volume")
        return cls(quantity, amount, amount_unit, unit)

    @property
    def name(self) -> str:
        """The TG-263 name with its unit, such as ``D95%[Gy]``."""
        amount = f"{self.amount:.10g}{self.amount_unit}" if self.amount_unit else ""
        return f"{self.quantity}{amount}[{self.unit}]"

    @property
    def needs_prescription(self) -> bool:
        """Whether the metric is relative to a prescribed dose."""
        if self.quantity in _AT_DOSE:
            return self.amount_unit == "%"
        return self.quantity != "Volume" and self.unit == "%"

    def of(self, dvh: DVH, prescription_gy: float | None = None) -> MetricValue:
        """Evaluate the metric on one DVH.

        Args:
            dvh: The DVH.
            prescription_gy: What 100 % of the dose means, None when it is not known.
        """
        if self.quantity == "Volume":
            return MetricValue(dvh.volume_cc, self.unit)
        if dvh.is_empty:
            return MetricValue(None, self.unit, (Flag.EMPTY,))
        if self.needs_prescription and not prescription_gy:
            return MetricValue(None, self.unit, (Flag.NO_PRESCRIPTION,))
        of_quantity = _volume_at_dose if self.quantity in _AT_DOSE else _dose
        value = of_quantity(self, dvh, prescription_gy or 0.0)
        return MetricValue(value, self.unit, () if value is not None else (Flag.VOLUME_TOO_SMALL,))


_AT_DOSE = ("V", "CV")
_PLAIN_DOSES: dict[str, Callable[[DVH], float | None]] = {
    "Dmin": lambda dvh: dvh.min_gy,
    "Dmax": lambda dvh: dvh.max_gy,
    "Dmean": lambda dvh: dvh.mean_gy,
    "Dmedian": lambda dvh: dvh.median_gy,
}


def _units_of(quantity: str) -> tuple[str, ...]:
    """List the units that a quantity can be given in, the default first."""
    if quantity == "Volume":
        return _SIZE_UNITS
    return _VOLUME_UNITS if quantity in _AT_DOSE else _DOSE_UNITS


def _dose(metric: Metric, dvh: DVH, prescription_gy: float) -> float | None:
    """Evaluate a metric whose value is a dose; None when the ROI is too small for it."""
    plain = _PLAIN_DOSES.get(metric.quantity)
    gy = plain(dvh) if plain else _dose_at_volume(metric, dvh)
    if gy is None or metric.unit == "Gy":
        return gy
    return 100 * gy / prescription_gy


def _dose_at_volume(metric: Metric, dvh: DVH) -> float | None:
    """Evaluate D and DC; the coldest volume v gets at most the dose that the rest gets."""
    cc = metric.amount if metric.amount_unit == "cc" else metric.amount / 100 * dvh.dosed_cc
    if metric.quantity == "D":
        return dvh.dose_at_cc(cc)
    return dvh.dose_at_cc(dvh.dosed_cc - cc) if cc <= dvh.dosed_cc else None


def _volume_at_dose(metric: Metric, dvh: DVH, prescription_gy: float) -> float:
    """Evaluate V and CV; CV is the rest of the volume."""
    gy = metric.amount if metric.amount_unit == "Gy" else metric.amount / 100 * prescription_gy
    hot_cc = dvh.cc_at_dose(gy)
    cc = hot_cc if metric.quantity == "V" else dvh.dosed_cc - hot_cc
    return cc if metric.unit == "cc" else 100 * cc / dvh.dosed_cc


def _refusal(text: str, reason: str) -> InputError:
    """Say what is wrong with a metric's name, and what right ones look like."""
    return InputError(f"{text!r} is no DVH metric: {reason}. Metrics look like {EXAMPLES}")
