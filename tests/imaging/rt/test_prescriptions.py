import pytest

from imaging.errors import DicomError
from imaging.rt.files.prescriptions import Prescription, prescription_of


@pytest.fixture
def plan(tiny):
    return tiny.rtplan()


def beams(plan):
    return plan.FractionGroupSequence[0].ReferencedBeamSequence


def test_the_target_prescription_dose_comes_first(plan):
    beams(plan)[0].BeamDose = 9

    assert prescription_of(plan) == Prescription(
        50.0, "TargetPrescriptionDose (300A,0026)", 25, (50.0,)
    )


def test_the_highest_of_several_levels_is_100_percent_and_all_are_kept(plan, tiny):
    for dose_gy in (60.5, 45.0):
        item = tiny.rtplan().DoseReferenceSequence[0]
        item.TargetPrescriptionDose = dose_gy
        plan.DoseReferenceSequence.append(item)

    found = prescription_of(plan)

    assert (found.dose_gy, found.levels) == (60.5, (60.5, 50.0, 45.0))
    assert found.source == "TargetPrescriptionDose (300A,0026), the highest of 3"


def test_limits_of_organs_are_no_prescription(plan):
    item = plan.DoseReferenceSequence[0]
    item.DoseReferenceType = "ORGAN_AT_RISK"

    assert prescription_of(plan).levels == ()


def test_beams_give_the_prescription_over_all_fractions(plan):
    del plan.DoseReferenceSequence
    beams(plan)[0].BeamDose, beams(plan)[1].BeamDose = 0.943, 0.935
    plan.FractionGroupSequence[0].NumberOfFractionsPlanned = 16

    found = prescription_of(plan)

    assert found.dose_gy == pytest.approx(16 * (0.943 + 0.935))
    assert found.source == "BeamDose (300A,0084) x NumberOfFractionsPlanned (300A,0078)"
    assert (found.fractions, found.levels) == (16, ())


def test_fraction_groups_follow_each_other(plan, tiny):
    del plan.DoseReferenceSequence
    boost = tiny.rtplan().FractionGroupSequence[0]
    boost.NumberOfFractionsPlanned = 5
    plan.FractionGroupSequence.append(boost)

    found = prescription_of(plan)

    assert (found.dose_gy, found.fractions) == (25 * 2 + 5 * 2, 30)


def test_a_beam_for_setup_is_not_missed(plan):
    del plan.DoseReferenceSequence
    plan.BeamSequence[1].TreatmentDeliveryType = "SETUP"
    del beams(plan)[1].BeamDose

    assert prescription_of(plan).dose_gy == 25


def test_a_beam_that_states_nothing_gives_nothing(plan):
    del plan.DoseReferenceSequence
    del beams(plan)[1].BeamDose, beams(plan)[1].BeamMeterset

    assert prescription_of(plan).dose_gy == 25


@pytest.mark.parametrize("what", ["a dose", "all doses", "the fractions", "the groups"])
def test_a_sum_that_would_be_too_low_is_no_prescription(plan, what):
    del plan.DoseReferenceSequence
    group = plan.FractionGroupSequence[0]
    if what == "a dose":
        del beams(plan)[0].BeamDose
    elif what == "all doses":
        for beam in beams(plan):
            beam.BeamDose = None
    elif what == "the fractions":
        del group.NumberOfFractionsPlanned
    else:
        del plan.FractionGroupSequence

    found = prescription_of(plan)

    assert found.dose_gy is None
    assert found.source == "the plan states no prescription"
    assert found.levels == ()


def test_fractions_that_are_no_number_are_refused_by_name(plan):
    plan.FractionGroupSequence[0].NumberOfFractionsPlanned = -2

    with pytest.raises(DicomError, match=r"NumberOfFractionsPlanned \(300A,0078\)") as refusal:
        prescription_of(plan)
    assert refusal.value.uid == plan.SOPInstanceUID


def test_a_plan_is_read_from_its_file(rt_files):
    assert prescription_of(rt_files.rtplan).dose_gy == 50
