"""Many cases handed in by one run: one bad case is told, and keeps nobody."""

import json
from contextlib import closing

import pytest
import trimesh

from flows.collect_fusion import collect_fusion
from flows.fuse_cbct_batch import fuse_cbct_batch
from imaging.errors import ImagingError, InputError, SettingError
from imaging.fusion.ledger import Ledger
from imaging.settings import settings
from tests.flows.fusions import write_worklist
from tests.flows.shown import artifact


@pytest.fixture
def cases(handed_in, tmp_path):
    """Three cases of their own content, of which the last has an empty scan."""
    upper, lower, cbct = (handed_in[name] for name in ("upper_scan", "lower_scan", "cbct"))
    (tmp_path / "empty.stl").write_bytes(b"")
    lines = {"broken": (tmp_path / "empty.stl", lower, cbct)}
    for number in (1, 2):
        scan = trimesh.load_mesh(upper).apply_scale(1 + number / 100)
        scan.export(tmp_path / f"upper-{number}.stl")
        lines[f"case-{number}"] = (tmp_path / f"upper-{number}.stl", lower, cbct)
    return write_worklist(tmp_path, lines)


def states():
    return {row["case"]: row["state"] for row in json.loads(artifact("fusion-batch").data)}


def test_each_sound_case_is_submitted_once_however_often_the_batch_runs(vendor, cases):
    first = fuse_cbct_batch(cases, return_state=True)
    again = fuse_cbct_batch(cases, return_state=True)

    assert (first.name, again.name) == ("Submitted", "Submitted")
    assert "2 of 3 cases handed in, 1 refused" in str(first.message)
    assert states() == {"broken": "refused", "case-1": "SUBMITTED", "case-2": "SUBMITTED"}
    assert json.loads(artifact("fusion-batch").data)[0]["case"] == "broken"
    assert vendor.paid == 2


def test_what_the_account_may_spend_holds_for_a_batch(vendor, cases, place):
    place(fusion_runs_per_day=1)

    state = fuse_cbct_batch(cases, max_failed_percent=99, return_state=True)

    assert state.is_completed()
    assert sorted(states().values()) == ["SUBMITTED", "refused", "refused"]
    assert vendor.paid == 1


def test_a_batch_fails_where_too_much_is_refused(vendor, cases):
    state = fuse_cbct_batch(cases, max_failed_percent=10, return_state=True)

    with pytest.raises(ImagingError, match="1 refused"):
        state.result()
    assert vendor.paid == 2


def test_without_an_account_a_batch_only_checks(place, cases):
    place()

    state = fuse_cbct_batch(cases, return_state=True)

    assert states() == {"broken": "refused", "case-1": "dry run", "case-2": "dry run"}
    assert state.name == "DryRun"
    assert "2 of 3 cases checked, nothing was sent or paid for, 1 refused" in str(state.message)


def test_a_case_that_the_vendor_failed_before_waits_for_a_person(vendor, cases):
    vendor.plan("result", "failed no upper teeth")
    fuse_cbct_batch(cases)
    with closing(Ledger.of(settings())) as ledger:
        (failed,) = [
            job for job in ledger.jobs() if collect_fusion(job.key, return_state=True).is_failed()
        ]

    again = fuse_cbct_batch(cases, max_failed_percent=70, return_state=True)

    told = "1 of 3 cases handed in, 1 refused, 1 failed at the vendor before"
    assert told in str(again.message)
    row = next(
        row for row in json.loads(artifact("fusion-batch").data)[:2] if row["case"] == failed.case
    )
    assert row["state"] == "FAILED"
    assert "submit_again" in row["reason"]
    assert "no upper teeth" in row["reason"]
    assert vendor.paid == 2


@pytest.mark.usefixtures("place")
def test_a_batch_needs_a_worklist(tmp_path):
    for worklist, error in ((None, SettingError), (tmp_path / "none.csv", InputError)):
        state = fuse_cbct_batch(worklist, return_state=True)
        with pytest.raises(error, match="cases"):
            state.result()
