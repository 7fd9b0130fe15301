"""The complete chains of a patient, or why there is none; approved plans before others."""

from collections.abc import Sequence
from dataclasses import replace

from imaging.cohort.about import about_chain
from imaging.cohort.courses import Course, course_of
from imaging.cohort.decision import Decision
from imaging.cohort.link import find_chains
from imaging.cohort.objects import Chain, RtObject, objects_of, rt_objects
from imaging.cohort.specification import CohortSpecification
from imaging.dicom import SeriesRow


def complete_chains(
    series: Sequence[SeriesRow], rules: CohortSpecification
) -> tuple[list[Chain], Decision | None]:
    """Return the complete chains within the bounds; where there is none, a Decision why."""
    every = rt_objects(series, "RTPLAN")
    plans = [plan for plan in every if _may_be_used(plan, rules)]
    chains = find_chains(objects_of(series, rules, plans), rules.required_modalities)
    if not chains:
        return [], _no_chain(series, plans, rules)
    if rules.slices.outside == "EXCLUDE":
        fitting = [chain for chain in chains if not _slices_outside(chain, rules)]
        if not fitting:
            return [], _slices_outside(chains[0], rules)[0]
        chains = fitting
    return chains, None


def _may_be_used(plan: RtObject, rules: CohortSpecification) -> bool:
    status = plan.refers.approval_status
    return status == "APPROVED" if rules.approval == "approved_only" else status != "REJECTED"


def approved_first(
    chains: Sequence[Chain], courses: Sequence[Course], rules: CohortSpecification
) -> tuple[list[Chain], list[Decision]]:
    """Leave out chains of unapproved plans where their course has another; note the rest."""
    unapproved = {chain.key for chain in chains if _is_unapproved(chain)}
    if rules.approval != "approved_first" or not unapproved:
        return list(chains), []
    settled = {course_of(c, courses).number for c in chains if c.key not in unapproved}
    kept = [
        chain
        for chain in chains
        if chain.key not in unapproved or course_of(chain, courses).number not in settled
    ]
    return kept, [Decision("II_REV_004", p.uid) for c in kept if _is_unapproved(c) for p in c.plans]


def _is_unapproved(chain: Chain) -> bool:
    return any(plan.refers.approval_status == "UNAPPROVED" for plan in chain.plans)


def _slices_outside(chain: Chain, rules: CohortSpecification) -> list[Decision]:
    """Judge the number of slices of a chain; see `about_chain` for bounds that only ask to look."""
    return [
        replace(decision, code="II_EXEC_005")
        for decision in about_chain(chain, [], rules)
        if decision.code in {"II_REV_001", "II_REV_002"}
    ]


def _no_chain(
    series: Sequence[SeriesRow], plans: Sequence[RtObject], rules: CohortSpecification
) -> Decision:
    """Say why nothing is complete: an unreadable object, or the first thing referred to in vain."""
    required = rules.required_modalities
    if unreadable := unreadable_objects(series):
        return Decision("II_EXEC_004", unreadable[0], {"unreadable": unreadable})
    if (every := rt_objects(series, "RTPLAN")) and not plans and "RTPLAN" in required:
        return Decision("II_EXEC_006", "", {"plans": len(every)})
    objects = objects_of(series, rules, plans)
    known = {row.series_instance_uid for row in series}
    absent = {uid for s in objects.structure_sets for uid in s.refers.series_uids} - known
    structs = {struct.uid for struct in objects.structure_sets}
    lost_plans = [p.uid for p in plans if not structs.intersection(p.refers.structure_set_uids)]
    return Decision(
        "II_EXEC_002",
        "",
        {"referenced_series_absent": sorted(absent), "plans_without_structure_set": lost_plans},
    )


def unreadable_objects(series: Sequence[SeriesRow]) -> list[str]:
    """Return the SOPInstanceUIDs of RT objects that cannot be read, sorted."""
    return sorted(uid for row in series if row.modality.startswith("RT") for uid in row.unreadable)
