"""Which dose a DVH is calculated in, out of the RTDOSE files of a patient.

One plan's dose, once. Nothing is added across plans unless the plans are named, and what was left
out is said in sentences beside the result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydicom import Dataset

from imaging.dicom import name_key
from imaging.errors import DicomError, InputError
from imaging.rt.doses.admission import DosePolicy, Groups, admitted, check_plans
from imaging.rt.doses.candidates import Candidate, distinct, read_candidate
from imaging.rt.doses.grid import DoseGrid
from imaging.rt.doses.grid_reading import grid_flags
from imaging.rt.doses.plan_doses import PlanDose, PlanDoses
from imaging.rt.doses.sums import Component, sum_of
from imaging.rt.files.attributes import text
from imaging.rt.files.objects import read_rtplan
from imaging.rt.flags import Flag

__all__ = ["DosePolicy", "SelectedDose", "select_dose", "select_read"]

_OF_PLANS = ("PLAN", "MULTI_PLAN", "PLAN_OVERVIEW")


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedDose:
    """The dose that was chosen or added up.

    Attributes:
        grid: The doses and where they are.
        uids: SOP Instance UIDs of the RTDOSEs in it.
        summation: PLAN, or how they were added, in a few words.
        plan_uids: SOP Instance UIDs of its plans; empty when no dose refers to one.
        flags: What is odd about it; these belong to every DVH in it.
        notes: What was left out and why, as sentences of counts and UIDs.
    """

    grid: DoseGrid
    uids: tuple[str, ...]
    summation: str
    plan_uids: tuple[str, ...]
    flags: tuple[Flag, ...]
    notes: tuple[str, ...]

    @property
    def is_sum_of_plans(self) -> bool:
        """Whether it is of several plans, which no one plan's prescription describes."""
        return Flag.SUM_OF_PLANS in self.flags


def select_dose(
    rtdoses: Sequence[Path], *, plans: Sequence[Path] = (), policy: DosePolicy | None = None
) -> SelectedDose:
    """Choose the dose of a patient, and add up its parts where that is right.

    Args:
        rtdoses: Files of RT Dose, in any order. A single one was named: its plan need not be
            approved, but must be among those given.
        plans: Files of RT Plan; when there are any, doses of other plans are left out.
        policy: What may be done; the default adds nothing but the beams of one plan.

    Raises:
        InputError: No dose may be used, or several plans have one and none is named.
        DicomError: A file cannot be read, a single dose belongs to another plan, or the doses
            contradict each other.
    """
    candidates = [read_candidate(path) for path in rtdoses]
    return select_read(candidates, [read_rtplan(path) for path in plans], policy or DosePolicy())


def select_read(
    candidates: Sequence[Candidate], plans: Sequence[Dataset], policy: DosePolicy
) -> SelectedDose:
    """Choose among doses that are read already; else as ``select_dose``."""
    if len(candidates) == 1:
        check_plans(candidates[0], plans)
        policy = replace(policy, include_unapproved=True)
    by_uid = {str(plan.SOPInstanceUID): plan for plan in plans}
    kept, notes = admitted(candidates, by_uid, policy)
    groups, left_out = _chosen_plans(kept, by_uid, policy)
    if len(groups) > 1:  # one number cannot be what each of several plans prescribes
        policy = replace(policy, prescription_gy=None)
    doses = [_dose_of(key, group, by_uid, policy) for key, group in groups.items()]
    notes += [*left_out, *(note for dose in doses for note in dose.notes)]
    return _selected(doses, list(groups), by_uid, notes)


def _chosen_plans(
    kept: Groups, plans: Mapping[str, Dataset], policy: DosePolicy
) -> tuple[Groups, list[str]]:
    """Choose the plans that are named, or the only one there is; and say what that leaves out."""
    chosen = _named(kept, plans, policy.sum_plans) if policy.sum_plans else _only(kept)
    used = [dose for doses in chosen.values() for dose in doses]
    rest = [dose.uid for doses in kept.values() for dose in doses if dose not in used]
    notes = [f"Left out ({len(rest)}), of other plans: {', '.join(rest)}."] if rest else []
    return chosen, notes


def _named(kept: Groups, plans: Mapping[str, Dataset], names: Sequence[str]) -> Groups:
    """Choose the doses of the plans named, or the one dose that is their sum already."""
    known = {uid for key in kept for uid in key}
    uids = [_plan_uid(name, known, plans) for name in names]
    together = tuple(sorted(set(uids)))
    if together in kept:
        return {together: kept[together]}
    alone: Groups = {(uid,): kept[uid,] for uid in together if (uid,) in kept}
    if len(alone) < len(together):
        missing = ", ".join(uid for uid in together if (uid,) not in alone)
        msg = f"no dose of its own can be used for plan {missing}"
        raise InputError(msg)
    return alone


def _plan_uid(name: str, known: set[str], plans: Mapping[str, Dataset]) -> str:
    """Find the plan with a dose that has this UID or RT Plan Label."""
    if name in known:
        return name
    labels = {uid: name_key(str(plans[uid].get("RTPlanLabel", ""))) for uid in known & set(plans)}
    found = [uid for uid, label in labels.items() if label == name_key(name)]
    if len(found) != 1:
        msg = f"{len(found)} plans with a dose that can be used are called {name!r}, not one"
        raise InputError(msg)
    return found[0]


def _only(kept: Groups) -> Groups:
    """Choose the only plan with a dose; a sum of plans only when there is nothing else."""
    alone = {key: doses for key, doses in kept.items() if not _is_sum(key, doses)} or kept
    first = next(iter(alone))
    if len(alone) == 1 or len(distinct([dose for doses in alone.values() for dose in doses])) == 1:
        return {first: [dose for doses in alone.values() for dose in doses]}
    listed = "; ".join(", ".join(key) or "(none stated)" for key in alone)
    msg = f"{len(alone)} plans have a dose; name the one to use, or those to add: {listed}"
    raise InputError(msg)


def _is_sum(key: tuple[str, ...], doses: Sequence[Candidate]) -> bool:
    return len(key) > 1 or all(dose.is_of_plans for dose in doses)


def _dose_of(
    key: tuple[str, ...], doses: list[Candidate], plans: Mapping[str, Dataset], policy: DosePolicy
) -> PlanDose:
    """Choose the dose of one plan, or the one dose of several."""
    if not _is_sum(key, doses):
        plan = plans.get(key[0]) if key else None
        return PlanDoses(
            candidates=tuple(doses),
            plan=plan,
            prescription_gy=policy.prescription_gy,
            scale_fractions=policy.scale_fractions,
        ).choose()
    groups = distinct(doses)
    dose = groups[0][0]
    if len(groups) > 1 or dose.summation not in _OF_PLANS:
        uids = ", ".join(dose.uid for dose in doses)
        msg = "these are not one dose of several plans"
        raise DicomError(uids, msg)
    component = Component(dose.dataset, policy.prescription_gy)
    flags = (Flag.SUM_OF_PLANS,)
    return PlanDose(components=(component,), summation=dose.summation, flags=flags)


def _flags(doses: Sequence[PlanDose], plans: Sequence[Dataset], outside: int) -> tuple[Flag, ...]:
    """Collect the flags of the doses and those of their sum, each once."""
    found = [flag for dose in doses for flag in dose.flags]
    components = [component for dose in doses for component in dose.components]
    found += [flag for component in components for flag in grid_flags(component.rtdose)]
    states = {bool(component.rtdose.get("FrameOfReferenceUID")) for component in components}
    of_all = {
        Flag.SUM_OF_PLANS: len(doses) > 1,
        Flag.OUTSIDE_COMPONENT_GRID: outside > 0,
        Flag.FRAME_UNKNOWN: len(states) > 1,
        Flag.UNAPPROVED_PLAN: any(text(plan, "ApprovalStatus") == "UNAPPROVED" for plan in plans),
    }
    return tuple(dict.fromkeys([*found, *(flag for flag, is_so in of_all.items() if is_so)]))


def _selected(
    doses: Sequence[PlanDose],
    keys: Sequence[tuple[str, ...]],
    plans: Mapping[str, Dataset],
    notes: list[str],
) -> SelectedDose:
    """Add up what was chosen."""
    parts = [part for dose in doses for part in dose.components]
    grid, outside = sum_of(parts)
    plan_uids = tuple(dict.fromkeys(uid for key in keys for uid in key))
    if outside:
        notes.append(f"{outside} voxels of the sum are outside the grid of one of its doses.")
    return SelectedDose(
        grid=grid,
        uids=tuple(str(part.rtdose.SOPInstanceUID) for part in parts),
        summation=doses[0].summation if len(doses) == 1 else f"sum of {len(doses)} plans",
        plan_uids=plan_uids,
        flags=_flags(doses, [plans[uid] for uid in plan_uids if uid in plans], outside),
        notes=tuple(notes),
    )
