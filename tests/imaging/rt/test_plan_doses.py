from copy import deepcopy
from dataclasses import replace

import pytest
from pydicom import dcmread
from pydicom.uid import UID

from imaging.errors import DicomError
from imaging.phantoms import DoseEncoding
from imaging.phantoms.headers import reference_to
from imaging.rt.doses.selection import DosePolicy, select_dose
from imaging.rt.flags import Flag
from tests.imaging.rt.folders import BEAM, Folder, expected


@pytest.fixture
def folder(tiny, tmp_path) -> Folder:
    return Folder(tiny, tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"DoseGridScaling": 1e-9},
        {"ImagePositionPatient": [-20, -30, 1]},
        {"DoseType": "EFFECTIVE"},
        {"FrameOfReferenceUID": UID("1.2.3")},
    ],
)
def test_different_doses_of_one_plan_are_refused(folder, changes):
    plan = folder.plan()
    paths = [folder.dose(plan, 10), folder.dose(plan, 10, **changes)]

    with pytest.raises(DicomError, match="different PLAN doses of one plan"):
        select_dose(paths)


def test_doses_that_differ_in_one_voxel_are_two_doses(folder):
    plan = folder.plan()
    paths = [folder.dose(plan, 10), folder.dose(plan, 10)]
    change(paths[1], lambda dataset: setattr(dataset, "PixelData", b"\1" + dataset.PixelData[1:]))

    with pytest.raises(DicomError, match="different PLAN doses of one plan"):
        select_dose(paths)


def test_a_beam_that_is_named_twice_in_one_dose_is_one_beam(folder):
    paths = folder.beams(folder.plan(), 1, 2)
    for path in paths:
        change(
            path,
            lambda dataset: dataset.ReferencedRTPlanSequence.append(
                deepcopy(dataset.ReferencedRTPlanSequence[0])
            ),
        )

    assert select_dose(paths).summation == "sum of 2 beams"


def change(path, how):
    """Alter a file that is written already."""
    dataset = dcmread(path)
    how(dataset)
    dataset.save_as(path, enforce_file_format=True)


def test_all_beams_of_a_plan_are_added(folder):
    plan = folder.plan()
    found = select_dose(folder.beams(plan, 2, 1), plans=[folder.write(plan)])

    assert found.grid.values_gy == pytest.approx(expected(1.5 * 3), abs=1e-6)
    assert (found.summation, found.flags) == ("sum of 2 beams", ())
    assert len(found.uids) == 2


def test_equal_doses_of_different_beams_are_two_doses(folder):
    plan = folder.plan()
    paths = [folder.dose(plan, 4, encoding=replace(BEAM, beam_number=n)) for n in (1, 2)]

    assert select_dose(paths).grid.values_gy == pytest.approx(expected(8), abs=1e-6)


@pytest.mark.parametrize(
    ("numbers", "fault"),
    [
        ((2,), "doses of beam 1 are missing"),
        ((1,), "doses of beam 2 are missing"),
        ((1, 2, 3), "the plan has no beam 3 that gives dose"),
    ],
)
def test_a_set_of_beams_that_is_not_the_plans_is_refused(folder, numbers, fault):
    plan = folder.plan()

    with pytest.raises(DicomError, match=fault):
        select_dose(folder.beams(plan, *numbers), plans=[folder.write(plan)])


def test_a_beam_for_setup_needs_no_dose(folder):
    plan = folder.plan()
    plan.BeamSequence[1].TreatmentDeliveryType = "SETUP"

    found = select_dose(folder.beams(plan, 1), plans=[folder.write(plan)])

    assert found.summation == "sum of 1 beams"


def test_beams_without_their_plan_are_flagged(folder):
    plan = folder.plan()

    assert select_dose(folder.beams(plan, 1, 2, 3)).flags == (Flag.BEAMS_UNVERIFIED,)
    with pytest.raises(DicomError, match="doses of beam 2 are missing"):
        select_dose(folder.beams(plan, 1, 3))


def test_two_different_doses_of_one_beam_are_refused(folder):
    plan = folder.plan()
    paths = [*folder.beams(plan, 1, 2), folder.dose(plan, 7, encoding=BEAM)]

    with pytest.raises(DicomError, match="several different doses of beam 1"):
        select_dose(paths)


def test_a_beam_dose_without_a_beam_number_is_refused(folder):
    plan = folder.plan()
    path = folder.dose(
        plan, ReferencedRTPlanSequence=[reference_to(plan)], DoseSummationType="BEAM"
    )

    with pytest.raises(DicomError, match=r"ReferencedBeamNumber \(300C,0006\) is missing"):
        select_dose([path])


@pytest.mark.parametrize(
    ("gy", "flags"),
    [(4.5, ()), (4.52, ()), (4.6, (Flag.DOSES_DISAGREE,)), (9, (Flag.DOSES_DISAGREE,))],
)
def test_the_plans_dose_is_taken_once_and_compared_with_its_beams(folder, gy, flags):
    plan = folder.plan()
    paths = [*folder.beams(plan, 1, 2), folder.dose(plan, gy)]

    found = select_dose(paths, plans=[folder.write(plan)])

    assert found.grid.values_gy == pytest.approx(expected(gy), abs=1e-6)
    assert (found.summation, found.flags, len(found.uids)) == ("PLAN", flags, 1)
    assert found.notes[0].startswith("Left out (2), BEAM beside PLAN: ")


def test_an_incomplete_set_of_beams_says_nothing_about_the_plans_dose(folder):
    plan = folder.plan()
    paths = [*folder.beams(plan, 1), folder.dose(plan, 4.5)]

    assert select_dose(paths, plans=[folder.write(plan)]).flags == ()


def test_the_dose_of_a_fraction_is_multiplied_only_when_asked(folder):
    plan = folder.plan()
    path = folder.dose(plan, 2, DoseSummationType="FRACTION")
    plans = [folder.write(plan)]

    with pytest.raises(DicomError, match="multiplied when asked"):
        select_dose([path], plans=plans)
    found = select_dose([path], plans=plans, policy=DosePolicy(scale_fractions=True))

    assert found.grid.values_gy == pytest.approx(expected(50), abs=1e-5)
    assert (found.summation, found.flags) == ("FRACTION x 25", (Flag.SCALED_FRACTION,))


@pytest.mark.parametrize("gy", [50, 9])
def test_the_dose_of_a_whole_fraction_group_is_not_multiplied(folder, gy):
    plan = folder.plan()
    path = folder.dose(plan, gy, DoseSummationType="FRACTION")

    with pytest.raises(DicomError, match="too much for one of 25 fractions"):
        select_dose([path], plans=[folder.write(plan)], policy=DosePolicy(scale_fractions=True))


def test_the_only_fraction_may_reach_more_than_the_prescription(folder):
    plan = folder.plan()
    plan.FractionGroupSequence[0].NumberOfFractionsPlanned = 1
    path = folder.dose(plan, 50, DoseSummationType="FRACTION")

    found = select_dose([path], plans=[folder.write(plan)], policy=DosePolicy(scale_fractions=True))
    assert found.summation == "FRACTION x 1"
    assert found.grid.max_gy > 50


def test_a_fraction_of_a_plan_with_two_fraction_groups_is_refused(folder):
    plan = folder.plan()
    plan.FractionGroupSequence.append(deepcopy(plan.FractionGroupSequence[0]))
    path = folder.dose(plan, 2, DoseSummationType="FRACTION")

    with pytest.raises(DicomError, match="needs a plan with one"):
        select_dose([path], plans=[folder.write(plan)], policy=DosePolicy(scale_fractions=True))


def test_a_fraction_needs_its_plan(folder):
    path = folder.dose(folder.plan(), 2, DoseSummationType="FRACTION")

    with pytest.raises(DicomError, match=r"NumberOfFractionsPlanned \(300A,0078\)"):
        select_dose([path], policy=DosePolicy(scale_fractions=True))


def test_the_plans_dose_goes_before_a_fractions(folder):
    plan = folder.plan()
    paths = [folder.dose(plan, 2, DoseSummationType="FRACTION"), folder.dose(plan, 50)]

    found = select_dose(paths, policy=DosePolicy(scale_fractions=True))

    assert found.summation == "PLAN"
    assert found.grid.values_gy == pytest.approx(expected(50), abs=1e-5)


@pytest.mark.parametrize("kind", ["RECORD", "CONTROL_POINT", "FRACTION_SESSION", "BEAM_SESSION"])
def test_other_kinds_of_dose_are_refused_by_name(folder, kind):
    path = folder.dose(folder.plan(), DoseSummationType=kind)

    with pytest.raises(DicomError, match=rf"DoseSummationType \(3004,000A\) is {kind}"):
        select_dose([path])


def test_a_relative_dose_takes_the_prescription_given_or_the_plans(folder):
    plan = folder.plan()
    path = folder.dose(plan, 100, encoding=DoseEncoding(units="RELATIVE"))

    of_plan = select_dose([path], plans=[folder.write(plan)])
    given = select_dose([path], plans=folder.written[-1:], policy=DosePolicy(prescription_gy=40))

    assert of_plan.grid.values_gy == pytest.approx(expected(50), abs=1e-5)
    assert "50 Gy: TargetPrescriptionDose (300A,0026)" in of_plan.notes[0]
    assert given.grid.values_gy == pytest.approx(expected(40), abs=1e-5)
    assert of_plan.flags == given.flags == (Flag.RELATIVE_DOSE,)
    with pytest.raises(DicomError, match="is RELATIVE"):
        select_dose([path])


@pytest.mark.parametrize("kind", ["BEAM", "FRACTION"])
def test_a_relative_part_of_a_plan_is_refused(folder, kind):
    plan = folder.plan()
    path = folder.dose(plan, 1, encoding=replace(BEAM, units="RELATIVE"), DoseSummationType=kind)
    policy = DosePolicy(prescription_gy=50, scale_fractions=True)

    with pytest.raises(DicomError, match="is RELATIVE, which is understood for whole plans only"):
        select_dose([path], policy=policy)


def test_a_dose_that_does_not_say_what_it_sums_is_of_its_plan(folder):
    assert select_dose([folder.dose(folder.plan(), DoseSummationType="")]).summation == "PLAN"
