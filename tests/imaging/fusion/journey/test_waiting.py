"""Who asks the vendor, how often, and what follows from the answer."""

from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.errors import (
    RemoteRejectedError,
    RemoteUnavailableError,
)
from imaging.fusion.journey import (
    Job,
    JobState,
    poll,
    wait_inline,
)
from imaging.fusion.journey.waiting import next_poll


def submitted(lab, name="case-1", number=0):
    return lab.submit(lab.prepare(name, number))


@given(polls=st.integers(0, 10_000), left_s=st.floats(0.001, 1e6))
def test_the_next_poll_comes_within_a_minute_or_so_and_not_beyond_the_deadline(polls, left_s):
    job = Job("k" * 64, "case", "case", "default", JobState.SUBMITTED, polls=polls, deadline=left_s)

    at = next_poll(job, 0.0)

    assert 0 < at <= min(75.0, left_s)
    assert at >= min(2.0, left_s)


def test_polls_begin_within_seconds_and_are_spread():
    job = Job("k" * 64, "case", "case", "default", JobState.SUBMITTED, deadline=1e9)

    first = {next_poll(job, 0.0) for _ in range(50)}
    later = {next_poll(replace(job, polls=30), 0.0) for _ in range(50)}

    assert max(first) < 4
    assert min(later) > 40
    assert len(first) > 40


def test_an_overdue_job_is_asked_each_hour():
    job = Job("k" * 64, "case", "case", "default", JobState.SUBMITTED, polls=99, deadline=10.0)

    assert 2700 <= next_poll(job, 10.0) - 10.0 <= 4500


def test_a_run_that_goes_on_is_asked_again_later(slow_lab):
    job = submitted(slow_lab)

    after = poll(job, ledger=slow_lab.ledger, client=slow_lab.client, now=slow_lab.clock())

    assert (after.state, after.polls) == (JobState.SUBMITTED, 1)
    assert after.next_poll > slow_lab.clock()


def test_a_run_that_is_done_completes_the_job(lab, prepared):
    job = poll(lab.submit(prepared), ledger=lab.ledger, client=lab.client)

    assert job.state is JobState.COMPLETED


def test_a_run_that_failed_fails_the_job_with_the_vendors_reason(lab, prepared):
    lab.vendor.plan("result", "failed scans upside down")

    job = poll(lab.submit(prepared), ledger=lab.ledger, client=lab.client)

    assert (job.state, job.reason) == (JobState.FAILED, "scans upside down")


@pytest.mark.parametrize("junk", ["junk", "wrong"])
def test_a_status_that_is_junk_is_no_success(lab, prepared, junk):
    job = lab.submit(prepared)
    lab.vendor.plan("status", *[junk] * 10)

    with pytest.raises((RemoteRejectedError, RemoteUnavailableError)):
        poll(job, ledger=lab.ledger, client=lab.client)

    assert lab.job(job.key).state is JobState.SUBMITTED


def test_a_vendor_that_is_away_is_not_asked_again_at_once(lab, prepared):
    job = lab.submit(prepared)
    lab.vendor.plan("status", *[503] * 20)

    with pytest.raises(RemoteUnavailableError):
        poll(job, ledger=lab.ledger, client=lab.client, now=lab.clock())

    assert lab.ledger.due() == []
    lab.clock.sleep(10)
    assert [due.key for due in lab.ledger.due()] == [job.key]


def test_a_callback_that_comes_during_the_question_is_not_lost(slow_lab):
    job = submitted(slow_lab)

    class Asking:
        def status(self, run_id):
            slow_lab.ledger.rang(job.key)
            return slow_lab.client.status(run_id)

    poll(job, ledger=slow_lab.ledger, client=cast("Any", Asking()), now=slow_lab.clock())

    assert [due.key for due in slow_lab.ledger.due()] == [job.key]


def test_waiting_ends_when_the_vendor_is_done(slow_lab):
    job = submitted(slow_lab)
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        slow_lab.clock.sleep(seconds)
        if sum(slept) > 100:
            slow_lab.vendor.finish()

    done = wait_inline(
        job, ledger=slow_lab.ledger, client=slow_lab.client, sleep=sleep, clock=slow_lab.clock
    )

    assert done.state is JobState.COMPLETED
    assert 100 < sum(slept) < 180
    assert 5 < slow_lab.vendor.counts["status"] < 15


def test_a_callback_cuts_the_wait_short(slow_lab):
    job = submitted(slow_lab)
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        slow_lab.clock.sleep(seconds)
        if len(slept) == 60:
            asked = slow_lab.vendor.counts["status"]
            slow_lab.vendor.finish()
            slow_lab.ledger.rang(job.key)
            slept.append(asked)

    done = wait_inline(
        job, ledger=slow_lab.ledger, client=slow_lab.client, sleep=sleep, clock=slow_lab.clock
    )

    assert done.state is JobState.COMPLETED
    assert len(slept) == 61
    assert slow_lab.vendor.counts["status"] == slept[-1] + 1


def test_waiting_ends_at_the_deadline_and_leaves_the_job_submitted(slow_lab):
    soon = replace(slow_lab.connection, deadline_s=120)
    job = slow_lab.submit(slow_lab.prepare(), connection=soon)

    overdue = wait_inline(
        job,
        ledger=slow_lab.ledger,
        client=slow_lab.client,
        sleep=slow_lab.clock.sleep,
        clock=slow_lab.clock,
    )

    assert overdue.state is JobState.SUBMITTED
    assert slow_lab.clock() >= overdue.deadline


def test_waiting_outlives_a_vendor_that_is_away(lab, prepared):
    job = lab.submit(prepared)
    lab.vendor.plan("status", *[503] * 20)

    done = wait_inline(
        job, ledger=lab.ledger, client=lab.client, sleep=lab.clock.sleep, clock=lab.clock
    )

    assert done.state is JobState.COMPLETED


def test_an_uncertain_job_is_not_waited_for(lab, prepared):
    lab.vendor.plan("run", "lost")

    job = wait_inline(
        lab.submit(prepared), ledger=lab.ledger, client=lab.client, sleep=cast("Any", pytest.fail)
    )

    assert job.state is JobState.UNCERTAIN
