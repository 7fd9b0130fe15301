"""The verdict on hand-made listings: the outcome, the code, and the chain."""

from dataclasses import replace
from typing import Any

import pytest

from imaging.cohort import CohortSpecification, Outcome, decide
from tests.imaging.cohort.rows import DOSE, PLAN, STRUCT, complete, ct, patient, rt, slices

RULES = CohortSpecification()


def chain_of(verdict) -> Any:
    (case,) = [case for case in verdict.cases if not case.aside]
    return case.chain


def codes(verdict):
    return [decision.code for decision in verdict.decisions]


def test_a_complete_treatment_proceeds():
    verdict = decide(patient(*complete()), RULES)

    assert verdict.outcome is Outcome.PROCEED
    assert codes(verdict) == ["I_SUCC_001", "II_SUCC_001"]
    assert chain_of(verdict).images.series_instance_uid == "ct"
    assert [dose.uid for dose in chain_of(verdict).doses] == ["dose"]


@pytest.mark.parametrize("missing", range(4))
def test_a_missing_modality_excludes_and_is_named(missing):
    series = [row for i, row in enumerate(complete()) if i != missing]
    verdict = decide(patient(*series), RULES)

    assert codes(verdict) == ["I_EXEC_005"]
    assert verdict.decisions[0].evidence["missing"] == [complete()[missing].modality]


@pytest.mark.parametrize("required", [["CT"], ["CT", "RTSTRUCT"], ["CT", "RTSTRUCT", "RTDOSE"]])
def test_fewer_required_modalities_ask_for_less(required):
    wanted = [row for row in complete() if row.modality in required]

    assert (
        decide(patient(*wanted), CohortSpecification(required_modalities=required)).outcome
        == "PROCEED"
    )


def test_a_dose_without_its_plan_is_linked_by_frame_of_reference_and_says_so():
    series = [row for row in complete() if row.modality != "RTPLAN"]
    verdict = decide(
        patient(*series), CohortSpecification(required_modalities=["CT", "RTSTRUCT", "RTDOSE"])
    )

    assert codes(verdict) == ["I_SUCC_001", "II_SUCC_002"]


def test_two_complete_studies_are_not_chosen_between():
    verdict = decide(patient(*complete("one", ".1"), *complete("two", ".2")), RULES)

    assert verdict.outcome is Outcome.EXCLUDE
    assert codes(verdict)[-1] == "I_EXEC_007"
    assert [case.aside for case in verdict.cases] == [True, True]


def test_rt_objects_in_another_study_than_their_ct_are_found():
    image, *objects = complete()
    moved = [replace(row, study_instance_uid="other") for row in objects]

    assert decide(patient(image, *moved), RULES).outcome is Outcome.PROCEED


def test_a_structure_set_without_references_is_linked_by_frame_of_reference():
    bare = replace(STRUCT, series_uids=())
    verdict = decide(
        patient(ct(), rt("RTSTRUCT", bare), rt("RTPLAN", PLAN), rt("RTDOSE", DOSE)), RULES
    )

    assert codes(verdict) == ["I_SUCC_001", "II_SUCC_002"]


def test_contour_images_are_stronger_evidence_than_a_frame_of_reference():
    drawn = replace(STRUCT, series_uids=(), image_uids=("ct.0", "ct.1"))
    series = (ct(), ct("other"), rt("RTSTRUCT", drawn), rt("RTPLAN", PLAN), rt("RTDOSE", DOSE))
    verdict = decide(patient(*series), RULES)

    assert verdict.outcome is Outcome.PROCEED
    assert chain_of(verdict).images.series_instance_uid == "ct"


def test_a_structure_set_of_an_absent_ct_is_not_linked_to_another_of_the_same_frame():
    lost = replace(STRUCT, series_uids=("gone",), image_uids=("gone.1",))
    verdict = decide(
        patient(ct(), rt("RTSTRUCT", lost), rt("RTPLAN", PLAN), rt("RTDOSE", DOSE)), RULES
    )

    assert codes(verdict)[-1] == "II_EXEC_002"
    assert verdict.decisions[-1].evidence["referenced_series_absent"] == ["gone"]


def test_of_two_structure_sets_the_one_that_the_plan_uses_is_taken():
    spare = replace(STRUCT, sop_instance_uid="spare")
    image, _, plan, dose = complete()
    verdict = decide(patient(image, rt("RTSTRUCT", spare, STRUCT), plan, dose), RULES)

    assert verdict.outcome is Outcome.PROCEED
    assert chain_of(verdict).structure_set.uid == "struct"


def test_an_unapproved_plan_is_left_out_beside_an_approved_one():
    draft = replace(PLAN, sop_instance_uid="draft", approval_status="UNAPPROVED")
    of_draft = replace(DOSE, sop_instance_uid="draft dose", plan_uids=("draft",))
    image, struct, _, _ = complete()
    verdict = decide(
        patient(image, struct, rt("RTPLAN", PLAN, draft), rt("RTDOSE", DOSE, of_draft)), RULES
    )

    assert verdict.outcome is Outcome.PROCEED
    assert [dose.uid for dose in chain_of(verdict).doses] == ["dose"]


def test_an_unapproved_plan_alone_is_for_review():
    draft = replace(PLAN, approval_status="UNAPPROVED")
    image, struct, _, dose = complete()
    verdict = decide(patient(image, struct, rt("RTPLAN", draft), dose), RULES)

    assert verdict.outcome is Outcome.REVIEW
    assert "II_REV_004" in codes(verdict)


def test_two_approved_plans_on_one_ct_are_not_chosen_between():
    boost = replace(PLAN, sop_instance_uid="boost")
    of_boost = replace(DOSE, sop_instance_uid="boost dose", plan_uids=("boost",))
    image, struct, _, _ = complete()
    verdict = decide(
        patient(image, struct, rt("RTPLAN", PLAN, boost), rt("RTDOSE", DOSE, of_boost)), RULES
    )

    assert codes(verdict)[-1] == "II_EXEC_003"


def test_an_unreadable_object_excludes_when_nothing_is_complete_without_it():
    image, struct, plan, _ = complete()
    broken = replace(rt("RTDOSE", DOSE), references=(), unreadable={"dose": "truncated"})
    verdict = decide(patient(image, struct, plan, broken), RULES)

    assert codes(verdict)[-1] == "II_EXEC_004"
    assert verdict.decisions[-1].subject_uid == "dose"


def test_an_unreadable_object_beside_a_chain_is_for_review():
    spare = replace(rt("RTDOSE", replace(DOSE, sop_instance_uid="spare")), references=())
    verdict = decide(patient(*complete(), replace(spare, unreadable={"spare": "cut"})), RULES)

    assert codes(verdict)[-1] == "II_REV_006"


def test_missing_contour_images_are_counted():
    drawn = replace(STRUCT, image_uids=("ct.0", "ct.1", "gone"))
    image, _, plan, dose = complete()
    verdict = decide(patient(image, rt("RTSTRUCT", drawn), plan, dose), RULES)

    assert "II_REV_003" in codes(verdict)
    assert verdict.decisions[-1].evidence == {"missing": 1, "referenced": 3}


def test_a_gap_between_slices_is_for_review():
    rows = slices(count=6)
    image = ct(instances=[*rows[:2], *rows[3:]])
    verdict = decide(patient(image, *complete()[1:]), RULES)

    assert verdict.outcome is Outcome.REVIEW
    assert verdict.decisions[-1].code == "II_REV_007"
    assert verdict.decisions[-1].evidence["missing"] == 1


@pytest.mark.parametrize(
    ("description", "rules", "code"),
    [
        ("QA Phantom", CohortSpecification(), "I_EXEC_004"),
        (
            "HEAD_AND  NECK",
            CohortSpecification(description_must_not_contain=["head and neck"]),
            "I_EXEC_006",
        ),
        ("Thorax", CohortSpecification(description_must_contain=["breast"]), "I_EXEC_006"),
        ("", CohortSpecification(description_must_contain=["breast"]), "I_EXEC_006"),
        ("Breast", CohortSpecification(wanted_rois=["CTV*"]), "I_EXEC_008"),
    ],
)
def test_a_rule_excludes_with_its_code(description, rules, code):
    verdict = decide(patient(*complete(), description=description), rules)

    assert codes(verdict) == [code]


@pytest.mark.parametrize("pattern", ["PTV", "ptv*", "P?V"])
def test_a_wanted_roi_is_found_whatever_its_case(pattern):
    assert decide(patient(*complete()), CohortSpecification(wanted_rois=[pattern])).cases


def test_copies_that_the_archive_says_differ_are_for_review():
    image, *others = complete()
    verdict = decide(patient(replace(image, conflicting=("ct.1",)), *others), RULES)

    assert [d.subject_uid for d in verdict.decisions if d.code == "II_REV_013"] == ["ct.1"]


def test_wanted_rois_are_asked_for_only_where_structures_are_required():
    rules = CohortSpecification(required_modalities=["CT"], wanted_rois=["CTV*"])

    assert decide(patient(*complete()), rules).outcome is Outcome.PROCEED


@pytest.mark.parametrize("other", ["", "Doe^Jane=山田^太郎", "doe jane"])
def test_a_name_left_out_or_written_otherwise_is_nobody_else(other):
    held = patient(*complete(), ct("old", "before", frame="else"))
    first, second = held.studies
    named = (
        replace(first, patient_names=("Doe^Jane",)),
        replace(second, patient_names=(other,)),
    )

    assert "I_REV_002" not in codes(decide(replace(held, studies=named), RULES))
