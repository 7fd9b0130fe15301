"""From the listing of a patient to a verdict: outcome, decisions, and the chains to retrieve."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from imaging.cohort.about import about_chain
from imaging.cohort.choose import choose_chains, merged_plans
from imaging.cohort.codes import Outcome
from imaging.cohort.courses import Course, courses_of
from imaging.cohort.decision import Decision, outcome_of
from imaging.cohort.link import find_chains
from imaging.cohort.objects import Chain, RtObject, objects_of, rt_objects
from imaging.cohort.specification import CohortSpecification, contains_any
from imaging.dicom import PatientRow, SeriesRow, StudyRow


@dataclass(frozen=True, slots=True)
class CaseVerdict:
    """One chain to retrieve: a case of the cohort, or a candidate put aside for a person.

    Attributes:
        course: The number of its course.
        decisions: About this chain alone.
    """

    chain: Chain
    course: int
    decisions: tuple[Decision, ...]
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about a patient before retrieval.

    Attributes:
        judged: Decisions about the patient as a whole.
        cases: What to retrieve.
        courses: The treatments that the studies were grouped into.
    """

    judged: tuple[Decision, ...]
    cases: tuple[CaseVerdict, ...] = ()
    courses: tuple[Course, ...] = ()

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Those about the patient, and about the cases of the cohort."""
        own = [case.decisions for case in self.cases if not case.aside]
        return (*self.judged, *(decision for decisions in own for decision in decisions))

    @property
    def outcome(self) -> Outcome:
        """The worst of the decisions."""
        return outcome_of(self.decisions)


def decide(patient: PatientRow, rules: CohortSpecification, resolved: str = "") -> Verdict:
    """Judge a patient by the rules.

    Args:
        patient: What the archive holds.
        rules: What the patient must have.
        resolved: The key of the chain that a reviewer chose, "" where none did.
    """
    if arriving := [study.study_instance_uid for study in patient.studies if not study.stable]:
        return Verdict((Decision("I_EXEC_009", "", {"studies": arriving}),))
    studies, refusal = _studies_that_count(patient.studies, rules)
    refusal = refusal or _missing_modality(studies, rules) or _unwanted_rois(studies, rules)
    if refusal is not None:
        return Verdict((refusal,))
    counts = {"studies": len(studies), "series": sum(len(study.series) for study in studies)}
    judged = [Decision("I_SUCC_001", "", counts), *_identity(studies)]
    return _verdict_on_chains(judged, studies, rules, resolved)


def _studies_that_count(
    studies: Sequence[StudyRow], rules: CohortSpecification
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


def _is_phantom(study: StudyRow, rules: CohortSpecification) -> bool:
    texts = [study.description, *(row.tags.get("SeriesDescription", "") for row in study.series)]
    return any(contains_any(text, rules.phantom_patterns) for text in texts)


def _missing_modality(studies: Sequence[StudyRow], rules: CohortSpecification) -> Decision | None:
    present = {row.modality for study in studies for row in study.series if row.instances}
    missing = [name for name in rules.required_modalities if name not in present]
    if not missing:
        return None
    return Decision("I_EXEC_005", "", {"missing": [*missing]})


def _unwanted_rois(studies: Sequence[StudyRow], rules: CohortSpecification) -> Decision | None:
    structs = rt_objects(_series(studies), "RTSTRUCT")
    is_wanted = [rules.wants_roi([name for _, name in struct.refers.rois]) for struct in structs]
    if "RTSTRUCT" not in rules.required_modalities or not structs or any(is_wanted):
        return None
    return Decision(
        "I_EXEC_008", "", {"structure_sets": len(structs), "wanted": [*rules.wanted_rois]}
    )


def _identity(studies: Sequence[StudyRow]) -> list[Decision]:
    """Say so when one PatientID holds what looks like two people; archives merge them silently."""
    names = {frozenset(_words(study.patient_name)) for study in studies} - {frozenset()}
    births = {study.patient_birth_date for study in studies} - {""}
    if len(names) <= 1 and len(births) <= 1:
        return []
    return [Decision("I_REV_002", "", {"names": len(names), "birth_dates": len(births)})]


def _words(person_name: str) -> list[str]:
    """Return the parts of a PersonName, whatever the case and separators (PS3.5 6.2.1)."""
    return person_name.casefold().replace("^", " ").replace("=", " ").split()


def _verdict_on_chains(
    judged: list[Decision],
    studies: Sequence[StudyRow],
    rules: CohortSpecification,
    resolved: str,
) -> Verdict:
    """Look for chains with plans that may be used, choose among them, and judge the chosen."""
    series = _series(studies)
    chains, notes = _usable_chains(series, rules)
    courses = tuple(courses_of(studies, chains, rules.course_days))
    if not chains:
        return Verdict((*judged, *notes), (), courses)
    choice = choose_chains(chains, courses, studies, rules, resolved)
    unreadable = [Decision("II_REV_006", uid) for uid in _unreadable(series)]
    cases = [
        CaseVerdict(
            chain,
            course.number,
            (*about_chain(chain, series, rules), *_of_chain(notes, chain), *unreadable),
            aside=aside,
        )
        for aside, pairs in ((False, choice.taken), (True, choice.aside))
        for chain, course in pairs
    ]
    decided = [] if choice.decision is None else [choice.decision]
    return Verdict((*judged, *decided), tuple(cases), courses)


def _usable_chains(
    series: Sequence[SeriesRow], rules: CohortSpecification
) -> tuple[list[Chain], list[Decision]]:
    """Return complete chains within the bounds, and what to note of them; or why there is none."""
    plans = [p for p in rt_objects(series, "RTPLAN") if p.refers.approval_status != "REJECTED"]
    chains, notes = _by_approval(series, plans, rules)
    if not chains:
        return [], notes or [_no_chain(series, plans, rules)]
    if rules.slices.outside == "EXCLUDE":
        fitting = [chain for chain in chains if not _slices_outside(chain, rules)]
        if not fitting:
            return [], [_slices_outside(chains[0], rules)[0]]
        chains = fitting
    return merged_plans(chains) if rules.dose.sum_plans else chains, notes


def _by_approval(
    series: Sequence[SeriesRow], plans: Sequence[RtObject], rules: CohortSpecification
) -> tuple[list[Chain], list[Decision]]:
    """Find chains by approved plans first; by unapproved ones only where the rules allow that."""
    required = rules.required_modalities
    if rules.approval == "any":
        return find_chains(objects_of(series, rules, plans), required), []
    only = rules.approval == "approved_only"
    approved = [
        plan
        for plan in plans
        if plan.refers.approval_status == "APPROVED"
        or (not only and plan.refers.approval_status != "UNAPPROVED")
    ]
    chains = find_chains(objects_of(series, rules, approved), required)
    if chains or len(approved) == len(plans):
        return chains, []
    chains = find_chains(objects_of(series, rules, plans), required)
    if only and chains:
        return [], [Decision("II_EXEC_006", "", {"plans": len(plans)})]
    return chains, [Decision("II_REV_004", plan.uid) for c in chains for plan in c.plans]


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
    if unreadable := _unreadable(series):
        return Decision("II_EXEC_004", unreadable[0], {"unreadable": unreadable})
    if (every := rt_objects(series, "RTPLAN")) and not plans and "RTPLAN" in required:
        return Decision("II_EXEC_006", "", {"rejected": len(every)})
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


def _of_chain(notes: Sequence[Decision], chain: Chain) -> list[Decision]:
    uids = {plan.uid for plan in chain.plans}
    return [note for note in notes if note.subject_uid in uids]


def _unreadable(series: Sequence[SeriesRow]) -> list[str]:
    return sorted(uid for row in series if row.modality.startswith("RT") for uid in row.unreadable)


def _series(studies: Sequence[StudyRow]) -> list[SeriesRow]:
    return [row for study in studies for row in study.series]
