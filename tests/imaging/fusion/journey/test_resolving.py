"""A person decides about a job whose answer was lost, and reads what it is."""

from dataclasses import replace

import pytest

from imaging.errors import (
    InputError,
    RemoteRejectedError,
    SettingError,
)
from imaging.fusion.journey import (
    FusionClient,
    JobState,
    Ledger,
    adopt_run,
    ask_once_more,
    find_job,
    give_up,
    job_as_markdown,
    meaning_of,
    release,
    undecided_rows,
)
from tests.imaging.fusion.journey.lab import patient


def submitted(lab, name="case-1", number=0):
    return lab.submit(lab.prepare(name, number))


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
    with pytest.raises(InputError, match="no job is called so"):
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


def test_a_run_that_the_vendor_forgot_is_given_up_and_one_that_it_names_is_adopted(slow_lab):
    job = submitted(slow_lab)
    slow_lab.clock.sleep(10_000)
    with Ledger(slow_lab.root / "elsewhere.sqlite") as elsewhere:
        other = slow_lab.submit(slow_lab.prepare("other", 1), ledger=elsewhere).run_id
    (row,) = undecided_rows(slow_lab.ledger)
    assert (row["run id"], row["state"]) == (job.run_id, "SUBMITTED")

    adopted = adopt_run(job.key, other, slow_lab.ledger, slow_lab.client, by="Ada")

    assert (adopted.state, adopted.run_id) == (JobState.SUBMITTED, other)
    slow_lab.clock.sleep(10_000)
    assert give_up(job.key, slow_lab.ledger, by="Ada").state is JobState.FAILED
    assert undecided_rows(slow_lab.ledger) == []


def test_results_of_no_use_are_written_off_and_paid_for_again(lab, prepared):
    job = lab.submit(prepared)
    lab.vendor.plan("data", 404)
    with pytest.raises(RemoteRejectedError):
        lab.collect(job.key)
    (row,) = undecided_rows(lab.ledger)
    assert "refuses (404)" in row["reason"]

    release(job.key, lab.ledger, "Ada", may_pay_twice=True)

    again = lab.submit(prepared)
    assert (again.state, lab.vendor.paid) == (JobState.SUBMITTED, 2)
    assert lab.collect(job.key).job.run_id == again.run_id != job.run_id


def test_the_vendor_is_asked_once_more_before_a_job_is_written_off(lab, slow_lab):
    waiting = submitted(slow_lab, number=1)
    ask_once_more(waiting, slow_lab.ledger, lambda _: FusionClient(slow_lab.connection))
    done = submitted(lab, number=2)

    with pytest.raises(InputError, match="has just said COMPLETED"):
        ask_once_more(done, lab.ledger, lambda _: FusionClient(lab.connection))


def test_a_vendor_that_says_nothing_keeps_nobody_from_deciding(slow_lab):
    job = submitted(slow_lab)
    slow_lab.vendor.plan("status", 404, *[503] * 4)

    def gone(name):
        raise SettingError(name, "no such account")

    for client_of in (lambda _: FusionClient(slow_lab.connection, sleep=patient),) * 2 + (gone,):
        ask_once_more(job, slow_lab.ledger, client_of)

    assert slow_lab.job(job.key).state is JobState.SUBMITTED
