"""One case: what its folder holds after it went well, went wrong, or was asked otherwise."""

from dataclasses import replace
from functools import partial

import pandas as pd
import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid

from imaging.errors import InputError
from imaging.phantoms import DoseEncoding
from imaging.phantoms.headers import reference_to
from imaging.rt import (
    DvhCase,
    DvhOptions,
    Goal,
    GoalTable,
    Method,
    calculate_case,
    case_markdown,
    gather,
    load_case,
)
from imaging.rt.cases import keys
from imaging.rt.flags import Flag
from tests.imaging.rt.folders import Folder

ASKED = DvhOptions(rois=("PTV", "Heart"), metrics=("Dmean[Gy]",))
GOALS = GoalTable("Rules", (Goal.parse("PTV", "D95%[Gy] > 1"),))
COPY = "rtdose-with-dvhs.dcm"


@pytest.fixture
def folder(tiny, tmp_path):
    return Folder(tiny, tmp_path)


@pytest.fixture
def case(folder):
    struct, plan = folder.patient.rtstruct(), folder.patient.rtplan()
    dose = folder.write(folder.patient.rtdose())
    return DvhCase("case-1", folder.write(struct), (dose,), (folder.write(plan),))


@pytest.fixture
def run(tmp_path):
    return partial(calculate_case, folder=tmp_path / "out")


def rewritten(path, **changes):
    dataset = dcmread(path)
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    target = path.with_name(f"changed-{path.name}")
    dataset.save_as(target)
    return target


def stored_of(result):
    assert result.failure == ""
    stored = load_case(result.folder)
    assert stored is not None
    return stored


def test_a_dvh_without_an_roi_number_costs_the_case_nothing_but_itself(case, run):
    items = dcmread(case.rtdoses[0]).DVHSequence
    del items[0].DVHReferencedROISequence[0].ReferencedROINumber
    odd = replace(case, rtdoses=(rewritten(case.rtdoses[0], DVHSequence=items),))

    stored = stored_of(run(odd, ASKED))

    assert len(stored.case.dvhs) == 2
    assert "DVH 1" in stored.planned.left_out[0]
    assert stored.planned.left_out[0] in case_markdown(stored, ASKED)


def test_overlays_that_fail_do_not_fail_the_case(case, run, monkeypatch):
    def broken(*_args):
        raise ZeroDivisionError

    monkeypatch.setattr("imaging.rt.cases.planning_system.planned_dvhs", broken)

    assert "ZeroDivisionError" in stored_of(run(case, ASKED)).planned.left_out[0]


def test_the_planning_systems_dvhs_are_those_of_the_dose_that_was_used(case, run):
    again = rewritten(case.rtdoses[0], SOPInstanceUID=generate_uid(), DVHSequence=[])
    twice = replace(case, rtdoses=(*case.rtdoses, again))

    assert len(stored_of(run(twice, ASKED)).planned.curves) > 2


def plans_of(folder):
    plans = [folder.plan("A"), folder.plan("Boost")]
    return plans, tuple(folder.write(plan) for plan in plans)


def test_a_dose_takes_the_prescription_of_its_own_plan_out_of_several(case, folder, run):
    (_, boost), files = plans_of(folder)
    boost.DoseReferenceSequence[0].TargetPrescriptionDose = 12
    files = (files[0], folder.write(boost))
    dose = folder.write(folder.patient.rtdose(DoseEncoding(role="boost"), plan=boost))

    plan = stored_of(run(replace(case, rtdoses=(dose,), rtplans=files), ASKED)).case.plan

    assert plan.prescription_gy == 12
    assert plan.fractions


@pytest.mark.parametrize("named", [0, 1, 2])
@pytest.mark.parametrize("summation", ["MULTI_PLAN", "PLAN_OVERVIEW"])
def test_a_sum_of_plans_has_no_prescription_and_is_flagged(case, folder, run, named, summation):
    plans, files = plans_of(folder)
    references = [reference_to(plan) for plan in plans[:named]]
    changes = {"DoseSummationType": summation, "ReferencedRTPlanSequence": references}
    total = replace(case, rtdoses=(rewritten(case.rtdoses[0], **changes),), rtplans=files[:1])

    stored = stored_of(run(total, ASKED))

    assert (stored.case.plan.prescription_gy, stored.case.plan.fractions) == (None, None)
    assert all(Flag.SUM_OF_PLANS in dvh.flags for dvh in stored.case.dvhs)


@pytest.mark.parametrize("engine", ["exact", "dicompyler"])
def test_one_dose_is_refused_when_none_of_the_plans_is_its_own(case, folder, run, engine):
    _, others = plans_of(folder)
    options = replace(ASKED, method=Method(engine=engine))

    assert run(replace(case, rtplans=(*others, *case.rtplans)), options).failure == ""
    assert "belongs to plan" in run(replace(case, rtplans=others), options).failure


def test_a_case_that_is_damaged_or_replaced_is_a_failure_of_its_own(case, run, tmp_path):
    cases = [replace(case, case_id=f"case-{number}") for number in range(1, 5)]
    good, lost, cut, other = results = [run(one, ASKED) for one in cases]
    (lost.folder / "case.json").unlink()
    (cut.folder / "curves.csv").unlink()
    run(cases[3], replace(ASKED, metrics=("D2%[Gy]",)))

    summary = gather(results, ASKED, tmp_path / "out", "cohort")

    assert set(summary.failures) == {"case-2", "case-3", "case-4"}
    assert "another run" in summary.failures[other.case.case_id]
    assert set(summary.metrics["case_id"]) == {good.case.case_id}
    curves = pd.read_parquet(tmp_path / "out" / "curves.parquet")
    assert set(curves["case_id"]) == {good.case.case_id}
    assert len(pd.read_csv(tmp_path / "out" / "curves.csv")) == len(curves)
    with pytest.raises(InputError, match="vanished"):
        gather([lost, other], ASKED, tmp_path / "out", "cohort")


def test_a_failure_leaves_nothing_of_the_result_before(case, run):
    result = run(case, replace(ASKED, goals=GOALS, write_dvhs=True))
    assert (result.folder / COPY).exists()

    failed = run(case, replace(ASKED, rois=("Nobody",)))

    assert failed.failure
    assert list(failed.folder.iterdir()) == []


def test_goals_that_are_no_longer_asked_are_removed(case, run, tmp_path):
    with_goals = replace(ASKED, goals=GOALS, write_dvhs=True)
    gather([run(case, with_goals)], with_goals, tmp_path / "out", "cohort")
    assert len(list((tmp_path / "out").rglob("goals.*"))) == 4

    result = run(case, ASKED)
    gather([result], ASKED, tmp_path / "out", "cohort")

    assert result.reused
    assert list((tmp_path / "out").rglob("goals.*")) == []
    assert not (result.folder / COPY).exists()


def test_a_drawing_that_was_killed_is_drawn_again(case, run, monkeypatch):
    before = run(case, ASKED)

    def killed(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("imaging.rt.cases.calculate.draw_case", killed)
        with pytest.raises(KeyboardInterrupt):
            run(case, replace(ASKED, metrics=("D2%[Gy]",)))

    assert stored_of(before).shown == ""
    assert run(case, ASKED).reused
    assert stored_of(before).shown == before.shown


def test_the_copy_is_of_the_dose_that_was_used_and_comes_back_when_deleted(case, run):
    options = replace(ASKED, write_dvhs=True)
    again = rewritten(case.rtdoses[0], SOPInstanceUID=generate_uid())
    twice = replace(case, rtdoses=(*case.rtdoses, again))

    copy = run(twice, options).folder / COPY
    copy.unlink()

    assert run(twice, options).reused
    assert len(dcmread(copy).DVHSequence) == 2


def test_a_copy_that_cannot_be_written_is_said_and_fails_nothing(case, folder, run):
    empty = dcmread(case.rtstruct)
    empty.ROIContourSequence = []
    nothing = replace(case, rtstruct=folder.write(empty))

    result = run(nothing, replace(ASKED, write_dvhs=True))

    assert "no curve to write" in stored_of(result).no_copy
    assert run(nothing, replace(ASKED, write_dvhs=True)).reused
    assert stored_of(run(nothing, ASKED)).no_copy == ""


def test_other_sources_or_libraries_make_another_key(case, monkeypatch):
    before = keys.key_of(case, ASKED)
    monkeypatch.setattr(keys, "_sources", lambda: "changed")
    changed = keys.key_of(case, ASKED)
    monkeypatch.setattr(keys, "version", lambda part: "2" if part == "shapely" else "1")

    assert len({before, changed, keys.key_of(case, ASKED)}) == 3


def test_a_file_that_is_gone_is_named_by_what_it_is(case, run, tmp_path, caplog):
    result = run(replace(case, rtdoses=(tmp_path / "Doe^Jane.dcm",)), ASKED)

    assert result.failure == "an RTDOSE: No such file or directory"
    assert "Doe" not in caplog.text


def test_a_body_that_only_a_metric_needs_is_in_no_table(case, run, tmp_path):
    options = replace(ASKED, rois=("PTV",), metrics=("CI(50%)",))
    result = run(case, options)
    gather([result], options, tmp_path / "out", "cohort")

    stored = stored_of(result)
    assert [dvh.roi_name for dvh in stored.case.dvhs] == ["PTV"]
    assert [dvh.roi_name for dvh in stored.unasked] == ["BODY"]
    assert stored.case.plan.body is stored.unasked[0]
    assert stored.case.score(GOALS)[0].outcome == "PASS"
    for name in ("metrics", "curves", "planned"):
        assert set(pd.read_csv(tmp_path / "out" / f"{name}.csv")["roi_name"]) == {"PTV"}
