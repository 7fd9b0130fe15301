"""Which of several complete treatments is taken: by policy, or as a reviewer resolved it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from imaging.cohort.courses import Course, course_of
from imaging.cohort.decision import Decision, Evidence
from imaging.cohort.objects import Chain
from imaging.cohort.specification import CohortSpecification, contains_any
from imaging.dicom import StudyRow

_DAY = len("20260131")


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen of the complete chains.

    Attributes:
        taken: Chains that become cases of the cohort, each with the course it is of.
        aside: The other candidates, where a person is to choose or has chosen.
        decision: Why; None where there was nothing to choose.
    """

    taken: tuple[tuple[Chain, Course], ...]
    aside: tuple[tuple[Chain, Course], ...] = ()
    decision: Decision | None = None


def choose_chains(
    chains: Sequence[Chain],
    courses: Sequence[Course],
    studies: Sequence[StudyRow],
    rules: CohortSpecification,
    resolved: Sequence[str] = (),
) -> Choice:
    """Choose among complete chains; none is chosen where the policy leaves several.

    Args:
        chains: At least one.
        courses: Those of the patient.
        studies: For their dates and descriptions.
        rules: The policy.
        resolved: Keys of chains that reviewers chose, the latest choice last.
    """
    placed = [(chain, course_of(chain, courses)) for chain in _in_order(chains, studies)]
    if len(placed) == 1:
        return Choice(tuple(placed))
    if rules.several_treatments == "every":
        return _every(placed, studies, resolved)
    if keys := _last_chosen([chain.key for chain, _ in placed], resolved):
        chosen = next(pair for pair in placed if pair[0].key in keys)
        aside = tuple(pair for pair in placed if pair is not chosen)
        return Choice((chosen,), aside, _chosen("a reviewer", chains, chosen))
    preferred = _preferred(chains, courses, studies, rules)
    if len(preferred) == 1:
        pair = next(pair for pair in placed if pair[0] is preferred[0])
        return Choice((pair,), (), _chosen(rules.several_treatments, chains, pair))
    return Choice((), tuple(placed), _several(chains))


def merged_plans(chains: Sequence[Chain]) -> list[Chain]:
    """Make one chain of those that share images and structure set: their plans are to be added."""
    groups: dict[tuple[str, str], list[Chain]] = {}
    for chain in chains:
        images = "" if chain.images is None else chain.images.series_instance_uid
        struct = "" if chain.structure_set is None else chain.structure_set.uid
        groups.setdefault((images, struct), []).append(chain)
    return [chain for own in groups.values() for chain in _merged(own)]


def _merged(chains: Sequence[Chain]) -> Sequence[Chain]:
    if len(chains) == 1 or not all(chain.plans for chain in chains):
        return chains
    plans = {plan.uid: plan for chain in chains for plan in chain.plans}
    doses = {dose.uid: dose for chain in chains for dose in chain.doses}
    return [replace(chains[0], plans=tuple(plans.values()), doses=tuple(doses.values()))]


def moment(chain: Chain, studies: Sequence[StudyRow]) -> str:
    """Return when a chain was made: by its plan or structure set, else by the date of its study."""
    dates = {study.study_instance_uid: study.study_date for study in studies}
    stated = [dates.get(series.study_instance_uid, "") for series, _ in chain.parts()]
    return chain.moment or max(stated, default="")


def _in_order(chains: Sequence[Chain], studies: Sequence[StudyRow]) -> list[Chain]:
    return sorted(chains, key=lambda chain: (moment(chain, studies), chain.key))


def _preferred(
    chains: Sequence[Chain],
    courses: Sequence[Course],
    studies: Sequence[StudyRow],
    rules: CohortSpecification,
) -> list[Chain]:
    """Return the chains that the policy prefers: one, where it decides."""
    match rules.several_treatments:
        case "newest":
            return _newest(chains, studies)
        case "description":
            described = {study.study_instance_uid: study.description for study in studies}
            return [
                chain
                for chain in chains
                if any(
                    contains_any(
                        described.get(series.study_instance_uid, ""), rules.description_may_contain
                    )
                    for series, _ in chain.parts()
                )
            ]
        case "dose":
            with_dose = {
                row.series_instance_uid
                for study in studies
                for row in study.series
                if row.modality == "RTDOSE"
            }
            return [
                chain
                for chain in chains
                if chain.doses or with_dose & course_of(chain, courses).series_uids
            ]
    return []


def _newest(chains: Sequence[Chain], studies: Sequence[StudyRow]) -> list[Chain]:
    """Return the latest; all of the same moment, or all where one's moment is not stated.

    A time counts only where every one has it: a day alone is neither before nor after its hours.
    """
    moments = [moment(chain, studies) for chain in chains]
    if not all(moments):
        return list(chains)
    if not all(len(stated) > _DAY for stated in moments):
        moments = [stated[:_DAY] for stated in moments]
    return [chain for chain, own in zip(chains, moments, strict=True) if own == max(moments)]


def _every(
    placed: Sequence[tuple[Chain, Course]], studies: Sequence[StudyRow], resolved: Sequence[str]
) -> Choice:
    """Take one chain of each course: the reviewer's, else the newest; else all go aside."""
    taken, aside = [], []
    for number in dict.fromkeys(course.number for _, course in placed):
        own = [pair for pair in placed if pair[1].number == number]
        by_reviewer = _last_chosen([chain.key for chain, _ in own], resolved)
        keys = by_reviewer or [chain.key for chain in _newest([c for c, _ in own], studies)]
        is_decided = len(keys) == 1
        taken += [pair for pair in own if is_decided and pair[0].key in keys]
        if by_reviewer or not is_decided:
            aside += [pair for pair in own if not is_decided or pair[0].key not in keys]
    if not taken:
        several = _several([chain for chain, _ in placed])
        evidence = {**several.evidence, "policy": "every"}
        return Choice((), tuple(placed), replace(several, evidence=evidence))
    open_courses = {course.number for _, course in aside} - {course.number for _, course in taken}
    counts = {"courses": len(taken), "courses_undecided": len(open_courses)}
    return Choice(tuple(taken), tuple(aside), Decision("I_SUCC_003", "", counts))


def _last_chosen(keys: Sequence[str], resolved: Sequence[str]) -> list[str]:
    """Return the key of these that a reviewer chose last; none where they chose none."""
    return [key for key in resolved if key in keys][-1:]


def _chosen(by: str, chains: Sequence[Chain], pair: tuple[Chain, Course]) -> Decision:
    evidence: Evidence = {
        "chosen_by": by,
        "of": len(chains),
        "course": pair[1].number,
        "key": pair[0].key,
    }
    return Decision("I_SUCC_002", "", evidence)


def _several(chains: Sequence[Chain]) -> Decision:
    """Several treatments (on images of different studies), or several readings of one."""
    firsts = (next(chain.parts())[0] for chain in chains)
    studies = {series.study_instance_uid for series in firsts}
    code = "I_EXEC_007" if len(studies) > 1 else "II_EXEC_003"
    return Decision(code, "", {"chains": len(chains), "studies": sorted(studies)})
