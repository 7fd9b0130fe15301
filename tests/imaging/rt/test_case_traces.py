"""What an unforeseen error leaves beside a case, and how often a case's files are read."""

from functools import partial

import pytest
from pydicom import dcmread

from imaging.errors import InputError
from imaging.phantoms import write_datasets
from imaging.rt import DvhCase, DvhOptions, calculate_case, gather, load_case

ASKED = DvhOptions(rois=("PTV",), metrics=("Dmean[Gy]",))


@pytest.fixture
def case(tiny, tmp_path):
    objects = (tiny.rtstruct(), tiny.rtdose(), tiny.rtplan())
    rtstruct, rtdose, rtplan = write_datasets(objects, tmp_path / "in")
    return DvhCase("case-1", rtstruct, (rtdose,), (rtplan,))


@pytest.fixture
def run(case, tmp_path):
    return partial(calculate_case, case, folder=tmp_path / "out")


def broken(*_args, **_options):
    msg = "Doe^Jane"
    raise ZeroDivisionError(msg)


def test_each_file_of_a_case_is_read_once(case, run, monkeypatch):
    read = []

    def counted(path, **how):
        read.append(path)
        return dcmread(path, **how)

    monkeypatch.setattr("imaging.rt.files.reading.dcmread", counted)

    assert run(ASKED).failure == ""

    assert sorted(read) == sorted(case.files)


def test_an_unforeseen_error_is_traced_beside_the_case_until_it_is_gone(run, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("imaging.rt.cases.calculate.calculate", broken)
        failed = run(ASKED)
    trace = failed.folder / "error.txt"
    assert failed.failure == f"unforeseen ZeroDivisionError, see {trace}"
    assert "Doe^Jane" in trace.read_text()

    assert run(ASKED).failure == ""
    assert not trace.exists()


def test_overlays_that_fail_are_traced_and_the_case_goes_on(run, monkeypatch):
    monkeypatch.setattr("imaging.rt.cases.planning_system.planned_dvhs", broken)

    result = run(ASKED)

    stored = load_case(result.folder)
    assert stored is not None
    assert stored.planned.left_out == (
        "they cannot be used (ZeroDivisionError, see planned-error.txt)",
    )
    assert "Doe^Jane" in (result.folder / "planned-error.txt").read_text()


def test_a_case_that_cannot_be_gathered_is_traced_until_it_can(run, tmp_path, monkeypatch):
    result = run(ASKED)
    trace = result.folder / "error.txt"
    with monkeypatch.context() as patch:
        patch.setattr("imaging.rt.cases.gather.comparison_table", broken)
        with pytest.raises(InputError, match="ZeroDivisionError, see ") as refusal:
            gather([result], ASKED, tmp_path / "out", "cohort")
    assert "Doe^Jane" in trace.read_text()
    assert "Doe" not in str(refusal.value)

    again = run(ASKED)
    assert again.reused
    assert not trace.exists()
    assert gather([again], ASKED, tmp_path / "out", "cohort").failures == {}
