"""What is to be done about each job, and by whom."""

import pytest

from imaging.errors import InputError
from imaging.fusion.job import JobState
from imaging.fusion.ledger import ClaimLostError
from tests.imaging.fusion.ledger.desk import NOON, key_of

ONE, TWO, THREE = key_of(1), key_of(2), key_of(3)


def keys(jobs):
    return [job.key for job in jobs]


def test_a_job_is_asked_about_when_its_time_has_come(desk):
    desk.submitted(ONE)

    job = desk.ledger.polled(ONE, NOON + 60)

    assert (job.polls, job.next_poll) == (1, NOON + 60)
    assert desk.ledger.due() == []
    desk.wait(60)
    assert keys(desk.ledger.due()) == [ONE]


def test_a_callback_makes_a_job_due_until_it_is_asked_about(desk):
    desk.submitted(ONE)
    desk.ledger.polled(ONE, NOON + 60)

    desk.ledger.rang(ONE)
    desk.ledger.rang(ONE)

    assert keys(desk.ledger.due()) == [ONE]
    desk.ledger.polled(ONE, NOON + 60)
    assert desk.ledger.due() == []
    desk.ledger.rang(ONE)  # in the same moment of the clock
    assert keys(desk.ledger.due()) == [ONE]


def test_a_callback_before_the_answer_is_not_forgotten(desk):
    owner = desk.submitting(ONE)
    desk.ledger.rang(ONE)
    desk.ledger.submitted(ONE, "run-1", owner)

    assert keys(desk.ledger.due()) == [ONE]
    assert desk.ledger.get(ONE).rang == NOON


def test_a_callback_of_an_unknown_job_leaves_nothing(desk):
    desk.ledger.rang(ONE)

    assert desk.ledger.jobs() == []


def test_a_poll_that_was_overtaken_changes_nothing(desk):
    done = desk.completed(ONE)

    assert desk.ledger.polled(ONE, NOON + 60) == done


def test_an_end_is_an_end(desk):
    desk.submitted(ONE, "run-1")
    desk.submitted(TWO, "run-2")

    assert desk.ledger.completed(ONE) == desk.ledger.completed(ONE, "run-1")
    assert desk.ledger.failed(TWO, "no teeth") == desk.ledger.failed(TWO, "other words")

    assert desk.ledger.get(TWO).reason == "no teeth"
    assert [desk.state(ONE), desk.state(TWO)] == ["COMPLETED", "FAILED"]
    assert [each.outcome for key in (ONE, TWO) for each in desk.ledger.history(key)] == [
        "COMPLETED",
        "FAILED",
    ]
    assert desk.ledger.due() == []


def test_the_end_of_an_earlier_run_is_not_the_present_ones(desk):
    desk.submitted(ONE, "run-1")
    desk.ledger.failed(ONE, "no teeth", "run-1")
    desk.submitted(ONE, "run-2", again=True)

    with pytest.raises(InputError, match="another run"):
        desk.ledger.failed(ONE, "no teeth", "run-1")
    with pytest.raises(InputError, match="another run"):
        desk.ledger.completed(ONE, "run-1")

    assert desk.state(ONE) == "SUBMITTED"


def test_results_are_collected_by_one_at_a_time(desk):
    desk.completed(ONE)
    assert keys(desk.ledger.to_collect()) == [ONE]

    owner = desk.ledger.begin_collection(ONE, lease_s=60)

    assert owner
    assert desk.ledger.begin_collection(ONE) is None
    assert desk.ledger.to_collect() == []
    job = desk.ledger.get(ONE)
    assert (job.collections, job.starts, job.lease) == (1, 1, NOON + 60)


def test_a_collection_without_a_sign_of_life_is_anothers(desk):
    desk.completed(ONE)
    first = desk.ledger.begin_collection(ONE, lease_s=60)
    desk.wait(50)
    desk.ledger.renew_collection(ONE, first, lease_s=60)
    desk.wait(59)
    assert desk.ledger.begin_collection(ONE) is None
    desk.wait(1)
    assert keys(desk.ledger.to_collect()) == [ONE]

    second = desk.ledger.begin_collection(ONE)

    assert second not in {None, first}
    for call in (desk.ledger.renew_collection, lambda *who: desk.ledger.end_collection(*who, True)):
        with pytest.raises(ClaimLostError):
            call(ONE, first)
    assert desk.ledger.get(ONE).collections == 2


def test_collected_results_are_not_collected_again_unless_asked_for(desk):
    desk.completed(ONE)
    owner = desk.ledger.begin_collection(ONE)
    desk.wait(5)

    job = desk.ledger.end_collection(ONE, owner, collected=True)

    assert (job.collected, job.lease, job.state) == (NOON + 5, 0, JobState.COMPLETED)
    assert desk.ledger.to_collect() == []
    assert desk.ledger.begin_collection(ONE) is None
    assert desk.ledger.begin_collection(ONE, again=True)
    assert desk.ledger.begin_collection(ONE, again=True) is None


def test_a_collection_that_failed_is_to_be_done_again(desk):
    desk.completed(ONE)
    owner = desk.ledger.begin_collection(ONE)

    job = desk.ledger.end_collection(ONE, owner, collected=False, reason="the disk is full")

    assert (job.collected, job.reason) == (0, "the disk is full")
    assert keys(desk.ledger.to_collect()) == [ONE]


def test_of_several_that_found_a_run_dead_one_names_the_next(desk):
    desk.completed(ONE)

    assert desk.ledger.next_start(ONE, 0).starts == 1
    assert desk.ledger.next_start(ONE, 0).starts == 1
    assert desk.ledger.next_start(ONE, 1).starts == 2
    assert desk.ledger.next_start(ONE, 0).starts == 2


def test_names_of_runs_never_come_back(desk):
    desk.completed(ONE)
    owner = desk.ledger.begin_collection(ONE)
    desk.ledger.end_collection(ONE, owner, collected=False)
    desk.submitted(TWO, "run-2")
    desk.ledger.next_start(TWO, 0)
    desk.ledger.failed(TWO, "no teeth")

    assert desk.claim(TWO, again=True).job.starts == 1
    desk.ledger.begin_collection(ONE)
    assert desk.ledger.get(ONE).starts == 2


def test_a_job_is_found_by_what_a_person_has_of_it(desk):
    job = desk.submitted(ONE, "run-1", case="a-b")
    desk.claim(TWO, "a-b")
    desk.claim(THREE, "other")

    assert desk.ledger.find(f" {ONE} ") == [job]
    assert desk.ledger.find(ONE[:8].upper()) == [job]
    assert desk.ledger.find("run-1") == [job]
    assert desk.ledger.find(job.name) == [job]
    assert keys(desk.ledger.find("a-b")) == [ONE, TWO]
    for text in (ONE[:7], "", "a", "%", "________", "run", f"other-{ONE[:8]}"):
        assert desk.ledger.find(text) == []


def test_jobs_are_listed_by_state_the_oldest_first(desk):
    desk.completed(TWO)
    desk.wait(1)
    desk.claim(ONE)

    assert keys(desk.ledger.jobs()) == [TWO, ONE]
    assert keys(desk.ledger.jobs(JobState.CLAIMED)) == [ONE]
    assert keys(desk.ledger.jobs(JobState.CLAIMED, JobState.COMPLETED)) == [TWO, ONE]
    assert desk.ledger.jobs(JobState.FAILED) == []


def test_a_ledger_is_read_by_who_comes_later(desk, url):
    job = desk.completed(ONE)

    with type(desk.ledger)(url) as later:
        assert later.get(ONE) == job
