"""A person decides about a job whose answer was lost, and reads what it is."""

from dataclasses import replace

import pytest

from imaging.errors import (
    InputError,
)
from imaging.fusion.journey import (
    JobState,
    adopt_run,
    find_job,
    job_as_markdown,
    meaning_of,
    release,
)


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
