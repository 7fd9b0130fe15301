"""A person ends what would wait for ever; what was paid for stays in the history."""

import pytest

from imaging.errors import InputError
from imaging.fusion.job import JobState
from tests.imaging.fusion.ledger.desk import PLENTY, key_of

ONE, TWO = key_of(1), key_of(2)


def outcomes(desk, key=ONE):
    return [(each.run_id, str(each.outcome)) for each in desk.ledger.history(key)]


def overdue(desk):
    desk.submitted(ONE)
    desk.wait(7200)


def useless(desk):
    """A run that is done, whose results could not be collected."""
    desk.completed(ONE)
    owner = desk.ledger.begin_collection(ONE)
    desk.ledger.end_collection(ONE, owner, collected=False, reason="no mesh is good")


STUCK = {"SUBMITTED": overdue, "COMPLETED": useless}
ENDS = {"SUBMITTED": "RELEASED", "COMPLETED": "COMPLETED"}  # what the history says afterwards


@pytest.mark.parametrize("state", STUCK)
def test_what_is_paid_for_is_released_only_by_who_accepts_to_pay_twice(desk, state):
    STUCK[state](desk)
    assert [job.key for job in desk.ledger.undecided()] == [ONE]
    with pytest.raises(InputError, match="paid for"):
        desk.ledger.release(ONE, "Ada")
    assert desk.state(ONE) == state

    job = desk.ledger.release(ONE, "Ada", may_pay_twice=True)

    assert (job.state, job.reason) == (JobState.RELEASED, "released by Ada")
    assert outcomes(desk) == [("run-1", ENDS[state])]
    assert desk.ledger.spent().month == 1
    assert desk.ledger.undecided() == desk.ledger.due() == desk.ledger.to_collect() == []
    again = desk.submitted(ONE, "run-2")
    assert (again.run_id, again.collections) == ("run-2", 0)
    assert outcomes(desk) == [("run-1", ENDS[state]), ("run-2", "SUBMITTED")]
    assert desk.ledger.spent().month == 2


@pytest.mark.parametrize("state", [*STUCK, "UNCERTAIN"])
def test_what_is_given_up_is_submitted_again_only_on_purpose(desk, state):
    (STUCK | {"UNCERTAIN": lambda desk: desk.uncertain(ONE)})[state](desk)

    job = desk.ledger.give_up(ONE, "Ada")

    assert job.state is JobState.FAILED
    assert job.reason.startswith("given up by Ada")
    assert desk.ledger.undecided() == desk.ledger.to_collect() == desk.ledger.due() == []
    assert desk.ledger.spent().month == 1
    assert not desk.claim(ONE).owner
    assert desk.claim(ONE, again=True).owner


def test_a_reason_is_kept_when_a_job_is_given_up(desk):
    useless(desk)

    assert desk.ledger.give_up(ONE).reason == "given up: no mesh is good"


def test_a_killed_preparation_is_given_up_without_a_word_about_money(desk):
    desk.claim(ONE)
    with pytest.raises(InputError, match="right now"):
        desk.ledger.give_up(ONE)
    desk.wait(200)

    assert desk.ledger.give_up(ONE).state is JobState.REFUSED
    assert desk.ledger.abandoned() == []
    assert desk.claim(ONE).owner


def test_nothing_is_decided_about_what_goes_on_by_itself(desk):
    desk.submitted(ONE)
    for decide in (desk.ledger.release, desk.ledger.give_up):
        with pytest.raises(InputError, match="not overdue"):
            decide(ONE)
    desk.ledger.completed(ONE)
    with pytest.raises(InputError, match="run collect-fusion"):
        desk.ledger.release(ONE, may_pay_twice=True)
    owner = desk.ledger.begin_collection(ONE)
    with pytest.raises(InputError, match="run collect-fusion"):
        desk.ledger.release(ONE, may_pay_twice=True)
    desk.ledger.end_collection(ONE, owner, collected=True)
    with pytest.raises(InputError, match="is collected"):
        desk.ledger.give_up(ONE)
    assert desk.ledger.undecided() == []


@pytest.mark.parametrize("decide", ["release", "give_up"])
def test_a_run_that_ends_after_all_is_taken(desk, decide):
    overdue(desk)
    consent = {"may_pay_twice": True} if decide == "release" else {}
    getattr(desk.ledger, decide)(ONE, **consent)

    assert desk.ledger.adopt(ONE, "run-1") == "adopted"

    job = desk.ledger.get(ONE)
    assert (job.state, job.run_id) == (JobState.SUBMITTED, "run-1")
    assert outcomes(desk) == [("run-1", "SUBMITTED")]
    assert desk.ledger.adopt(ONE, "run-1") == "known"


def test_a_run_that_ends_while_the_next_is_packed_spares_paying_again(desk):
    overdue(desk)
    desk.ledger.release(ONE, may_pay_twice=True)
    claim = desk.claim(ONE)

    assert desk.ledger.adopt(ONE, "run-1") == "adopted"

    with pytest.raises(InputError):
        desk.ledger.begin_submission(ONE, claim.owner, PLENTY)


def test_a_doubled_callback_of_useless_results_begins_nothing_anew(desk):
    useless(desk)
    desk.ledger.give_up(ONE)

    assert desk.ledger.adopt(ONE, "run-1") == "known"
    assert desk.ledger.adopt(ONE, "run-2") == "conflict"
    assert desk.state(ONE) == "FAILED"


def test_a_lost_submission_that_was_given_up_is_repaired_by_its_callback(desk):
    owner = desk.uncertain(ONE)
    desk.ledger.give_up(ONE)

    assert desk.ledger.adopt(ONE, "run-1") == "adopted"
    assert desk.ledger.submitted(ONE, "run-1", owner).state is JobState.SUBMITTED


@pytest.mark.parametrize("state", [*STUCK, "FAILED"])
def test_a_run_that_the_vendor_names_takes_the_place_of_the_one_before(desk, state):
    def failed(desk):
        desk.submitted(ONE)
        desk.ledger.failed(ONE, "no teeth")

    (STUCK | {"FAILED": failed})[state](desk)
    assert desk.ledger.adopt(ONE, "run-2") == "conflict"  # a callback has no such say

    job = desk.ledger.replace_run(ONE, "run-2", "Ada")

    assert (job.state, job.run_id, job.reason) == (JobState.SUBMITTED, "run-2", "")
    assert job.deadline == desk.clock.now + 7200
    assert desk.ledger.due() == [job]
    before = (ENDS | {"FAILED": "FAILED"})[state]
    assert outcomes(desk) == [("run-1", before), ("run-2", "SUBMITTED")]
    assert desk.ledger.spent().month == 2
    assert desk.ledger.adopt(ONE, "run-1") == "known"
    assert desk.ledger.completed(ONE, "run-2").state is JobState.COMPLETED


def test_a_job_takes_no_other_run_while_it_goes_on_nor_another_jobs(desk):
    desk.submitted(TWO, "run-7")
    job = desk.submitted(ONE)
    assert desk.ledger.replace_run(ONE, "run-1") == job
    with pytest.raises(InputError, match="not overdue"):
        desk.ledger.replace_run(ONE, "run-2")
    desk.wait(7200)
    with pytest.raises(InputError, match="another job"):
        desk.ledger.replace_run(ONE, "run-7")
    assert desk.ledger.get(ONE) == job


def test_an_earlier_run_of_a_job_can_be_taken_up_again(desk):
    overdue(desk)
    desk.ledger.replace_run(ONE, "run-2")
    desk.ledger.failed(ONE, "no teeth")

    assert desk.ledger.replace_run(ONE, "run-1").run_id == "run-1"
    assert outcomes(desk) == [("run-1", "SUBMITTED"), ("run-2", "FAILED")]


def test_a_killed_preparation_of_what_was_paid_for_is_no_reason_to_pay_by_itself(desk):
    overdue(desk)
    desk.ledger.release(ONE, may_pay_twice=True)
    desk.claim(ONE)
    desk.wait(200)

    assert desk.ledger.give_up(ONE).state is JobState.FAILED
    assert not desk.claim(ONE).owner
    assert desk.ledger.adopt(ONE, "run-1") == "adopted"


def test_the_vendors_word_counts_where_a_person_decided_while_it_was_asked(desk):
    overdue(desk)
    desk.ledger.release(ONE, may_pay_twice=True)
    claim = desk.claim(ONE)

    assert desk.ledger.completed(ONE, "run-1").state is JobState.COMPLETED

    with pytest.raises(InputError):
        desk.ledger.begin_submission(ONE, claim.owner, PLENTY)
    assert outcomes(desk) == [("run-1", "COMPLETED")]


def test_of_two_runs_that_were_written_off_the_one_that_ends_is_taken(desk):
    overdue(desk)
    desk.ledger.replace_run(ONE, "run-2")
    desk.wait(7200)
    desk.ledger.release(ONE, may_pay_twice=True)

    assert desk.ledger.adopt(ONE, "run-1") == "adopted"

    assert desk.ledger.get(ONE).run_id == "run-1"
    assert outcomes(desk) == [("run-1", "SUBMITTED"), ("run-2", "RELEASED")]


def test_a_run_that_a_person_finds_late_is_not_counted_twice(desk):
    desk.uncertain(ONE)
    desk.ledger.release(ONE)
    desk.submitted(ONE, "run-2")
    desk.wait(7200)

    desk.ledger.replace_run(ONE, "run-1")

    assert outcomes(desk) == [("run-1", "SUBMITTED"), ("run-2", "RELEASED")]
    assert desk.ledger.spent().month == 2
