"""The dose of one plan, out of what was exported for it (Dose Summation Type, PS3.3 C.8.8.3).

A PLAN dose is the plan's dose. Else the doses of all its beams are added. The dose of a fraction is
multiplied only when that is asked for: by the standard FRACTION is the dose of a whole fraction
group, and many exporters write the dose of one fraction, so no file can tell.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from imaging.errors import DicomError
from imaging.rt.doses.candidates import Candidate, distinct
from imaging.rt.doses.sums import Component, add_to, sum_of
from imaging.rt.files.attributes import items_of, named, refuse, text
from imaging.rt.files.prescriptions import fractions_of, prescription_of, treating_beams
from imaging.rt.flags import Flag

_DISAGREE = 0.01  # of the largest dose


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDose:
    """What makes up the dose of one plan.

    Attributes:
        components: The doses to be added.
        summation: How, in a few words.
        flags: What is odd about it.
        notes: What was left out and why, as sentences.
    """

    components: tuple[Component, ...]
    summation: str
    flags: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDoses:
    """The doses that were exported for one plan.

    Attributes:
        plan: The RT Plan, when its file is given.
        prescription_gy: What RELATIVE doses are relative to; None asks the plan.
        scale_fractions: Whether the dose of a fraction may be multiplied.
    """

    candidates: tuple[Candidate, ...]
    plan: Dataset | None = None
    prescription_gy: float | None = None
    scale_fractions: bool = False

    def choose(self) -> PlanDose:
        """Choose the dose.

        Raises:
            DicomError: There are several different ones, beams are missing, a fraction may not be
                multiplied, or a RELATIVE dose has no prescription.
        """
        groups = distinct(self.candidates)
        notes = [_same(group) for group in groups if len(group) > 1]
        kept = [group[0] for group in groups]
        by_type = {
            name: [candidate for candidate in kept if candidate.summation == name]
            for name in ("PLAN", "BEAM", "FRACTION")
        }
        if by_type["PLAN"]:
            chosen, used = self._of_plan(by_type["PLAN"], by_type["BEAM"]), by_type["PLAN"]
        elif by_type["BEAM"]:
            chosen, used = self._of_beams(by_type["BEAM"]), by_type["BEAM"]
        else:
            chosen, used = self._of_fraction(by_type["FRACTION"]), by_type["FRACTION"]
        rest = [candidate for candidate in kept if candidate not in used]
        notes += [_left_out(rest, chosen.summation)] if rest else []
        return PlanDose(
            components=chosen.components,
            summation=chosen.summation,
            flags=chosen.flags,
            notes=(*notes, *chosen.notes),
        )

    def _of_plan(self, doses: list[Candidate], beams: list[Candidate]) -> PlanDose:
        """Take the one PLAN dose, and compare it with the sum of the beams where there is one."""
        if len(doses) > 1:
            msg = "these are different PLAN doses of one plan; give the one that is meant"
            raise DicomError(_uids(doses), msg)
        component, notes = self._scaled(doses[0].dataset)
        flags = self._disagreement(component, beams) if beams else ()
        return PlanDose(components=(component,), summation="PLAN", flags=flags, notes=notes)

    def _disagreement(self, dose: Component, beams: list[Candidate]) -> tuple[Flag, ...]:
        """Flag a PLAN dose that is not the sum of its beams, if these can be added at all."""
        try:
            total, _ = sum_of(self._of_beams(beams).components)
            grid = dose.grid()
            largest_gy = grid.max_gy
            grid.values_gy[...] *= -1
            outside = add_to(grid, total)
        except DicomError:
            return ()  # an incomplete set of beams says nothing about the plan's dose
        differs = np.abs(grid.values_gy[~outside]).max() > _DISAGREE * largest_gy
        return (Flag.DOSES_DISAGREE,) if differs else ()

    def _of_beams(self, doses: list[Candidate]) -> PlanDose:
        """Add the doses of all beams."""
        for dose in doses:
            _refuse_relative(dose)
            if not dose.beams:
                refuse(dose.dataset, "ReferencedBeamNumber", "is missing from a BEAM dose")
        counts = Counter(number for dose in doses for number in dose.beams)
        repeated = _listed(number for number, count in counts.items() if count > 1)
        if repeated:
            msg = f"these hold several different doses of beam {repeated}"
            raise DicomError(_uids(doses), msg)
        needed = self._needed(len(counts))
        missing, unknown = _listed(needed - set(counts)), _listed(set(counts) - needed)
        if missing or unknown:
            msg = f"doses of beam {missing} are missing" if missing else ""
            msg = msg or f"the plan has no beam {unknown} that gives dose"
            raise DicomError(_uids(doses), f"{msg}; these BEAM doses are not the plan's dose")
        return PlanDose(
            components=tuple(Component(dose.dataset) for dose in doses),
            summation=f"sum of {len(counts)} beams",
            flags=() if self.plan is not None else (Flag.BEAMS_UNVERIFIED,),
        )

    def _needed(self, found: int) -> set[int]:
        """Give the numbers of the beams that must be there: 1 to n when no plan says so."""
        if self.plan is None:
            return set(range(1, found + 1))
        groups = self.plan.get("FractionGroupSequence") or []
        with items_of(self.plan):
            beams = [beam for group in groups for beam in treating_beams(self.plan, group)]
        return {int(beam.get("ReferencedBeamNumber", -1)) for beam in beams}

    def _of_fraction(self, doses: list[Candidate]) -> PlanDose:
        """Multiply the dose of one fraction, when that is asked for and makes sense."""
        if not doses:
            types = ", ".join(sorted({candidate.summation for candidate in self.candidates}))
            msg = f"{named('DoseSummationType')} is {types}: not the dose of a plan"
            raise DicomError(_uids(self.candidates), msg)
        if len(doses) > 1 or not self.scale_fractions:
            msg = "FRACTION is the only kind of dose here; a single one is multiplied when asked"
            raise DicomError(_uids(doses), msg)
        _refuse_relative(doses[0])
        fractions = self._fractions(doses[0])
        component = Component(doses[0].dataset, factor=fractions)
        summation = f"FRACTION x {fractions}"
        return PlanDose(components=(component,), summation=summation, flags=(Flag.SCALED_FRACTION,))

    def _fractions(self, dose: Candidate) -> int:
        """Say how many fractions there are, and refuse a dose that is of all of them already."""
        groups = [] if self.plan is None else self.plan.get("FractionGroupSequence") or []
        fractions = fractions_of(self.plan) if self.plan is not None and len(groups) == 1 else None
        if self.plan is None or fractions is None:
            msg = f"a FRACTION dose needs a plan with one {named('NumberOfFractionsPlanned')}"
            raise DicomError(dose.uid, msg)
        prescribed_gy = prescription_of(self.plan).dose_gy
        largest_gy = Component(dose.dataset).grid().max_gy
        # Half way, in ratio, between the dose of one fraction and that of all.
        if prescribed_gy and largest_gy > prescribed_gy / fractions**0.5 and fractions > 1:
            msg = f"reaches {largest_gy:.3g} Gy, too much for one of {fractions} fractions"
            raise DicomError(dose.uid, f"the FRACTION dose {msg}: it is of all of them")
        return fractions

    def _scaled(self, rtdose: Dataset) -> tuple[Component, tuple[str, ...]]:
        """Find what a RELATIVE dose is relative to."""
        if text(rtdose, "DoseUnits") != "RELATIVE":
            return Component(rtdose), ()
        gy, source = self.prescription_gy, "as given"
        if gy is None and self.plan is not None:
            prescription = prescription_of(self.plan)
            gy, source = prescription.dose_gy, prescription.source
        if gy is None:
            return Component(rtdose), ()  # reading it refuses
        return Component(rtdose, gy), (f"The RELATIVE dose is relative to {gy:g} Gy: {source}.",)


def _refuse_relative(dose: Candidate) -> None:
    if text(dose.dataset, "DoseUnits") == "RELATIVE":
        refuse(dose.dataset, "DoseUnits", "is RELATIVE, which is understood for whole plans only")


def _same(group: Sequence[Candidate]) -> str:
    return f"{len(group)} doses are the same and count once: {_uids(group)}."


def _left_out(rest: Sequence[Candidate], summation: str) -> str:
    types = ", ".join(sorted({candidate.summation for candidate in rest}))
    return f"Left out ({len(rest)}), {types} beside {summation}: {_uids(rest)}."


def _uids(doses: Sequence[Candidate]) -> str:
    return ", ".join(dose.uid for dose in doses)


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in sorted(numbers))
