"""Linking by evidence in order of strength, and chains of other sets of modalities."""

from dataclasses import replace

import pytest

from imaging.cohort import CohortSpecification, decide
from tests.imaging.cohort.rows import DOSE, PLAN, STRUCT, complete, ct, patient, rt


def taken(verdict):
    return [case.chain for case in verdict.cases if not case.aside]


def codes(verdict):
    return [decision.code for decision in verdict.decisions]


def of(*required, **rules):
    return CohortSpecification(required_modalities=list(required), **rules)


def test_of_several_series_named_the_one_with_the_contours_images_is_taken():
    struct = replace(STRUCT, series_uids=("phase", "average"), image_uids=("average.0",))
    images = (ct("phase"), ct("average"))
    verdict = decide(
        patient(*images, rt("RTSTRUCT", struct), rt("RTPLAN", PLAN), rt("RTDOSE", DOSE)),
        CohortSpecification(),
    )

    assert [chain.images.series_instance_uid for chain in taken(verdict)] == ["average"]


def test_contour_images_elsewhere_than_in_the_named_series_are_counted_as_missing():
    struct = replace(STRUCT, image_uids=("other.0", "other.1"))
    verdict = decide(
        patient(ct(), ct("other"), rt("RTSTRUCT", struct), rt("RTPLAN", PLAN), rt("RTDOSE", DOSE)),
        CohortSpecification(),
    )

    assert "II_REV_003" in codes(verdict)
    assert verdict.outcome == "REVIEW"


def test_every_structure_set_that_a_plan_names_is_looked_for():
    plan = replace(PLAN, structure_set_uids=("gone", "struct"))
    image, struct, _, dose = complete()
    verdict = decide(patient(image, struct, rt("RTPLAN", plan), dose), CohortSpecification())

    assert codes(verdict) == ["I_SUCC_001", "II_SUCC_001"]


def test_a_plan_that_names_no_structure_set_is_linked_by_frame_of_reference():
    plan = replace(PLAN, structure_set_uids=(), frame_of_reference_uids=("frame",))
    image, struct, _, dose = complete()
    verdict = decide(patient(image, struct, rt("RTPLAN", plan), dose), CohortSpecification())

    assert [chain.plans[0].uid for chain in taken(verdict)] == ["plan"]
    assert "II_SUCC_002" in codes(verdict)


def test_a_dose_of_an_absent_plan_is_not_linked_to_another():
    dose = replace(DOSE, plan_uids=("gone",))
    image, struct, plan, _ = complete()
    verdict = decide(patient(image, struct, plan, rt("RTDOSE", dose)), CohortSpecification())

    assert codes(verdict)[-1] == "II_EXEC_002"


def test_all_beams_of_a_plan_are_taken_along_and_plan_sums_are_preferred_to_them():
    beams = [
        replace(DOSE, sop_instance_uid=f"beam{i}", dose_summation_type="BEAM") for i in range(2)
    ]
    image, struct, plan, dose = complete()
    of_beams = decide(patient(image, struct, plan, rt("RTDOSE", *beams)), CohortSpecification())
    both = decide(patient(image, struct, plan, dose, rt("RTDOSE", *beams)), CohortSpecification())

    assert [d.uid for d in taken(of_beams)[0].doses] == ["beam0", "beam1"]
    assert [d.uid for d in taken(both)[0].doses] == ["dose"]


@pytest.mark.parametrize(
    ("required", "holds"),
    [
        (("CT",), {"CT"}),
        (("CT", "RTDOSE"), {"CT", "RTDOSE"}),
        (("CT", "RTPLAN"), {"CT", "RTPLAN"}),
        (("RTPLAN", "RTDOSE"), {"RTPLAN", "RTDOSE"}),
        (("RTSTRUCT", "RTPLAN"), {"RTSTRUCT", "RTPLAN"}),
        (("CT", "RTPLAN", "RTDOSE"), {"CT", "RTPLAN", "RTDOSE"}),
        (("RTDOSE",), {"RTDOSE"}),
    ],
)
def test_any_set_of_modalities_makes_a_chain_of_just_those(required, holds):
    verdict = decide(patient(*complete()), of(*required))

    (chain,) = taken(verdict)
    assert {series.modality for series, _ in chain.parts()} == holds


def test_images_of_a_plan_are_found_through_the_structure_set_it_was_made_on():
    other = ct("other", frame="frame")
    verdict = decide(patient(*complete(), other), of("CT", "RTPLAN"))

    assert [chain.images.series_instance_uid for chain in taken(verdict)] == ["ct"]


def test_structures_may_be_drawn_on_magnetic_resonance():
    image = replace(ct(), modality="MR")
    verdict = decide(patient(image, *complete()[1:]), of("MR", "RTSTRUCT"))

    assert verdict.outcome == "PROCEED"


@pytest.mark.parametrize(
    ("frame", "study", "evidence"),
    [("frame", "elsewhere", "frame of reference"), ("", "study", "same study")],
)
def test_a_further_modality_goes_with_the_images_it_shares_space_or_study_with(
    frame, study, evidence
):
    pet = replace(ct("pet", study, frame=frame), modality="PT")
    stranger = replace(ct("far", "another", frame="else"), modality="PT")
    (chain,) = taken(decide(patient(*complete(), pet, stranger), of("CT", "PT", "RTSTRUCT")))

    assert [row.series_instance_uid for row in chain.others] == ["pet"]
    assert chain.evidence["PT → CT"] == evidence


def test_without_its_further_modality_nothing_is_complete():
    stranger = replace(ct("far", "another", frame="else"), modality="PT")
    verdict = decide(patient(*complete(), stranger), of("CT", "PT", "RTSTRUCT"))

    assert codes(verdict)[-1] == "II_EXEC_002"


def test_where_the_images_state_no_frame_the_dose_is_held_against_the_structures():
    dose = replace(DOSE, frame_of_reference_uids=("else",))
    image, struct, plan, _ = complete()
    bare = replace(image, tags={})
    verdict = decide(patient(bare, struct, plan, rt("RTDOSE", dose)), CohortSpecification())

    assert [d.subject_uid for d in verdict.decisions if d.code == "II_REV_012"] == ["dose"]


def test_contour_images_are_counted_in_the_evidence():
    struct = replace(STRUCT, series_uids=(), image_uids=("ct.0", "ct.1", "gone"))
    image, _, plan, dose = complete()
    verdict = decide(patient(image, rt("RTSTRUCT", struct), plan, dose), CohortSpecification())

    assert taken(verdict)[0].evidence["RTSTRUCT → CT"] == "contour images (2 of 3)"


def test_another_frame_of_reference_than_the_images_is_for_review():
    struct = replace(STRUCT, frame_of_reference_uids=("else",))
    image, _, plan, dose = complete()
    verdict = decide(patient(image, rt("RTSTRUCT", struct), plan, dose), CohortSpecification())

    assert [d.subject_uid for d in verdict.decisions if d.code == "II_REV_012"] == ["struct"]


@pytest.mark.parametrize(
    ("approval", "status", "code"),
    [
        ("approved_first", "UNAPPROVED", "II_REV_004"),
        ("approved_first", "", "II_SUCC_001"),
        ("approved_only", "UNAPPROVED", "II_EXEC_006"),
        ("approved_only", "", "II_EXEC_006"),
        ("approved_only", "APPROVED", "II_SUCC_001"),
        ("any", "UNAPPROVED", "II_SUCC_001"),
        ("any", "REJECTED", "II_EXEC_006"),
    ],
)
def test_plans_count_by_their_approval(approval, status, code):
    image, struct, _, dose = complete()
    plan = rt("RTPLAN", replace(PLAN, approval_status=status))
    verdict = decide(patient(image, struct, plan, dose), CohortSpecification(approval=approval))

    assert codes(verdict)[-1] == code


@pytest.mark.parametrize(
    ("bounds", "code"),
    [
        ({"most": 4}, "II_REV_001"),
        ({"fewest": 6}, "II_REV_002"),
        ({"fewest": 6, "outside": "EXCLUDE"}, "II_EXEC_005"),
        ({"fewest": 5, "most": 5, "outside": "EXCLUDE"}, "II_SUCC_001"),
    ],
)
def test_slices_are_bounded_only_as_said(bounds, code):
    rules = CohortSpecification.model_validate({"slices": bounds})

    assert codes(decide(patient(*complete()), rules))[-1] == code


def test_two_people_under_one_patient_id_are_for_review():
    held = patient(*complete(), ct("old", "before", frame="else"))
    first, second = held.studies
    names = (
        replace(first, patient_names=("Doe^Jane",), patient_birth_dates=("19600101",)),
        replace(second, patient_names=("DOE JANE",), patient_birth_dates=("19600101",)),
    )
    same = decide(replace(held, studies=names), CohortSpecification())
    other = replace(names[1], patient_birth_dates=("19610101",))
    differ = decide(replace(held, studies=(names[0], other)), CohortSpecification())

    assert "I_REV_002" not in codes(same)
    assert "I_REV_002" in codes(differ)
    assert "Doe" not in str(differ.decisions)


def test_studies_that_are_still_arriving_wait():
    held = patient(*complete())
    studies = tuple(replace(study, stable=False) for study in held.studies)

    assert codes(decide(replace(held, studies=studies), CohortSpecification())) == ["I_EXEC_009"]


def test_a_treatment_outside_the_bounds_is_no_candidate_beside_one_within():
    image, *others = complete("two", ".2")
    short = replace(image, instances=image.instances[:3])
    rules = CohortSpecification.model_validate({"slices": {"fewest": 5, "outside": "EXCLUDE"}})
    verdict = decide(patient(*complete("one", ".1"), short, *others), rules)

    assert [chain.images.series_instance_uid for chain in taken(verdict)] == ["ct.1"]
