"""From the listing of a patient to a verdict: outcome, decisions, and the chains to retrieve."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from imaging.cohort.about import about_chain
from imaging.cohort.choose import choose_chains, merged_plans
from imaging.cohort.codes import Outcome
from imaging.cohort.complete import approved_first, complete_chains, unreadable_objects
from imaging.cohort.copies import without_copies
from imaging.cohort.courses import Course, courses_of
from imaging.cohort.decision import Decision, outcome_of
from imaging.cohort.objects import Chain, rt_objects
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
        each_course: Whether every course becomes a case.
        is_doubtful: The archive failed over something, so another listing may say more.
    """

    judged: tuple[Decision, ...]
    cases: tuple[CaseVerdict, ...] = ()
    courses: tuple[Course, ...] = ()
    each_course: bool = False
    is_doubtful: bool = False

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Those about the patient, and about the cases of the cohort."""
        own = [case.decisions for case in self.cases if not case.aside]
        return (*self.judged, *(decision for decisions in own for decision in decisions))

    @property
    def outcome(self) -> Outcome:
        """The worst of the decisions."""
        return outcome_of(self.decisions)


def decide(
    patient: PatientRow, rules: CohortSpecification, resolved: Sequence[str] = ()
) -> Verdict:
    """Judge a patient by the rules.

    Args:
        patient: What the archive holds.
        rules: What the patient must have.
        resolved: Keys of chains that reviewers chose, the latest choice last.
    """
    if arriving := [study.study_instance_uid for study in patient.studies if not study.stable]:
        return Verdict((Decision("I_EXEC_009", "", {"studies": arriving}),))
    verdict = _judged(patient, rules, resolved)
    is_doubtful = any(series.is_doubtful for series in patient.series)
    return replace(verdict, is_doubtful=is_doubtful)


def _judged(patient: PatientRow, rules: CohortSpecification, resolved: Sequence[str]) -> Verdict:
    held, differing = without_copies(patient.studies)
    studies, refusal = _studies_that_count(held, rules)
    refusal = refusal or _missing_modality(studies, rules) or _unwanted_rois(studies, rules)
    if refusal is not None:
        return Verdict((refusal,))
    counts = {"studies": len(studies), "series": sum(len(study.series) for study in studies)}
    judged = [Decision("I_SUCC_001", "", counts), *_identity(studies)]
    judged += [Decision("II_REV_013", uid) for uid in differing]
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
    stated = {name for study in studies for name in study.patient_names}
    names = {frozenset(_words(name)) for name in stated} - {frozenset()}
    births = {day for study in studies for day in study.patient_birth_dates}
    if len(names) <= 1 and len(births) <= 1:
        return []
    return [Decision("I_REV_002", "", {"names": len(names), "birth_dates": len(births)})]


def _words(person_name: str) -> list[str]:
    """Return the parts of a PersonName's first group, whatever the case (PS3.5 6.2.1).

    The other groups are the same name in other writing, which not every study repeats.
    """
    return person_name.casefold().split("=")[0].replace("^", " ").split()


def _verdict_on_chains(
    judged: list[Decision],
    studies: Sequence[StudyRow],
    rules: CohortSpecification,
    resolved: Sequence[str],
) -> Verdict:
    """Look for chains with plans that may be used, choose among them, and judge the chosen."""
    series = _series(studies)
    every, refused = complete_chains(series, rules)
    courses = tuple(courses_of(studies, every, rules.course_days))
    chains, notes = approved_first(every, courses, rules)
    if refused is not None:
        return Verdict((*judged, refused), (), courses)
    chains = merged_plans(chains) if rules.dose.sum_plans else chains
    if resolved and not {chain.key for chain in chains}.intersection(resolved):
        judged = [*judged, Decision("I_REV_004", "", {"chains": len(chains)})]
    choice = choose_chains(chains, courses, studies, rules, resolved)
    unreadable = [Decision("II_REV_006", uid) for uid in unreadable_objects(series)]
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
    each_course = rules.several_treatments == "every"
    return Verdict((*judged, *decided), tuple(cases), courses, each_course)


def _of_chain(notes: Sequence[Decision], chain: Chain) -> list[Decision]:
    uids = {plan.uid for plan in chain.plans}
    return [note for note in notes if note.subject_uid in uids]


def _series(studies: Sequence[StudyRow]) -> list[SeriesRow]:
    return [row for study in studies for row in study.series]
