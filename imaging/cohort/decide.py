"""From the listing of a patient to a verdict: outcome, decisions, and the chain to retrieve."""

from collections.abc import Sequence
from dataclasses import dataclass

from imaging.cohort.codes import Outcome
from imaging.cohort.decision import Decision, outcome_of
from imaging.cohort.geometry import judge_slices
from imaging.cohort.link import BY_FRAME, Chain, RtObject, find_chains, rt_objects
from imaging.cohort.rules import CohortRules, contains_any
from imaging.dicom import PatientRow, SeriesRow, StudyRow


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about a patient before retrieval."""

    decisions: tuple[Decision, ...]
    chain: Chain | None = None

    @property
    def outcome(self) -> Outcome:
        """The worst of the decisions."""
        return outcome_of(self.decisions)


def decide(patient: PatientRow, rules: CohortRules) -> Verdict:
    """Judge a patient by the rules; a chain is chosen only when exactly one is possible."""
    studies, refusal = _studies_that_count(patient.studies, rules)
    if refusal is not None:
        return Verdict((refusal,))
    series = [row for study in studies for row in study.series]
    if refusal := _missing_modality(series, rules):
        return Verdict((refusal,))
    structure_sets = rt_objects(series, "RTSTRUCT")
    wanted = [s for s in structure_sets if rules.wants_roi([name for _, name in s.refers.rois])]
    if structure_sets and not wanted and "RTSTRUCT" in rules.required_modalities:
        searched = Decision(
            "I_EXEC_008",
            "",
            {"structure_sets": len(structure_sets), "wanted": rules.wanted_rois},
        )
        return Verdict((searched,))
    passed = Decision("I_SUCC_001", "", {"studies": len(studies), "series": len(series)})
    return _verdict_on_chains(passed, series, wanted, rules)


def _studies_that_count(
    studies: Sequence[StudyRow], rules: CohortRules
) -> tuple[list[StudyRow], Decision | None]:
    """Drop phantom studies and those the description rules refuse; a Decision when none is left."""
    real = [study for study in studies if not _is_phantom(study, rules)]
    if not real:
        return [], Decision("I_EXEC_004", "", {"studies": len(studies)})
    must, must_not = rules.description_must_contain, rules.description_must_not_contain
    kept = [
        study
        for study in real
        if (not must or contains_any(study.description, must))
        and not contains_any(study.description, must_not)
    ]
    if not kept:
        return [], Decision("I_EXEC_006", "", {"studies": len(real)})
    return kept, None


def _is_phantom(study: StudyRow, rules: CohortRules) -> bool:
    texts = [study.description, *(row.tags.get("SeriesDescription", "") for row in study.series)]
    return any(contains_any(text, rules.phantom_patterns) for text in texts)


def _missing_modality(series: Sequence[SeriesRow], rules: CohortRules) -> Decision | None:
    present = {row.modality for row in series if row.instances}
    missing = [name for name in rules.required_modalities if name not in present]
    if not missing:
        return None
    return Decision("I_EXEC_005", "", {"missing": [*missing]})


def _verdict_on_chains(
    passed: Decision, series: Sequence[SeriesRow], wanted: Sequence[RtObject], rules: CohortRules
) -> Verdict:
    """Look for chains with plans that are not refused, then with unapproved ones, for review."""
    required = rules.required_modalities
    plans = [p for p in rt_objects(series, "RTPLAN") if p.refers.approval_status != "REJECTED"]
    approved = [p for p in plans if p.refers.approval_status != "UNAPPROVED"]
    unreadable = sorted(
        uid for row in series if row.modality.startswith("RT") for uid in row.unreadable
    )
    notes: list[Decision] = []
    chains = find_chains(series, wanted, approved, required)
    if not chains and len(approved) < len(plans):
        chains = find_chains(series, wanted, plans, required)
        notes = [Decision("II_REV_004", c.plan.uid) for c in chains if c.plan is not None]
    if not chains:
        return Verdict((passed, _no_chain(series, wanted, plans, unreadable)))
    if len(chains) > 1:
        return Verdict((passed, _several(chains)))
    notes += [Decision("II_REV_006", uid) for uid in unreadable]
    return Verdict((passed, *_about(chains[0], series), *notes), chains[0])


def _no_chain(
    series: Sequence[SeriesRow],
    wanted: Sequence[RtObject],
    plans: Sequence[RtObject],
    unreadable: list[str],
) -> Decision:
    """Say why nothing is complete: an unreadable object, or the first thing referred to in vain."""
    if unreadable:
        return Decision("II_EXEC_004", unreadable[0], {"unreadable": unreadable})
    known = {row.series_instance_uid for row in series}
    absent = {uid for s in wanted for uid in s.refers.series_uids} - known
    known_structs = {struct.uid for struct in wanted}
    lost_plans = [
        p.uid for p in plans if not known_structs.intersection(p.refers.structure_set_uids)
    ]
    return Decision(
        "II_EXEC_002",
        "",
        {"referenced_series_absent": sorted(absent), "plans_without_structure_set": lost_plans},
    )


def _several(chains: Sequence[Chain]) -> Decision:
    """Several treatments (on images of different studies), or several readings of one."""
    studies = {c.images.study_instance_uid for c in chains if c.images is not None}
    code = "I_EXEC_007" if len(studies) > 1 else "II_EXEC_003"
    return Decision(code, "", {"chains": len(chains), "studies": sorted(studies)})


def _about(chain: Chain, series: Sequence[SeriesRow]) -> list[Decision]:
    """Judge the one chain: its links, its images, its doses."""
    uid = chain.images.series_instance_uid if chain.images is not None else ""
    links = [f"{link}: {evidence}" for link, evidence in chain.evidence.items() if evidence]
    weak = BY_FRAME in chain.evidence.values()
    found = [Decision("II_SUCC_002" if weak else "II_SUCC_001", uid, {"links": links})]
    if chain.structure_set is not None:
        drawn_on = set(chain.structure_set.refers.image_uids)
        there = {i.sop_instance_uid for row in series for i in row.instances}
        if missing := len(drawn_on - there):
            counts = {"missing": missing, "referenced": len(drawn_on)}
            found.append(Decision("II_REV_003", chain.structure_set.uid, counts))
    if chain.images is not None:
        found += judge_slices(chain.images)
    for dose in chain.doses:
        if dose.refers.dose_summation_type != "PLAN":
            stated = {"type": dose.refers.dose_summation_type or "not stated"}
            found.append(Decision("II_REV_005", dose.uid, stated))
    return found
