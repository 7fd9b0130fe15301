"""Which doses may be used at all: those of plans that are given, and that are approved."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pydicom import Dataset

from imaging.errors import DicomError, InputError
from imaging.rt.doses.candidates import Candidate
from imaging.rt.files.attributes import text

Groups = dict[tuple[str, ...], list[Candidate]]
"""Doses by the plans that each is of: one, several when it is a sum already, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DosePolicy:
    """What may be done to get a dose.

    Attributes:
        sum_plans: SOP Instance UIDs or labels of the plans to use; several are added. () takes the
            only plan there is, and refuses when there are more.
        scale_fractions: Multiply the dose of a fraction by the plan's number of fractions.
        include_unapproved: Use plans whose Approval Status is UNAPPROVED, even where there are
            several doses; never REJECTED ones.
        prescription_gy: What 100 % of the dose means, and a RELATIVE dose is relative to; None asks
            the plan.
    """

    sum_plans: tuple[str, ...] = ()
    scale_fractions: bool = False
    include_unapproved: bool = False
    prescription_gy: float | None = None


def check_plans(dose: Candidate, plans: Sequence[Dataset]) -> None:
    """Refuse a dose that is of none of the plans that are given.

    Raises:
        DicomError: It refers to other plans only; names them.
    """
    given = [str(plan.SOPInstanceUID) for plan in plans]
    if _is_of_others(dose.plan_uids, given):
        msg = f"the dose belongs to plan {', '.join(dose.plan_uids)}, not to {', '.join(given)}"
        raise DicomError(dose.uid, msg)


def admitted(
    candidates: Sequence[Candidate], plans: Mapping[str, Dataset], policy: DosePolicy
) -> tuple[Groups, list[str]]:
    """Leave out doses of plans that are not given or not approved, and group the rest.

    Returns:
        The doses that are left, and a sentence for each reason why others are not.

    Raises:
        InputError: None is left.
    """
    kept: Groups = {}
    reasons: dict[str, list[str]] = {}
    for candidate in candidates:
        # A dose that names no plan belongs to the plan it was given with, if that is one.
        only = tuple(plans) if len(plans) == 1 else ()
        key = tuple(sorted(candidate.plan_uids)) or only
        reason = _why_not(key, plans, policy)
        if reason:
            reasons.setdefault(reason, []).append(candidate.uid)
        else:
            kept.setdefault(key, []).append(candidate)
    notes = [f"Left out ({len(uids)}), {why}: {', '.join(uids)}." for why, uids in reasons.items()]
    if not kept:
        msg = " ".join(["No dose can be used.", *notes])
        raise InputError(msg)
    return kept, notes


def _why_not(key: tuple[str, ...], plans: Mapping[str, Dataset], policy: DosePolicy) -> str:
    """Say why the dose of these plans is not used; empty when it is."""
    if _is_of_others(key, plans):
        return f"of plans that are not given ({', '.join(key)})"
    refused = ("REJECTED",) if policy.include_unapproved else ("REJECTED", "UNAPPROVED")
    for uid in key:
        status = text(plans[uid], "ApprovalStatus") if uid in plans else ""
        if status in refused:
            return f"of plan {uid}, which is {status}"
    return ""


def _is_of_others(plan_uids: Sequence[str], given: Collection[str]) -> bool:
    return bool(plan_uids and given) and set(plan_uids).isdisjoint(given)
