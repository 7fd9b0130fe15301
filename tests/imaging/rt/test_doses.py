import pytest

from imaging.errors import DicomError, InputError
from imaging.phantoms import DoseEncoding
from imaging.phantoms.headers import reference_to
from imaging.rt.doses.grid_reading import dose_grid
from imaging.rt.doses.selection import DosePolicy, select_dose
from imaging.rt.flags import Flag
from tests.imaging.rt.folders import Folder, expected


@pytest.fixture
def folder(tiny, tmp_path) -> Folder:
    return Folder(tiny, tmp_path)


def test_one_plan_dose_is_taken_as_it_is(folder):
    plan = folder.plan()
    path = folder.dose(plan, 10)

    found = select_dose([path], plans=[folder.write(plan)])

    assert found.grid.values_gy == pytest.approx(expected(10), abs=1e-6)
    assert (found.summation, found.plan_uids) == ("PLAN", (plan.SOPInstanceUID,))
    assert found.uids == (found.grid.uid,)
    assert (found.flags, found.notes) == ((), ())


def test_one_dose_is_decoded_once(folder, monkeypatch):
    calls = []

    def counted(dataset, **how):
        calls.append(dataset)
        return dose_grid(dataset, **how)

    monkeypatch.setattr("imaging.rt.doses.sums.dose_grid", counted)
    monkeypatch.setattr("imaging.rt.doses.candidates.stored_values", calls.append)

    select_dose([folder.dose(folder.plan())])

    assert len(calls) == 1


@pytest.mark.parametrize("bits", [(32, 32), (16, 16)])
def test_a_dose_that_was_exported_twice_is_one_dose(folder, bits):
    plan = folder.plan()
    paths = [folder.dose(plan, 10, encoding=DoseEncoding(bits=one)) for one in bits]

    found = select_dose(paths)

    assert found.grid.values_gy == pytest.approx(expected(10), abs=1e-3)
    assert len(found.uids) == 1
    assert len(found.notes) == 1
    assert found.notes[0].startswith("2 doses are the same and count once: ")


def test_the_rounding_of_a_place_does_not_make_another_dose(folder):
    plan = folder.plan()
    paths = [folder.dose(plan), folder.dose(plan, ImagePositionPatient=[-20.0001, -30, 0])]

    assert len(select_dose(paths).uids) == 1


def test_a_dose_that_was_exported_again_with_a_new_plan_uid_is_one_dose(folder):
    found = select_dose([folder.dose(folder.plan("A"), 10), folder.dose(folder.plan("B"), 10)])

    assert found.grid.values_gy == pytest.approx(expected(10), abs=1e-6)
    assert found.plan_uids == (folder.plan("A").SOPInstanceUID,)


def test_plans_are_never_added_unless_they_are_named(folder):
    plans, doses, files = folder.plans_with_doses()

    with pytest.raises(InputError, match="2 plans have a dose; name") as refusal:
        select_dose(doses, plans=files)
    assert all(plan.SOPInstanceUID in str(refusal.value) for plan in plans)


def test_plans_that_are_named_by_uid_or_label_are_added(folder):
    plans, doses, files = folder.plans_with_doses()
    policy = DosePolicy(sum_plans=(plans[0].SOPInstanceUID, "boost"))

    found = select_dose(doses, plans=files, policy=policy)

    assert found.grid.values_gy == pytest.approx(expected(60), abs=1e-5)
    assert found.summation == "sum of 2 plans"
    assert found.flags == (Flag.SUM_OF_PLANS,)
    assert set(found.plan_uids) == {plan.SOPInstanceUID for plan in plans}


def test_each_of_several_relative_doses_takes_the_prescription_of_its_plan(folder):
    plans = [folder.plan("A"), folder.plan("Boost")]
    plans[1].DoseReferenceSequence[0].TargetPrescriptionDose = 10
    relative = DoseEncoding(units="RELATIVE")
    doses = [folder.dose(plan, 100, encoding=relative) for plan in plans]
    policy = DosePolicy(sum_plans=("A", "Boost"), prescription_gy=40)

    found = select_dose(doses, plans=[folder.write(plan) for plan in plans], policy=policy)
    assert found.grid.values_gy == pytest.approx(expected(60), abs=1e-5)


def test_a_label_of_two_plans_names_neither(folder):
    plans = [folder.plan("A"), folder.plan("B")]
    plans[1].RTPlanLabel = plans[0].RTPlanLabel
    doses = [folder.dose(plan) for plan in plans]
    files = [folder.write(plan) for plan in plans]

    with pytest.raises(InputError, match="2 plans with a dose that can be used are called"):
        select_dose(doses, plans=files, policy=DosePolicy(sum_plans=(plans[0].RTPlanLabel,)))


def test_a_plan_whose_dose_is_only_in_a_sum_cannot_be_named(folder):
    plans, doses, files = folder.plans_with_doses()
    other = folder.plan("C")
    paths = [doses[0], folder.dose_of_plans([plans[1], other], 20)]
    policy = DosePolicy(sum_plans=("A", "Boost"))

    with pytest.raises(InputError, match="no dose of its own can be used for plan") as refusal:
        select_dose(paths, plans=[*files, folder.write(other)], policy=policy)
    assert plans[1].SOPInstanceUID in str(refusal.value)


def test_one_plan_that_is_named_is_chosen(folder):
    _, doses, files = folder.plans_with_doses()

    found = select_dose(doses, plans=files, policy=DosePolicy(sum_plans=("Boost",)))

    assert found.grid.values_gy == pytest.approx(expected(10), abs=1e-6)
    assert found.notes[0].startswith("Left out (1), of other plans: ")
    assert Flag.SUM_OF_PLANS not in found.flags


@pytest.mark.parametrize("name", ["Lung", "1.2.3", ""])
def test_a_plan_that_is_not_there_cannot_be_named(folder, name):
    _, doses, files = folder.plans_with_doses()

    with pytest.raises(InputError, match="0 plans with a dose that can be used"):
        select_dose(doses, plans=files, policy=DosePolicy(sum_plans=("A", name)))


def test_a_dose_of_several_plans_is_taken_when_alone_or_when_they_are_named(folder):
    plans, doses, files = folder.plans_with_doses()
    path = folder.dose_of_plans(plans, 61)

    alone = select_dose([path], plans=files)
    named = select_dose([*doses, path], plans=files, policy=DosePolicy(sum_plans=("A", "Boost")))

    for found in (alone, named):
        assert found.summation == "MULTI_PLAN"
        assert found.grid.values_gy == pytest.approx(expected(61), abs=1e-5)


def test_the_dose_of_a_fraction_is_not_that_of_several_plans(folder):
    plans, _, files = folder.plans_with_doses()
    references = [reference_to(plan) for plan in plans]
    path = folder.dose(plans[0], ReferencedRTPlanSequence=references, DoseSummationType="FRACTION")

    with pytest.raises(DicomError, match="these are not one dose of several plans"):
        select_dose([path], plans=files)


def test_a_dose_of_several_plans_is_left_out_beside_the_plans_own(folder):
    plans, doses, files = folder.plans_with_doses()

    found = select_dose([doses[0], folder.dose_of_plans(plans, 61)], plans=files)

    assert found.grid.values_gy == pytest.approx(expected(50), abs=1e-5)
    assert found.notes[0].startswith("Left out (1), of other plans: ")


@pytest.mark.parametrize("status", ["UNAPPROVED", "REJECTED"])
def test_doses_of_plans_that_are_not_approved_are_left_out(folder, status):
    plans = [folder.plan("A"), folder.plan("B", status)]
    doses = [folder.dose(plan, gy) for plan, gy in zip(plans, (50, 10), strict=True)]

    found = select_dose(doses, plans=[folder.write(plan) for plan in plans])

    assert found.grid.values_gy == pytest.approx(expected(50), abs=1e-5)
    assert f"of plan {plans[1].SOPInstanceUID}, which is {status}" in found.notes[0]


def test_an_unapproved_plan_is_used_when_asked_and_flagged(folder):
    plan = folder.plan(status="UNAPPROVED")
    paths, files = folder.beams(plan, 1, 2), [folder.write(plan)]

    with pytest.raises(InputError, match=r"No dose can be used.*UNAPPROVED"):
        select_dose(paths, plans=files)
    found = select_dose(paths, plans=files, policy=DosePolicy(include_unapproved=True))
    assert found.flags == (Flag.UNAPPROVED_PLAN,)


def test_a_single_dose_was_named_so_its_plan_need_not_be_approved(folder):
    plan = folder.plan(status="UNAPPROVED")

    found = select_dose([folder.dose(plan)], plans=[folder.write(plan)])

    assert found.flags == (Flag.UNAPPROVED_PLAN,)


def test_a_rejected_plan_is_never_used(folder):
    plan = folder.plan(status="REJECTED")
    path, files = folder.dose(plan), [folder.write(plan)]

    with pytest.raises(InputError, match="REJECTED"):
        select_dose([path], plans=files, policy=DosePolicy(include_unapproved=True))


def test_a_dose_of_a_plan_that_is_not_given_is_left_out(folder):
    plan, other = folder.plan("A"), folder.plan("B")
    paths, files = [folder.dose(other, gy) for gy in (10, 20)], [folder.write(plan)]

    with pytest.raises(InputError, match="of plans that are not given"):
        select_dose(paths, plans=files)
    with pytest.raises(DicomError, match=f"to plan {other.SOPInstanceUID}, not to "):
        select_dose(paths[:1], plans=files)


def test_a_dose_that_names_no_plan_belongs_to_the_one_it_came_with(folder):
    plan = folder.plan()
    path = folder.dose(plan, ReferencedRTPlanSequence=[])

    assert select_dose([path], plans=[folder.write(plan)]).plan_uids == (plan.SOPInstanceUID,)
    assert select_dose([path]).plan_uids == ()


def test_no_dose_at_all_is_refused():
    with pytest.raises(InputError, match="No dose can be used"):
        select_dose([])
