"""Courses, and what the policies choose among several complete treatments."""

from dataclasses import replace

import pytest

from imaging.cohort import CohortSpecification, decide
from imaging.dicom import PatientRow, StudyRow
from tests.imaging.cohort.rows import DOSE, PLAN, ct, patient, rt
from tests.imaging.cohort.rows import complete as plain


def treatment(name, date, description="", *, planned="", dose=True):
    """A study with one treatment in a frame of reference of its own."""
    image, *objects = plain(name, f".{name}")
    rows = [replace(image, tags={"FrameOfReferenceUID": f"frame.{name}"})]
    for row in objects:
        (refers,) = row.references
        own = replace(refers, date=planned or date, frame_of_reference_uids=(f"frame.{name}",))
        rows.append(replace(row, references=(own,)))
    if not dose:
        rows.pop()
    return StudyRow(name, date, description, tuple(rows))


def verdict_on(*studies, **rules):
    return decide(PatientRow("SUB001", studies), CohortSpecification(**rules))


def images(verdict, *, aside=False):
    return [case.chain.images.study_instance_uid for case in verdict.cases if case.aside is aside]


TWO = (treatment("early", "20200101", "breast"), treatment("late", "20220601", "lung"))


def test_several_treatments_are_put_aside_and_chosen_by_nobody():
    verdict = verdict_on(*TWO)

    assert [d.code for d in verdict.decisions][-1] == "I_EXEC_007"
    assert images(verdict) == []
    assert images(verdict, aside=True) == ["early", "late"]
    assert [(c.number, c.dates) for c in verdict.courses] == [
        (1, ("20200101",)),
        (2, ("20220601",)),
    ]


@pytest.mark.parametrize(
    ("policy", "may", "expected"),
    [
        ("newest", [], ["late"]),
        ("description", ["breast"], ["early"]),
        ("description", ["lung", "breast"], []),
    ],
)
def test_a_policy_takes_the_one_it_prefers_and_nothing_when_it_prefers_several(
    policy, may, expected
):
    verdict = verdict_on(*TWO, several_treatments=policy, description_may_contain=may)

    assert images(verdict) == expected
    assert len(images(verdict, aside=True)) == (0 if expected else 2)
    assert verdict.outcome == ("PROCEED" if expected else "EXCLUDE")


def test_the_newest_plan_counts_not_the_newest_study():
    studies = (
        treatment("early", "20200101", planned="20230101"),
        treatment("late", "20220601", planned="20220605"),
    )

    assert images(verdict_on(*studies, several_treatments="newest")) == ["early"]


def test_the_treatment_that_has_a_dose_is_preferred():
    studies = (treatment("early", "20200101"), treatment("late", "20220601", dose=False))
    verdict = verdict_on(
        *studies, several_treatments="dose", required_modalities=["CT", "RTSTRUCT"]
    )

    assert images(verdict) == ["early"]


def test_every_course_becomes_a_case():
    verdict = verdict_on(*TWO, several_treatments="every")

    assert [(case.course, case.aside) for case in verdict.cases] == [(1, False), (2, False)]
    assert verdict.outcome == "PROCEED"


def test_a_rescan_within_days_is_one_course_and_its_newest_plan_is_the_case():
    studies = (treatment("scan", "20200101"), treatment("rescan", "20200115"), TWO[1])
    verdict = verdict_on(*studies, several_treatments="every")

    assert images(verdict) == ["rescan", "late"]
    apart = verdict_on(*studies, several_treatments="every", course_days=5)
    assert images(apart) == ["scan", "rescan", "late"]


def test_a_course_that_stays_undecided_goes_aside_and_the_others_go_on():
    twins = (treatment("one", "20200101"), treatment("two", "20200101"))
    verdict = verdict_on(*twins, TWO[1], several_treatments="every")

    assert images(verdict) == ["late"]
    assert images(verdict, aside=True) == ["one", "two"]


def test_references_join_studies_however_far_apart_they_are():
    image, *objects = plain()
    moved = [replace(row, study_instance_uid="years later") for row in objects]
    held = patient(image, *moved)
    dated = (held.studies[0], replace(held.studies[1], study_date="20300101"))
    verdict = decide(replace(held, studies=dated), CohortSpecification())

    assert [course.dates for course in verdict.courses] == [("20240101", "20300101")]
    assert verdict.courses[0].complete == 1


def test_a_reviewers_choice_goes_before_the_policy():
    aside = verdict_on(*TWO).cases
    key = next(case.chain.key for case in aside if case.course == 1)
    verdict = decide(PatientRow("SUB001", TWO), CohortSpecification(), [key])

    assert images(verdict) == ["early"]
    assert images(verdict, aside=True) == ["late"]
    assert verdict.decisions[1].code == "I_SUCC_002"


def test_a_choice_of_what_is_no_longer_there_counts_for_nothing():
    assert images(decide(PatientRow("SUB001", TWO), CohortSpecification(), ["gone"])) == []


def test_a_boost_is_a_second_chain_unless_plans_are_to_be_added():
    boost = replace(PLAN, sop_instance_uid="boost")
    of_boost = replace(DOSE, sop_instance_uid="boost dose", plan_uids=("boost",))
    image, struct, plan, dose = plain()
    held = patient(image, struct, plan, dose, rt("RTPLAN", boost), rt("RTDOSE", of_boost))
    apart = decide(held, CohortSpecification())
    added = decide(held, CohortSpecification.model_validate({"dose": {"sum_plans": True}}))

    assert apart.decisions[-1].code == "II_EXEC_003"
    (case,) = added.cases
    assert {plan.uid for plan in case.chain.plans} == {"plan", "boost"}
    assert {dose.uid for dose in case.chain.doses} == {"dose", "boost dose"}


def test_a_study_without_a_date_joins_by_references_alone():
    verdict = verdict_on(TWO[0], replace(TWO[1], study_date=""))

    assert len(verdict.courses) == 2


def test_one_more_series_that_nothing_refers_to_changes_nothing():
    spare = StudyRow("spare", "20210101", "", (ct("spare", "spare", frame="else"),))
    verdict = verdict_on(TWO[0], spare)

    assert images(verdict) == ["early"]
    assert len(verdict.courses) == 2


def test_newest_decides_nothing_where_one_has_no_date():
    undated = treatment("undated", "")
    verdict = verdict_on(TWO[0], undated, several_treatments="newest")

    assert images(verdict) == []
    assert len(images(verdict, aside=True)) == 2


def test_a_day_alone_is_neither_before_nor_after_its_hours():
    timed = treatment("timed", "20200101")
    rows = tuple(
        replace(row, references=tuple(replace(r, time="0800") for r in row.references))
        for row in timed.series
    )
    verdict = verdict_on(
        treatment("whole day", "20200101"), replace(timed, series=rows), several_treatments="newest"
    )

    assert images(verdict) == []


def unapproved(study):
    rows = tuple(
        replace(
            row, references=tuple(replace(r, approval_status="UNAPPROVED") for r in row.references)
        )
        if row.modality == "RTPLAN"
        else row
        for row in study.series
    )
    return replace(study, series=rows)


@pytest.mark.parametrize(("policy", "expected"), [("newest", ["late"]), ("quarantine", [])])
def test_an_unapproved_course_is_not_passed_over_for_an_approved_one(policy, expected):
    verdict = verdict_on(TWO[0], unapproved(TWO[1]), several_treatments=policy)

    assert images(verdict) == expected
    assert ("II_REV_004" in [d.code for d in verdict.decisions]) is bool(expected)


def test_a_choice_that_is_gone_is_said_even_if_one_treatment_is_left():
    verdict = decide(PatientRow("SUB001", TWO[:1]), CohortSpecification(), ["gone"])

    assert "I_REV_004" in [d.code for d in verdict.decisions]
    assert verdict.outcome == "REVIEW"


def _keys(verdict):
    return [case.chain.key for case in verdict.cases if case.aside]


def test_a_choice_settles_its_course_and_leaves_the_others():
    twins = (treatment("one", "20200101"), treatment("two", "20200101"))
    rules = CohortSpecification(several_treatments="every")
    undecided = decide(PatientRow("SUB001", (*twins, TWO[1])), rules)
    keys = dict(zip(images(undecided, aside=True), _keys(undecided), strict=True))
    verdict = decide(PatientRow("SUB001", (*twins, TWO[1])), rules, [keys["two"]])

    assert images(verdict) == ["two", "late"]
    assert images(verdict, aside=True) == ["one"]


def test_rejected_structures_are_not_used():
    (study,) = TWO[:1]
    rows = tuple(
        replace(
            row, references=tuple(replace(r, approval_status="REJECTED") for r in row.references)
        )
        if row.modality == "RTSTRUCT"
        else row
        for row in study.series
    )

    assert verdict_on(replace(study, series=rows)).outcome == "EXCLUDE"


def test_a_draft_beside_an_approved_plan_is_not_added_to_it():
    draft = replace(PLAN, sop_instance_uid="draft", approval_status="UNAPPROVED")
    of_draft = replace(DOSE, sop_instance_uid="draft dose", plan_uids=("draft",))
    image, struct, plan, dose = plain()
    held = patient(image, struct, plan, dose, rt("RTPLAN", draft), rt("RTDOSE", of_draft))
    verdict = decide(held, CohortSpecification.model_validate({"dose": {"sum_plans": True}}))

    assert [dose.uid for dose in verdict.cases[0].chain.doses] == ["dose"]


def test_of_several_choices_the_latest_counts():
    aside = verdict_on(*TWO)
    keys = dict(zip(images(aside, aside=True), _keys(aside), strict=True))
    choices = [keys["early"], keys["late"]]
    verdict = decide(PatientRow("SUB001", TWO), CohortSpecification(), choices)

    assert images(verdict) == ["late"]
    assert images(verdict, aside=True) == ["early"]


def test_plans_on_different_structure_sets_are_not_added():
    image, *objects = plain("study", ".1")
    _, *others = plain("study", ".2")
    (refers,) = others[0].references
    others[0] = replace(others[0], references=(replace(refers, series_uids=("ct.1",)),))
    held = patient(image, *objects, *others)
    verdict = decide(held, CohortSpecification.model_validate({"dose": {"sum_plans": True}}))

    assert verdict.decisions[-1].code == "II_EXEC_003"
    assert [len(case.chain.plans) for case in verdict.cases] == [1, 1]


@pytest.mark.parametrize(("days", "expected"), [(30, 1), (29, 2)])
def test_studies_just_as_far_apart_as_said_are_one_course(days, expected):
    studies = treatment("scan", "20200101"), treatment("rescan", "20200131")

    assert len(verdict_on(*studies, course_days=days).courses) == expected


def test_where_no_plan_states_its_date_the_newest_is_told_by_the_study():
    def bare(study):
        rows = (
            replace(row, references=tuple(replace(r, date="", time="") for r in row.references))
            for row in study.series
        )
        return replace(study, series=tuple(rows))

    assert images(verdict_on(*map(bare, TWO), several_treatments="newest")) == ["late"]


def test_a_course_that_was_settled_by_a_choice_is_not_counted_as_undecided():
    twins = (treatment("one", "20200101"), treatment("two", "20200101"))
    rules = CohortSpecification(several_treatments="every")
    held = PatientRow("SUB001", (*twins, TWO[1]))
    verdict = decide(held, rules, _keys(decide(held, rules))[:1])

    assert verdict.judged[-1].evidence == {"courses": 2, "courses_undecided": 0}
