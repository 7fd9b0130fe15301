"""Whatever goes wrong on the way, a case is submitted once, and the ledger knows."""

import json
import threading
import time

import pytest

from imaging.dicom.deidentify import Deidentifier
from imaging.errors import (
    BudgetError,
    InputError,
    RemoteRejectedError,
    RemoteUnavailableError,
)
from imaging.fusion.job import JobDraft
from imaging.fusion.journey import JobState
from imaging.fusion.ledger import Budget, ClaimLostError
from imaging.fusion.place import work_folder
from tests.imaging.fusion.journey.lab import Lab, patient


def test_a_case_is_submitted_once_and_gets_the_vendors_run_id(lab, prepared):
    job = lab.submit(prepared)

    assert (job.state, job.run_id) == (JobState.SUBMITTED, lab.vendor.runs[0].run_id)
    assert lab.vendor.paid == 1


def test_the_same_content_under_another_name_joins_and_is_not_paid_again(lab, prepared):
    first = lab.submit(prepared)

    again = lab.submit(lab.prepare("another-name"))

    assert (again.key, again.run_id) == (first.key, first.run_id)
    assert lab.vendor.paid == 1
    assert lab.vendor.counts["put"] == 3


def test_the_vendor_learns_the_key_the_neutral_name_and_three_files(lab, prepared):
    lab.submit(prepared)

    call = lab.vendor.runs[0].call
    assert call["metadata"] == {"key": prepared.key, "case": "case-1"}
    assert call["input_data"]["upper_jaw_scan"]["type"] == "ply"
    assert set(call["input_data"]) == {"upper_jaw_scan", "lower_jaw_scan", "raw_ct_file", "n"}
    assert "notification" not in call


def test_what_was_packed_is_removed_when_it_is_submitted(lab, prepared):
    lab.submit(prepared)

    assert not work_folder(prepared.key, lab.root).exists()


def test_what_is_packed_is_for_its_owner_only(lab, prepared):
    modes: list[int] = []

    def look(step, _):
        if step == "packed":
            folder = work_folder(prepared.key, lab.root)
            modes.extend(path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir()))

    lab.submit(prepared, progress=look)

    assert modes == [0, 0]


def test_progress_tells_each_step_and_never_goes_back(lab, prepared):
    told = []

    lab.submit(prepared, progress=lambda step, share: told.append((step, share)))

    steps, shares = zip(*told, strict=True)
    assert list(shares) == sorted(shares)
    assert steps[0] == "claimed"
    assert steps[-2:] == ("submitting", "submitted")
    assert [step for step in steps if step.startswith("uploaded")] == [
        "uploaded the upper scan",
        "uploaded the lower scan",
        "uploaded the CBCT",
    ]


@pytest.mark.parametrize("fault", ["lost", "junk", "wrong", 500, 502, 504, "redirect"])
def test_an_answer_that_is_lost_leaves_the_job_uncertain_and_is_never_sent_again(
    lab, prepared, fault
):
    lab.vendor.plan("run", fault)

    first = lab.submit(prepared)
    again = lab.submit(prepared)

    assert (first.state, again.state) == (JobState.UNCERTAIN, JobState.UNCERTAIN)
    assert lab.vendor.counts["run"] == 1


def test_a_released_job_is_submitted_again(lab, prepared):
    lab.vendor.plan("run", "lost")
    lab.ledger.release(lab.submit(prepared).key)

    assert lab.submit(prepared).state is JobState.SUBMITTED
    assert lab.vendor.paid == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_a_refusal_is_raised_and_frees_the_job(lab, prepared, status):
    lab.vendor.plan("run", status)

    with pytest.raises(RemoteRejectedError):
        lab.submit(prepared)

    assert lab.job(prepared.key).state is JobState.REFUSED
    assert not work_folder(prepared.key, lab.root).exists()
    assert lab.submit(prepared).state is JobState.SUBMITTED
    assert lab.vendor.paid == 1


def test_a_busy_vendor_is_tried_again_without_uploading_again(lab, prepared):
    lab.vendor.plan("run", 429)

    with pytest.raises(RemoteUnavailableError):
        lab.submit(prepared)

    assert lab.job(prepared.key).state is JobState.REFUSED
    assert lab.submit(prepared).state is JobState.SUBMITTED
    assert (lab.vendor.paid, lab.vendor.counts["put"]) == (1, 3)


def test_an_old_upload_is_made_again(lab, prepared):
    lab.vendor.plan("run", 429)
    with pytest.raises(RemoteUnavailableError):
        lab.submit(prepared)
    receipt = next(work_folder(prepared.key, lab.root).rglob("uploads.json"))
    urns = json.loads(receipt.read_text())
    urns["raw_ct_file"]["at"] -= 4000
    receipt.write_text(json.dumps(urns))

    lab.submit(prepared)

    assert lab.vendor.counts["put"] == 4


def test_a_vendor_that_is_away_is_no_uncertainty(lab, prepared):
    away = lab.connection.__class__(
        name="default", url="http://127.0.0.1:9", files_url=lab.vendor.files_url,
        user_group="APIClient", user_id=lab.vendor.user_id, token=lab.vendor.token,
    )  # fmt: skip
    with (
        lab.client.__class__(away, sleep=patient) as client,
        pytest.raises(RemoteUnavailableError),
    ):
        lab.submit(prepared, client=client)

    assert lab.job(prepared.key).state is JobState.REFUSED
    assert lab.ledger.spent().day == 0


def test_an_upload_that_fails_gives_the_claim_up_at_once(lab, prepared):
    lab.vendor.plan("put", *[503] * 20)

    with pytest.raises(RemoteUnavailableError):
        lab.submit(prepared)

    assert lab.job(prepared.key).state is JobState.REFUSED
    assert lab.vendor.paid == 0


def test_over_budget_nothing_is_packed_or_uploaded(lab, prepared):
    lab.submit(lab.prepare(number=1), connection=lab.with_budget(1))

    with pytest.raises(BudgetError):
        lab.submit(prepared, connection=lab.with_budget(1))

    assert lab.vendor.counts["put"] == 3
    assert lab.vendor.paid == 1


def test_a_scan_that_changed_since_it_was_checked_is_not_sent(tmp_path, patient_files):
    files = patient_files.__class__(tmp_path / "upper.stl", patient_files.lower, patient_files.cbct)
    files.upper.write_bytes(patient_files.upper.read_bytes())
    with Lab(tmp_path / "data", files) as lab:
        prepared = lab.prepare()
        content = bytearray(files.upper.read_bytes())
        content[100] ^= 1
        files.upper.write_bytes(content)

        with pytest.raises(InputError, match="upper scan changed"):
            lab.submit(prepared)

        assert lab.vendor.counts["upload_url"] == 0
        assert not work_folder(prepared.key, lab.root).exists()


def test_an_input_that_vanished_is_refused_without_its_path(tmp_path, patient_files):
    files = patient_files.__class__(
        tmp_path / "DOE^JANE.stl", patient_files.lower, patient_files.cbct
    )
    files.upper.write_bytes(patient_files.upper.read_bytes())
    with Lab(tmp_path / "data", files) as lab:
        prepared = lab.prepare()
        files.upper.unlink()

        with pytest.raises(InputError) as caught:
            lab.submit(prepared)

        assert "DOE" not in str(caught.value) + lab.job(prepared.key).reason


def test_files_packed_with_an_identity_are_not_sent_where_none_was_wanted(lab, prepared):
    lab.vendor.plan("run", 429)
    with pytest.raises(RemoteUnavailableError):
        lab.submit(prepared)

    lab.submit(prepared, deidentifier=Deidentifier(b"k" * 32))

    sent = [path.read_bytes() for path in lab.vendor.uploads if path.suffix == ".zip"]
    assert len(sent) == 2
    assert sent[0] != sent[1]


def test_a_job_that_failed_is_paid_again_only_when_that_is_wanted(lab, prepared):
    job = lab.submit(prepared)
    lab.ledger.failed(job.key, "no reason")

    assert lab.submit(prepared).state is JobState.FAILED
    assert lab.submit(prepared, again=True).state is JobState.SUBMITTED
    assert lab.vendor.paid == 2


def test_a_callback_before_the_answer_is_no_conflict(tmp_path, patient_files):
    with Lab(tmp_path / "data", patient_files, has_callbacks=True) as lab:
        lab.vendor.plan("callback", "early")

        job = lab.submit(lab.prepare())

        assert job.state is JobState.SUBMITTED
        assert job.run_id == lab.vendor.runs[0].run_id


def test_a_callback_repairs_an_answer_that_was_lost(tmp_path, patient_files):
    with Lab(tmp_path / "data", patient_files, has_callbacks=True) as lab:
        lab.vendor.plan("run", "lost")
        lab.vendor.plan("callback", "early")

        job = lab.submit(lab.prepare())

        assert job.state is JobState.SUBMITTED
        assert job.run_id == lab.vendor.runs[0].run_id


def test_something_nobody_foresaw_during_the_call_is_uncertain_and_raised(lab, prepared):
    def fail(step, _):
        if step == "submitting":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lab.submit(prepared, progress=fail)

    assert lab.job(prepared.key).state is JobState.UNCERTAIN
    assert lab.vendor.paid == 0


def test_a_worker_whose_claim_was_taken_over_stops_and_pays_nothing(lab, prepared):
    def taken_over(step, _):
        if step == "packed":
            lab.clock.ahead_s += 1000
            lab.submit(prepared, progress=lambda *_: None)

    with pytest.raises(InputError):
        lab.submit(prepared, progress=taken_over)

    assert lab.vendor.paid == 1
    assert lab.job(prepared.key).state is JobState.SUBMITTED


def test_a_worker_who_lost_its_claim_takes_nothing_from_who_has_it(lab, prepared):
    draft = JobDraft(prepared.key, "case-1", "default")
    owners: list[str] = []

    def taken_over(step, _):
        if step == "packed":
            while not owners:  # a renewal may come between
                lab.clock.ahead_s += 1000
                owners.extend(filter(None, [lab.ledger.claim(draft, Budget(9, 9), 9e9).owner]))
            while any(thread.name == "fusion-lease" for thread in threading.enumerate()):
                time.sleep(0.01)  # until it has learnt of it

    with pytest.raises(ClaimLostError):
        lab.submit(prepared, progress=taken_over, lease_s=0.4)

    assert list(work_folder(prepared.key, lab.root).rglob("cbct.zip"))
    lab.ledger.renew(prepared.key, owners[0])
    assert lab.vendor.counts["upload_url"] == 0


def test_the_lease_is_renewed_while_a_worker_is_slow(lab, prepared):
    leases = []

    def slow(step, _):
        if step == "packed":
            first = lab.job(prepared.key).lease
            for _ in range(200):
                lab.clock.ahead_s += 0.1
                if lab.job(prepared.key).lease > first:
                    break
                time.sleep(0.01)
            leases.append((first, lab.job(prepared.key).lease))

    lab.submit(prepared, progress=slow, lease_s=0.4)

    assert leases[0][1] > leases[0][0]


def test_a_ledger_that_is_away_for_a_moment_still_gets_the_run_id(lab, prepared, monkeypatch):
    monkeypatch.setattr("imaging.fusion.journey.submitting._PAUSE_S", 0.0)
    submitted, failures = lab.ledger.submitted, [1, 2]

    def busy(*args, **kwargs):
        if failures:
            failures.pop()
            msg = "busy"
            raise RemoteUnavailableError(msg)
        return submitted(*args, **kwargs)

    monkeypatch.setattr(lab.ledger, "submitted", busy)

    assert lab.submit(prepared).state is JobState.SUBMITTED
