"""What a plan prescribes, and which of its attributes says so (PS3.3 C.8.8.10 and C.8.8.13)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydicom import Dataset

from imaging.rt.files.attributes import count_of, items_of, named, number, text
from imaging.rt.files.reading import read_object

_NOT_TREATING = ("SETUP", "OPEN_PORTFILM", "VERIFICATION")  # PS3.3 C.8.8.14; the rest give dose


@dataclass(frozen=True, slots=True)
class Prescription:
    """The dose that is 100 %, and where it was found.

    Attributes:
        dose_gy: Over all fractions, in Gy; None when the plan states none.
        source: The attributes it is from, for a reader; says so when there are none.
        fractions: Number of fractions planned, None when the plan does not say.
        levels: Every Target Prescription Dose in Gy, highest first; empty when there is none.
    """

    dose_gy: float | None
    source: str
    fractions: int | None
    levels: tuple[float, ...] = ()

    @classmethod
    def unknown(cls) -> Self:
        """Say that there is no single plan to ask."""
        return cls(None, "there is no single plan that states a prescription", None)


def prescription_of(rtplan: Path | Dataset) -> Prescription:
    """Find the prescription of a plan.

    The Target Prescription Doses of its targets come first; of several levels the highest is 100 %.
    Else it is what the beams give: Beam Dose is of one fraction and, in a beam, of one point, so
    such a prescription is the dose at that point.

    Raises:
        DicomError: The file is no readable RT Plan, or a dose or number is none.
    """
    plan = read_object(rtplan, "RTPLAN") if isinstance(rtplan, Path) else rtplan
    with items_of(plan):
        return _prescription(plan)


def _prescription(plan: Dataset) -> Prescription:
    fractions = fractions_of(plan)
    levels = tuple(sorted(_target_doses(plan), reverse=True))
    if levels:
        source = named("TargetPrescriptionDose")
        if len(set(levels)) > 1:
            source += f", the highest of {len(levels)}"
        return Prescription(levels[0], source, fractions, levels)
    dose_gy = _given_by_beams(plan)
    if dose_gy is None:
        return Prescription(None, "the plan states no prescription", fractions)
    source = f"{named('BeamDose')} x {named('NumberOfFractionsPlanned')}"
    return Prescription(dose_gy, source, fractions)


def fractions_of(plan: Dataset) -> int | None:
    """Count the fractions that a plan is for, None when it does not say.

    Fraction groups are given one after the other, so their fractions add up.

    Raises:
        DicomError: Number of Fractions Planned is no whole number.
    """
    groups = [_fractions(group) for group in plan.get("FractionGroupSequence") or []]
    return sum(groups) or None


def _fractions(group: Dataset) -> int:
    return count_of(group, "NumberOfFractionsPlanned", least=0, default=0)


def _target_doses(plan: Dataset) -> Iterator[float]:
    """Find the prescribed doses of targets in Gy; a missing type means a target."""
    for item in plan.get("DoseReferenceSequence") or []:
        dose_gy = number(item, "TargetPrescriptionDose", default=0)
        if text(item, "DoseReferenceType") in ("", "TARGET") and dose_gy > 0:
            yield dose_gy


def _given_by_beams(plan: Dataset) -> float | None:
    """Add up fractions x dose of the beams (or of the applicators), None when one is unknown.

    With doses for only some of the beams that treat, a sum would be too low.
    """
    total_gy = 0.0
    for group in plan.get("FractionGroupSequence") or []:
        beams = [item.get("BeamDose") for item in treating_beams(plan, group)]
        setups = group.get("ReferencedBrachyApplicationSetupSequence") or []
        doses = beams + [item.get("BrachyApplicationSetupDose") for item in setups]
        if any(dose in (None, "") for dose in doses):
            return None
        total_gy += _fractions(group) * sum(float(dose) for dose in doses)
    return total_gy or None


def treating_beams(plan: Dataset, group: Dataset) -> list[Dataset]:
    """List the items of a fraction group's Referenced Beam Sequence whose beams give dose.

    Not those for setup or imaging (Treatment Delivery Type), and not those that state neither dose
    nor meterset, unless none of the group's beams states one.
    """
    delivered = {
        str(beam.get("BeamNumber")): text(beam, "TreatmentDeliveryType")
        for key in ("BeamSequence", "IonBeamSequence")
        for beam in plan.get(key) or []
    }
    referenced = [
        item
        for item in group.get("ReferencedBeamSequence") or []
        if delivered.get(str(item.get("ReferencedBeamNumber")), "") not in _NOT_TREATING
    ]
    return [item for item in referenced if _gives_dose(item)] or referenced


def _gives_dose(referenced_beam: Dataset) -> bool:
    stated = [number(referenced_beam, key, default=0) for key in ("BeamDose", "BeamMeterset")]
    return any(value > 0 for value in stated)
