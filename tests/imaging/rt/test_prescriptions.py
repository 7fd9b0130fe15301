import pytest
from pydicom import Dataset

from imaging.errors import DicomError
from imaging.rt.files.prescriptions import Prescription, prescription_of, treating_beams


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


def test_equal_levels_are_one_and_a_level_of_nothing_is_none(plan, tiny):
    for dose_gy in (50.0, 0.0):
        item = tiny.rtplan().DoseReferenceSequence[0]
        item.TargetPrescriptionDose = dose_gy
        plan.DoseReferenceSequence.append(item)

    found = prescription_of(plan)

    assert (found.source, found.levels) == ("TargetPrescriptionDose (300A,0026)", (50.0, 50.0))


def test_a_dose_reference_of_no_stated_type_is_of_a_target(plan):
    plan.DoseReferenceSequence[0].DoseReferenceType = ""

    assert prescription_of(plan).levels == (50.0,)


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


@pytest.mark.parametrize("of_ions", [False, True])
@pytest.mark.parametrize("delivery", ["SETUP", "OPEN_PORTFILM", "VERIFICATION"])
def test_a_beam_that_does_not_treat_is_not_missed(plan, delivery, of_ions):
    del plan.DoseReferenceSequence
    plan.BeamSequence[1].TreatmentDeliveryType = delivery
    del beams(plan)[1].BeamDose
    if of_ions:
        plan.IonBeamSequence = plan.BeamSequence
        del plan.BeamSequence

    assert prescription_of(plan).dose_gy == 25


def test_applicators_give_dose_as_beams_do(plan):
    del plan.DoseReferenceSequence
    setup = Dataset()
    setup.BrachyApplicationSetupDose = 7
    group = plan.FractionGroupSequence[0]
    group.NumberOfFractionsPlanned = 4
    group.ReferencedBeamSequence = []
    group.ReferencedBrachyApplicationSetupSequence = [setup]

    assert prescription_of(plan).dose_gy == 28


def test_where_no_beam_states_anything_none_is_left_out(plan):
    group = plan.FractionGroupSequence[0]
    for beam in beams(plan):
        del beam.BeamDose, beam.BeamMeterset

    assert treating_beams(plan, group) == list(beams(plan))


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
