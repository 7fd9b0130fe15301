"""The rules of a specification as sentences; a rule that is not set is not mentioned."""

from imaging.cohort.pages.words import counted, listed, quoted, sentence
from imaging.cohort.specification import CohortSpecification

_APPROVAL = {
    "approved_first": "plans marked as unapproved were used only where there was no other, and"
    " then put up for review",
    "approved_only": "only plans marked as approved were used",
    "any": "plans were used whether or not they were marked as approved",
}
_SEVERAL = {
    "quarantine": "patients with several complete treatments were left out until a reviewer had"
    " chosen one",
    "newest": "of several complete treatments, that of the latest plan was taken",
    "dose": "of several complete treatments, the one with a dose was taken",
    "every": "each course of treatment became a case of its own",
}
_UNDECIDED = "where that left several, a reviewer chose"


def selection_in_words(rules: CohortSpecification) -> str:
    """Say how patients were selected."""
    parts = [
        _objects(rules),
        _rois(rules),
        *_descriptions(rules),
        _phantoms(rules),
        _slices(rules),
        _plans(rules),
        *_dose(rules),
        _several(rules),
    ]
    return " ".join(sentence(part) for part in parts if part)


def _objects(rules: CohortSpecification) -> str:
    wanted = listed(rules.required_modalities)
    if len(rules.required_modalities) == 1:
        return f"a patient had to have {wanted}"
    return (
        f"a patient had to have {wanted} that refer to each other, in whichever of their studies;"
        " objects without a reference were linked by their frame of reference if that left one"
        " choice"
    )


def _rois(rules: CohortSpecification) -> str:
    if not rules.wanted_rois or "RTSTRUCT" not in rules.required_modalities:
        return ""
    return f"the structure set had to hold an ROI named {quoted(rules.wanted_rois)}"


def _descriptions(rules: CohortSpecification) -> list[str]:
    must, must_not = rules.description_must_contain, rules.description_must_not_contain
    return [
        f"only studies whose description contains {quoted(must)} counted" if must else "",
        f"studies whose description contains {quoted(must_not)} did not count" if must_not else "",
    ]


def _phantoms(rules: CohortSpecification) -> str:
    if not rules.phantom_patterns:
        return ""
    keywords = quoted(rules.phantom_patterns)
    return (
        f"studies with {keywords} in the description of the study or of a series were taken for"
        " measurements in a phantom and did not count"
    )


def _slices(rules: CohortSpecification) -> str:
    bounds = rules.slices
    said = [f"fewer than {bounds.fewest}"] * bool(bounds.fewest)
    said += [f"more than {bounds.most}"] * bool(bounds.most)
    if not said:
        return ""
    done = "were excluded" if bounds.outside == "EXCLUDE" else "were put up for review"
    return f"image series of {listed(said, 'or')} slices {done}"


def _plans(rules: CohortSpecification) -> str:
    if "RTPLAN" not in rules.required_modalities:
        return ""
    return f"{_APPROVAL[rules.approval]}; rejected plans were never used"


def _dose(rules: CohortSpecification) -> list[str]:
    if "RTDOSE" not in rules.required_modalities:
        return []
    dose = rules.dose
    said = [
        "the dose was the one calculated for the plan, counted once however often it had been"
        " exported, or else the sum of the doses of all its beams"
    ]
    if dose.scale_fractions:
        said.append(
            "where there was only the dose of one fraction, it was multiplied by the planned number"
            " of fractions, and the patient put up for review"
        )
    if dose.sum_plans:
        said.append("the doses of all plans made on one structure set were added")
    bounds = [f"below {dose.lowest_maximum_gy:g} Gy"] * bool(dose.lowest_maximum_gy)
    bounds += [f"above {dose.highest_maximum_gy:g} Gy"] * bool(dose.highest_maximum_gy)
    if bounds:
        said.append(f"patients whose largest dose was {listed(bounds, 'or')} were excluded")
    return said


def _several(rules: CohortSpecification) -> str:
    policy = rules.several_treatments
    if policy == "description":
        wanted = quoted(rules.description_may_contain)
        named = f" with {wanted} in its description" if wanted else " preferred by its description"
        return f"of several complete treatments, the one{named} was taken; {_UNDECIDED}"
    if policy == "quarantine":
        return _SEVERAL[policy]
    if policy == "every":
        days = counted(rules.course_days, "day")
        return f"{_SEVERAL[policy]}; studies up to {days} apart counted as one course"
    return f"{_SEVERAL[policy]}; {_UNDECIDED}"
