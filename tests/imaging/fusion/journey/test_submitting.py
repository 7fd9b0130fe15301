"""Whatever goes wrong on the way, a case is submitted once, and the ledger knows."""

import pytest

from imaging.errors import (
    RemoteRejectedError,
    RemoteUnavailableError,
    SettingError,
)
from imaging.fusion.journey import JobState
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


def test_a_run_that_the_ledger_does_not_take_is_told_to_the_log(lab, prepared, monkeypatch, caplog):
    def read_only(*_, **__):
        name, msg = "IMAGING_FUSION_LEDGER_URL", "the ledger of fusions cannot be written"
        raise SettingError(name, msg)

    monkeypatch.setattr(lab.ledger, "submitted", read_only)

    with caplog.at_level("INFO"), pytest.raises(SettingError):
        lab.submit(prepared)

    assert lab.vendor.runs[0].run_id in caplog.text


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
