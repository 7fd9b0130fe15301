"""Who asks the vendor, how often, and what follows from the answer."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.errors import (
    InputError,
    RemoteRejectedError,
    RemoteUnavailableError,
    SettingError,
)
from imaging.fusion.journey import (
    FusionClient,
    Job,
    JobState,
    adopt_run,
    find_job,
    job_as_markdown,
    look_after,
    meaning_of,
    poll,
    release,
    uncertain_rows,
    wait_inline,
)
from imaging.fusion.journey.waiting import next_poll
from imaging.fusion.place import work_folder
from tests.imaging.fusion.journey.lab import FEW, Lab, patient

SLOW = replace(FEW, seconds=math.inf)


@pytest.fixture
def slow_lab(tmp_path, patient_files):
    """A lab whose vendor is done when it is told to be."""
    with Lab(tmp_path / "data", patient_files, SLOW) as lab:
        yield lab


@pytest.fixture
def rounds(slow_lab):
    """Look after all jobs; what was started and restarted is kept by name."""

    class Keeper:
        def __init__(self):
            self.started, self.restarted = [], []

        def __call__(self, **changed):
            wanted = {
                "client_of": lambda _: FusionClient(slow_lab.connection, sleep=patient),
                "start": lambda job: self.started.append(job.case),
                "restart": lambda job: self.restarted.append(job.case),
                "now": slow_lab.clock,
            }
            return look_after(slow_lab.ledger, **(wanted | changed))

    return Keeper()


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


def test_rounds_complete_what_is_done_and_start_its_collection(slow_lab, rounds):
    submitted(slow_lab)
    slow_lab.vendor.finish()

    found = rounds()

    assert rounds.started == ["case-1"]
    assert [row["found"] for row in found.rows] == [
        "the vendor says: COMPLETED",
        "collection started",
    ]


def test_rounds_leave_alone_whose_time_has_not_come(slow_lab, rounds):
    submitted(slow_lab)
    rounds()
    asked = slow_lab.vendor.counts["status"]

    found = rounds()

    assert slow_lab.vendor.counts["status"] == asked
    assert (found.rows, found.waiting) == ([], 1)
    assert found.in_words == "1 jobs wait for the vendor"


def test_one_bad_job_keeps_no_other_from_being_looked_at(slow_lab, rounds):
    jobs = [submitted(slow_lab, f"case-{number}", number) for number in range(4)]
    slow_lab.vendor.finish()
    planted = "DOE^JANE"

    class Breaking:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def status(self, run_id):
            if run_id == jobs[1].run_id:
                raise ZeroDivisionError(planted)
            return slow_lab.client.status(run_id)

    def start(job):
        if job.case == "case-2":
            raise OSError(planted)
        rounds.started.append(job.case)

    found = rounds(client_of=lambda _: Breaking(), start=start)

    assert rounds.started == ["case-0", "case-3"]
    failed = [row["case"] for row in found.rows if row["found"] == "could not be looked after"]
    assert failed == ["case-1", "case-2"]
    assert "DOE" not in str(found.rows)


def test_an_account_that_is_gone_is_told_of_its_jobs(slow_lab, rounds):
    submitted(slow_lab)
    missing = "no such account"

    def gone(name):
        raise SettingError(name, missing)

    assert "no such account" in rounds(client_of=gone).rows[0]["reason"]


def test_a_vendor_that_is_away_is_a_row_and_no_end(slow_lab, rounds):
    submitted(slow_lab)
    slow_lab.vendor.plan("status", *[503] * 20)

    assert rounds().rows[0]["found"] == "the vendor cannot be reached"


def test_an_overdue_job_is_told(slow_lab, rounds):
    submitted(slow_lab)
    slow_lab.clock.sleep(10_000)

    assert rounds().rows[0]["found"] == "overdue"


def test_a_killed_preparation_is_begun_anew(slow_lab, rounds):
    def killed(step, _):
        if step == "packed":
            raise KeyboardInterrupt

    slow_lab.ledger.refused = lambda *_, **__: None  # a killed worker gives nothing up
    with pytest.raises(KeyboardInterrupt):
        slow_lab.submit(slow_lab.prepare(), progress=killed)

    rounds()
    assert rounds.restarted == []
    slow_lab.clock.sleep(1000)
    rounds()
    assert rounds.restarted == ["case-1"]


def test_a_submission_whose_worker_vanished_is_uncertain_and_a_person_is_told(slow_lab, rounds):
    prepared = slow_lab.prepare()
    slow_lab.ledger.uncertain = lambda *_, **__: None

    def killed(step, _):
        if step == "submitting":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        slow_lab.submit(prepared, progress=killed)
    slow_lab.clock.sleep(1000)

    found = rounds()

    assert "resolve-fusion" in found.rows[0]["found"]
    assert slow_lab.job(prepared.key).state is JobState.UNCERTAIN
    assert rounds().rows[0]["found"] == found.rows[0]["found"]
    assert [row["case"] for row in uncertain_rows(slow_lab.ledger)] == ["case-1"]


def test_a_collection_that_always_fails_is_begun_ever_more_rarely(slow_lab, rounds):
    job = submitted(slow_lab)
    slow_lab.vendor.finish()
    attempts = []

    def fail(job):
        attempts.append(slow_lab.clock())
        owner = slow_lab.ledger.begin_collection(job.key)
        slow_lab.ledger.end_collection(job.key, owner, collected=False, reason="disk full")

    for _ in range(100):
        rounds(start=fail)
        slow_lab.clock.sleep(600)

    gaps = [after - before for before, after in pairwise(attempts[6:])]
    assert 8 < len(attempts) < 15
    assert all(after > 1.2 * before for before, after in pairwise(gaps))
    assert slow_lab.job(job.key).collected == 0


def test_a_person_adopts_the_run_that_was_paid_for(lab, prepared):
    lab.vendor.plan("run", "lost")
    job = lab.submit(prepared)

    adopted = adopt_run(job.key, lab.vendor.runs[0].run_id, lab.ledger, lab.client, by="Ada")

    assert (adopted.state, lab.vendor.paid) == (JobState.SUBMITTED, 1)


def test_a_run_that_the_vendor_does_not_know_is_not_adopted(lab, prepared):
    lab.vendor.plan("run", "lost")
    job = lab.submit(prepared)

    with pytest.raises(InputError, match="no such run"):
        adopt_run(job.key, "f" * 32, lab.ledger, lab.client)

    assert lab.job(job.key).state is JobState.UNCERTAIN


def test_a_run_of_another_job_is_not_adopted(lab, prepared):
    other = submitted(lab, "other", 1)
    lab.vendor.plan("run", "lost")
    job = lab.submit(prepared)

    with pytest.raises(InputError, match="belongs to another job"):
        adopt_run(job.key, other.run_id, lab.ledger, lab.client)


def test_only_an_uncertain_job_is_released(lab, prepared):
    job = lab.submit(prepared)

    with pytest.raises(InputError):
        release(job.key, lab.ledger)
    with pytest.raises(InputError, match="knows no job"):
        release("0" * 64, lab.ledger)


def test_a_job_is_found_by_what_a_person_knows_of_it(lab):
    first, second = submitted(lab, "one", 1), submitted(lab, "two", 2)

    for text in ("one", first.key, first.key[:8], first.run_id, first.name):
        assert find_job(lab.ledger, text).key == first.key
    with pytest.raises(InputError, match="0 jobs"):
        find_job(lab.ledger, "three")
    assert second.key != first.key


def test_each_state_has_a_meaning_and_a_job_is_told_without_secrets(lab, prepared):
    job = lab.submit(prepared)

    told = job_as_markdown(replace(job, reason="a | b\nc"))

    assert "a \\| b c" in told
    assert job.run_id in told
    assert lab.connection.token not in told
    assert len({meaning_of(replace(job, state=state)) for state in JobState}) == len(JobState)
    assert "collected" in meaning_of(replace(job, collected=1.0))


def test_rounds_remove_what_killed_workers_packed_for_nobody(slow_lab, rounds):
    needed, done = slow_lab.prepare(number=1), submitted(slow_lab, number=2)
    folders = {
        name: work_folder(name, slow_lab.root) for name in (needed.key, done.key, "rehearsal-1")
    }

    def killed(step, _):
        if step == "packed":
            raise KeyboardInterrupt

    slow_lab.ledger.refused = lambda *_, **__: None
    with pytest.raises(KeyboardInterrupt):
        slow_lab.submit(needed, progress=killed)
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)

    rounds(data_root=slow_lab.root)
    assert {name for name, folder in folders.items() if folder.exists()} == {
        needed.key,
        "rehearsal-1",
    }
    slow_lab.clock.sleep(5000)
    rounds(data_root=slow_lab.root)
    assert [name for name, folder in folders.items() if folder.exists()] == [needed.key]
