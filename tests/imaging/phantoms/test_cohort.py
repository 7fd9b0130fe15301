import pytest

from imaging.phantoms import Cohort, Fault, PhantomSize
from imaging.phantoms.__main__ import main


def test_one_patient_id_begins_with_another():
    cohort = Cohort(seed=1)

    first, second = cohort.add(), cohort.add(Fault.ID_PREFIX)

    assert (first.patient_id, second.patient_id) == ("SUB001", "SUB0011")
    with pytest.raises(ValueError, match="before"):
        Cohort(seed=1).add(Fault.ID_PREFIX)


def test_a_fault_is_named_in_text_too_and_a_wrong_name_is_refused():
    cohort = Cohort(seed=1, size=PhantomSize.tiny())

    assert cohort.add("missing-dose").fault is Fault.MISSING_DOSE
    with pytest.raises(ValueError, match="no-such-fault"):
        cohort.add("no-such-fault")
    assert len(cohort.patients) == 1


def test_the_demo_has_ten_patients_of_whom_five_are_right():
    patients = Cohort.demo(seed=1, size=PhantomSize.tiny()).patients

    faults = [patient.fault for patient in patients if patient.fault]
    assert len(patients) == 10
    assert len(faults) == len(set(faults)) == 5


def test_a_patient_is_the_same_whatever_is_planted_beside_them():
    cohorts = [Cohort(seed=5), Cohort(seed=5)]
    for fault, cohort in zip((None, Fault.MISSING_CT), cohorts, strict=True):
        cohort.add(fault)
        cohort.add()

    assert cohorts[0].patients[1] == cohorts[1].patients[1]
    assert cohorts[0].patients[0].phantom == cohorts[1].patients[0].phantom


def test_the_command_writes_the_demo_and_a_line_for_each_patient(tmp_path, capsys):
    main([str(tmp_path), "--seed", "1", "--demo", "--size", "tiny"])

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert "SUB003  missing-dose" in lines[2]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"SUB{n:03d}" for n in range(1, 11)]


def test_the_command_writes_as_many_right_patients_as_asked(tmp_path, capsys):
    main([str(tmp_path), "--patients", "2", "--size", "tiny"])

    assert capsys.readouterr().out.count("right") == 2
