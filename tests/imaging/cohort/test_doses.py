"""Which doses are used, and what is said of them."""

import pytest

from imaging.cohort import DoseRules
from imaging.cohort.doses import DoseFiles, choose_doses
from imaging.phantoms import write_object
from imaging.phantoms.dose import DoseEncoding, DoseGrid
from imaging.phantoms.edges.patient import EdgePatient, someone
from imaging.phantoms.headers import rename

SMALLER = DoseGrid((-96.0, -96.0, -96.0), (8.0, 8.0, 8.0), (25, 25, 20))


@pytest.fixture
def choose(tmp_path):
    patient = EdgePatient(someone(patient_id="SUB001"))

    def choose(*doses, plans=1):
        made = [dose(patient) for dose in doses]
        stated = tuple(
            {
                "sop_instance_uid": dose.SOPInstanceUID,
                "type": dose.get("DoseSummationType", ""),
                "units": dose.DoseUnits,
                "plans": [item.ReferencedSOPInstanceUID for item in dose.ReferencedRTPlanSequence],
            }
            for dose in made
        )
        paths = [write_object(item, tmp_path / f"{item.SOPInstanceUID}.dcm") for item in made]
        plan_paths = []
        for number in range(plans):
            plan = patient.rtplan(role="RTPLAN" if number == 0 else f"plan {number}")
            plan_paths.append(write_object(plan, tmp_path / f"{plan.SOPInstanceUID}.dcm"))
        files = DoseFiles(tuple(paths), tuple(plan_paths), stated)
        used, decisions = choose_doses(files, DoseRules())
        return len(used), [decision.code for decision in decisions]

    return choose


def plain(patient):
    return patient.rtdose()


def of_two_plans(patient):
    dose = patient.rtdose()
    other = patient.rtdose(plan=patient.rtplan(role="plan 1"))
    dose.ReferencedRTPlanSequence.extend(other.ReferencedRTPlanSequence)
    return dose


def beam(number, share, **options):
    encoding = DoseEncoding(summation_type="BEAM", beam_number=number, role=f"beam {number}")
    return lambda patient: patient.rtdose(encoding, factor=share, **options)


def untyped(patient):
    dose = rename(patient.rtdose(factor=1.1), patient.study.uid("untyped"))
    del dose.DoseSummationType
    return dose


def test_a_plain_dose_is_taken_and_nothing_is_said(choose):
    assert choose(plain) == (1, [])


def test_a_plan_dose_of_two_plans_is_for_review(choose):
    assert choose(of_two_plans) == (1, ["XVI_REV_005"])


def test_a_dose_of_the_two_plans_that_were_to_be_added_is_their_sum(choose):
    assert choose(of_two_plans, plans=2) == (1, ["XVI_SUCC_005"])


def test_doses_of_beams_are_added_without_a_word_of_review(choose):
    assert choose(beam(1, 0.6), beam(2, 0.4)) == (2, ["XVI_SUCC_003"])


def test_a_beam_that_ends_within_another_is_for_review(choose):
    beams = beam(1, 0.6), beam(2, 0.4, grid=SMALLER)

    assert choose(*beams) == (2, ["XVI_SUCC_003", "XVI_REV_011"])


def test_a_dose_that_is_not_the_sum_of_its_beams_is_for_review(choose):
    assert choose(untyped, beam(1, 0.6), beam(2, 0.4)) == (1, ["XVI_REV_010"])
