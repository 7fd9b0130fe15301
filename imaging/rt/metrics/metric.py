"""DVH metrics by name, in the grammar of AAPM TG-263 and a little beyond it."""

import re
from dataclasses import dataclass
from typing import Self

from imaging.errors import InputError
from imaging.rt.dvh import DVH
from imaging.rt.flags import Flag
from imaging.rt.metrics.biology import LATE_ALPHA_BETA_GY, bed, eqd2, known_alpha_beta_gy
from imaging.rt.metrics.context import PlanContext
from imaging.rt.metrics.indices import conformity_index, gradient_index, homogeneity_index
from imaging.rt.metrics.quantities import dose_of, volume_at_dose, volume_of

EXAMPLES = (
    "D95%[Gy] D0.03cc[Gy] D95%[%] DC5cc[Gy] Dmean[Gy] Dmin[Gy] Dmax[Gy] Dmedian[Gy] gEUD(8)[Gy] "
    "V20Gy[%] V20Gy[cc] V95%[%] CV20Gy[cc] Volume[cc] HI CI CI(95%) GI EQD2:Dmean[Gy] BED:D95%[Gy]"
)

_GRAMMAR = re.compile(
    r"""(?:(?P<effect>EQD2|BED):)?
        (?:(?P<at_volume>DC|D)(?P<volume>\d+(?:\.\d+)?)(?P<volume_unit>%|(?i:cc))
        |(?P<at_dose>CV|V)(?P<dose>\d+(?:\.\d+)?)(?P<dose_unit>%|(?i:Gy))
        |(?P<power>gEUD)\((?P<exponent>-?\d+(?:\.\d+)?)\)
        |(?P<index>CI|GI)(?:\((?P<isodose>\d+(?:\.\d+)?)%\))?
        |(?P<plain>D?(?:min|max|mean|median)|Min|Max|Mean|Median|Volume|HI))
        (?:\[(?P<unit>[^\]]*)\])?""",
    re.VERBOSE,
)
_WRITTEN = {"gy": "Gy", "cc": "cc"}  # units, whatever their letter case
_AT_DOSE = ("V", "CV")
_INDICES = ("HI", "CI", "GI")
_TO_BODY = {"CI": conformity_index, "GI": gradient_index}
_EFFECTS = {"BED": bed, "EQD2": eqd2}


@dataclass(frozen=True, slots=True)
class MetricValue:
    """What a metric says about one DVH.

    Attributes:
        value: The number, None when it cannot be had; then a flag says why.
        unit: ``Gy``, ``%`` or ``cc``, "" for an index; doses in ``%`` are of the prescription.
        flags: Why there is no value, such as ``EMPTY`` or ``NO_PRESCRIPTION``; or
            ``ALPHA_BETA_ASSUMED`` beside a value.
    """

    value: float | None
    unit: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a DVH.

    Attributes:
        quantity: ``D`` and ``DC`` (dose to the hottest and to the coldest volume), ``V`` and
            ``CV`` (volume that is known to get at least, and less than, a dose), ``Dmin``,
            ``Dmax``, ``Dmean``, ``Dmedian``, ``gEUD``, ``Volume``, ``HI`` (ICRU 83), ``CI`` or
            ``GI`` (Paddick's; of a target, with the prescription as the isodose).
        amount: The number in the name, the exponent of a gEUD, the isodose of CI and GI; 0 where
            there is none.
        amount_unit: ``%``, ``cc`` or ``Gy``; empty where the amount has none. For ``V``, ``CV``,
            ``CI`` and ``GI``, ``%`` is of the prescription.
        unit: Unit of the value, empty for an index.
        effect: ``EQD2`` or ``BED`` where the dose is one of these, empty where it is physical.
    """

    quantity: str
    amount: float
    amount_unit: str
    unit: str
    effect: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a metric by its TG-263 name; without a unit, doses are in Gy and volumes in %.

        Raises:
            InputError: The text is no metric; the message says why and gives examples.
        """
        match = _GRAMMAR.fullmatch(text.strip())
        if match is None:
            raise _refusal(text, "it does not follow the grammar")
        quantity, amount, amount_unit = _parts(match)
        units = _units_of(quantity)
        unit = units[0] if match["unit"] is None else _unit(match["unit"])
        metric = cls(quantity, amount, amount_unit, unit, match["effect"] or "")
        fault = "" if match["unit"] is None or unit in units else _unit_fault(units)
        fault = fault or _fault(metric)
        if fault:
            raise _refusal(text, fault)
        return metric

    @property
    def name(self) -> str:
        """The TG-263 name with its unit, such as ``D95%[Gy]``; an index has no unit."""
        amount = f"{self.amount:.10g}{self.amount_unit}" if self.amount_unit else ""
        if self.quantity == "gEUD":
            amount = f"({self.amount:.10g})"
        elif self.quantity in _TO_BODY:
            amount = "" if self.amount == 100 else f"({amount})"
        unit = f"[{self.unit}]" if self.unit else ""
        effect = f"{self.effect}:" if self.effect else ""
        return f"{effect}{self.quantity}{amount}{unit}"

    @property
    def needs_prescription(self) -> bool:
        """Whether the metric is relative to a prescribed dose."""
        if self.quantity in (*_AT_DOSE, *_TO_BODY):
            return self.amount_unit == "%"
        return self.quantity != "Volume" and self.unit == "%"

    @property
    def needs_body(self) -> bool:
        """Whether the metric compares an ROI with the whole body."""
        return self.quantity in _TO_BODY

    def of(self, dvh: DVH, prescription_gy: float | None = None) -> MetricValue:
        """Evaluate the metric on one DVH, when nothing but the prescription is known."""
        return self.evaluate(dvh, PlanContext(prescription_gy=prescription_gy))

    def evaluate(self, dvh: DVH, plan: PlanContext) -> MetricValue:
        """Evaluate the metric on one DVH of a plan.

        CI and GI are those of any ROI that the isodose reaches; of an organ at risk they say
        little. BED and EQD2 take all fractions to be alike.

        Raises:
            InputError: The plan's number of fractions or the ROI's alpha/beta is not positive.
        """
        lacking = self._lacking(dvh, plan)
        if lacking is not None:
            return MetricValue(None, self.unit, (lacking,))
        assumed: tuple[str, ...] = ()
        if self.effect:
            known_gy = known_alpha_beta_gy(dvh.roi_name, plan.alpha_beta_gy)
            assumed = () if known_gy is not None else (Flag.ALPHA_BETA_ASSUMED,)
            alpha_beta_gy = LATE_ALPHA_BETA_GY if known_gy is None else known_gy
            dvh = _EFFECTS[self.effect](dvh, plan.fractions or 0, alpha_beta_gy)
        value = _value(self, dvh, plan)
        if isinstance(value, Flag):
            return MetricValue(None, self.unit, (value,))
        return MetricValue(value, self.unit, assumed)

    def _lacking(self, dvh: DVH, plan: PlanContext) -> Flag | None:
        """Say what the metric needs and neither DVH nor plan holds."""
        if dvh.is_empty and self.quantity != "Volume":
            return Flag.EMPTY
        if self.needs_prescription and not plan.prescription_gy:
            return Flag.NO_PRESCRIPTION
        if self.needs_body and (plan.body is None or plan.body.is_empty):
            return Flag.NO_BODY
        return Flag.NO_FRACTIONS if self.effect and not plan.fractions else None


def _parts(match: re.Match[str]) -> tuple[str, float, str]:
    """Take quantity, amount and the amount's unit from a name, in their one spelling."""
    plain = match["plain"]
    if plain:
        is_dose = plain not in ("Volume", "HI")
        return f"D{plain.removeprefix('D').lower()}" if is_dose else plain, 0.0, ""
    if match["index"]:
        return match["index"], float(match["isodose"] or 100), "%"
    quantity = match["at_volume"] or match["at_dose"] or match["power"]
    amount = match["volume"] or match["dose"] or match["exponent"]
    return quantity, float(amount), _unit(match["volume_unit"] or match["dose_unit"] or "")


def _unit(text: str) -> str:
    return _WRITTEN.get(text.lower(), text)


def _units_of(quantity: str) -> tuple[str, ...]:
    """List the units that a quantity can be given in, the default first."""
    if quantity in _INDICES:
        return ("",)
    if quantity == "Volume":
        return ("cc",)
    return ("%", "cc") if quantity in _AT_DOSE else ("Gy", "%")


def _unit_fault(units: tuple[str, ...]) -> str:
    return f"its unit is one of {', '.join(units)}" if any(units) else "it has no unit"


def _fault(metric: Metric) -> str:
    """Say what makes a metric meaningless though it follows the grammar."""
    if metric.quantity in ("D", "DC") and metric.amount_unit == "%" and metric.amount > 100:
        return "there is no more than 100 % of a volume"
    if metric.quantity in ("gEUD", *_TO_BODY) and metric.amount == 0:
        return "its exponent is not 0" if metric.quantity == "gEUD" else "its isodose is above 0 %"
    if metric.effect and metric.quantity in (*_INDICES, "Volume"):
        return f"{metric.effect} is said of doses and of volumes at a dose"
    if metric.effect and metric.needs_prescription:
        return f"the prescription is a physical dose, so {metric.effect} has no % of it"
    return ""


def _value(metric: Metric, dvh: DVH, plan: PlanContext) -> float | Flag:
    """Evaluate a metric that has all it needs, or say with a flag why the ROI has none."""
    prescription_gy = plan.prescription_gy or 0.0
    if metric.quantity == "Volume":
        return volume_of(dvh)
    if metric.quantity == "HI":
        return homogeneity_index(dvh)
    if metric.quantity in _TO_BODY and plan.body is not None:
        isodose_gy = metric.amount / 100 * prescription_gy
        return _TO_BODY[metric.quantity](dvh, plan.body, isodose_gy)
    if metric.quantity in _AT_DOSE:
        gy = metric.amount if metric.amount_unit == "Gy" else metric.amount / 100 * prescription_gy
        return volume_at_dose(dvh, metric.quantity, gy, metric.unit)
    found = dose_of(dvh, metric.quantity, metric.amount, metric.amount_unit)
    if isinstance(found, Flag) or metric.unit == "Gy":
        return found
    return 100 * found / prescription_gy


def _refusal(text: str, reason: str) -> InputError:
    """Say what is wrong with a metric's name, and what right ones look like."""
    return InputError(f"{text!r} is no DVH metric: {reason}. Metrics look like {EXAMPLES}")
