"""A lost answer is repaired by a callback or by a person, and never by sending again."""

import logging

import pytest

from imaging.errors import InputError
from imaging.fusion.job import JobState
from imaging.fusion.ledger import ClaimLostError
from tests.imaging.fusion.ledger.desk import NOON, PLENTY, key_of

ONE, TWO = key_of(1), key_of(2)


def outcomes(desk, key=ONE):
    return [(each.run_id, str(each.outcome)) for each in desk.ledger.history(key)]


def test_an_answer_makes_a_job_submitted_and_asked_about_at_once(desk):
    owner = desk.submitting(ONE)

    job = desk.ledger.submitted(ONE, "run-1", owner)

    assert (job.state, job.run_id, job.lease) == (JobState.SUBMITTED, "run-1", 0)
    assert desk.ledger.due() == [job]
    assert outcomes(desk) == [("run-1", "SUBMITTED")]
    assert desk.ledger.submitted(ONE, "run-1", owner) == job
    with pytest.raises(ClaimLostError):
        desk.ledger.renew(ONE, owner)


def test_every_submission_is_history_with_account_and_moment(desk):
    desk.submitted(ONE, connection="lab")

    (only,) = desk.ledger.history(ONE)

    assert (only.key, only.connection, only.sent) == (ONE, "lab", NOON)


def test_a_job_whose_worker_vanished_while_submitting_becomes_uncertain(desk):
    desk.submitting(ONE)
    desk.claim(TWO)
    desk.wait(299)
    assert desk.ledger.sweep() == []
    desk.wait(1)

    swept = desk.ledger.sweep()

    assert [(job.key, job.state) for job in swept] == [(ONE, JobState.UNCERTAIN)]
    assert "ended before" in swept[0].reason
    assert outcomes(desk) == [("", "UNCERTAIN")]
    assert desk.ledger.sweep() == []
    assert desk.ledger.due() == desk.ledger.to_collect() == []


@pytest.mark.parametrize("state", ["SUBMITTING", "UNCERTAIN"])
def test_a_callback_gives_a_job_the_run_whose_answer_was_lost(desk, state):
    owner = desk.submitting(ONE)
    if state == "UNCERTAIN":
        desk.ledger.uncertain(ONE, "timeout", owner)

    assert desk.ledger.adopt(ONE, "run-1") == "adopted"

    job = desk.ledger.get(ONE)
    assert (job.state, job.run_id, job.reason) == (JobState.SUBMITTED, "run-1", "")
    assert outcomes(desk) == [("run-1", "SUBMITTED")]
    assert desk.ledger.adopt(ONE, "run-1") == "known"
    assert desk.ledger.submitted(ONE, "run-1", owner) == job  # the answer came after all
    assert desk.ledger.uncertain(ONE, "or did not", owner) == job
    assert desk.ledger.spent().day == 1


def test_a_known_run_is_never_overwritten(desk):
    job = desk.submitted(ONE, "run-1")

    assert desk.ledger.adopt(ONE, "run-2") == "conflict"
    assert desk.ledger.get(ONE) == job
    desk.ledger.completed(ONE)
    assert desk.ledger.adopt(ONE, "run-2") == "conflict"
    assert desk.ledger.adopt(ONE, "run-1") == "known"


def test_a_run_is_of_one_job_only(desk):
    desk.submitted(ONE, "run-1")
    owner = desk.uncertain(TWO)

    assert desk.ledger.adopt(TWO, "run-1") == "conflict"
    with pytest.raises(InputError, match="not of this submission"):
        desk.ledger.submitted(TWO, "run-1", owner)
    assert desk.state(TWO) == "UNCERTAIN"


def test_a_late_callback_of_an_earlier_run_is_not_taken_for_the_present_one(desk):
    desk.submitted(ONE, "run-1")
    desk.ledger.failed(ONE, "no teeth")
    desk.submitting(ONE, again=True)

    assert desk.ledger.adopt(ONE, "run-1") == "known"
    assert desk.state(ONE) == "SUBMITTING"
    assert desk.ledger.adopt(ONE, "run-2") == "adopted"


def test_a_job_that_was_never_sent_adopts_nothing(desk):
    assert desk.ledger.adopt(ONE, "run-1") == "unknown"
    claim = desk.claim(ONE)
    assert desk.ledger.adopt(ONE, "run-1") == "conflict"
    desk.ledger.refused(ONE, "the upload failed", claim.owner)
    assert desk.ledger.adopt(ONE, "run-1") == "conflict"
    assert outcomes(desk) == []


def test_a_callback_shows_that_a_refusal_was_none(desk):
    desk.ledger.refused(ONE, "429", desk.submitting(ONE))
    assert desk.ledger.spent().day == 0

    assert desk.ledger.adopt(ONE, "run-1") == "adopted"

    assert outcomes(desk) == [("run-1", "SUBMITTED")]
    assert desk.ledger.spent().day == 1


def test_a_callback_after_the_release_spares_paying_again(desk):
    desk.uncertain(ONE)
    desk.ledger.release(ONE)
    claim = desk.claim(ONE)

    assert desk.ledger.adopt(ONE, "run-1") == "adopted"

    with pytest.raises(ClaimLostError):
        desk.ledger.begin_submission(ONE, claim.owner, PLENTY)
    assert outcomes(desk) == [("run-1", "SUBMITTED")]


@pytest.mark.parametrize("run_id", ["", " ", "a b", "a\nb", "a\0", "r" * 257])
def test_a_run_id_that_can_be_none_is_refused(desk, run_id):
    desk.uncertain(ONE)
    with pytest.raises(InputError, match="run id"):
        desk.ledger.adopt(ONE, run_id)
    with pytest.raises(InputError, match="run id"):
        desk.ledger.submitted(ONE, run_id)

    assert desk.state(ONE) == "UNCERTAIN"


def test_a_person_releases_an_uncertain_job(desk):
    desk.uncertain(ONE)

    job = desk.ledger.release(ONE, "Dr. Day")

    assert (job.state, job.reason) == (JobState.RELEASED, "released by Dr. Day")
    assert outcomes(desk) == [("", "RELEASED")]
    assert desk.claim(ONE).owner


def test_a_job_is_not_released_while_it_may_still_be_answered(desk):
    desk.submitting(ONE)
    with pytest.raises(InputError, match="right now"):
        desk.ledger.release(ONE)
    desk.wait(300)

    assert desk.ledger.release(ONE).state is JobState.RELEASED


def test_late_words_of_an_earlier_submission_do_not_touch_the_present_one(desk):
    first = desk.uncertain(ONE)
    desk.ledger.release(ONE)
    second = desk.submitting(ONE)

    with pytest.raises(ClaimLostError):
        desk.ledger.refused(ONE, "413", first)
    with pytest.raises(ClaimLostError):
        desk.ledger.uncertain(ONE, "lost", first)

    assert desk.state(ONE) == "SUBMITTING"
    assert desk.ledger.submitted(ONE, "run-2", second).run_id == "run-2"
    assert outcomes(desk) == [("", "RELEASED"), ("run-2", "SUBMITTED")]


def test_a_job_that_was_released_and_paid_for_twice_is_said_so(desk, caplog):
    first = desk.uncertain(ONE)
    desk.ledger.release(ONE)
    second = desk.submitting(ONE)
    desk.ledger.submitted(ONE, "run-2", second)

    with caplog.at_level(logging.WARNING):
        job = desk.ledger.submitted(ONE, "run-1", first)

    assert job.run_id == "run-2"
    assert "paid for twice" in caplog.text
    assert outcomes(desk) == [("run-1", "SUBMITTED"), ("run-2", "SUBMITTED")]


def test_each_answer_is_noted_with_its_own_submission(desk):
    first = desk.uncertain(ONE)
    desk.ledger.release(ONE)
    second = desk.submitting(ONE)

    assert desk.ledger.submitted(ONE, "run-1", first).run_id == "run-1"  # in time, if late
    assert desk.ledger.submitted(ONE, "run-2", second).run_id == "run-1"

    assert outcomes(desk) == [("run-1", "SUBMITTED"), ("run-2", "SUBMITTED")]


def test_no_run_is_lost_where_an_earlier_ones_callback_comes_before_the_answer(desk):
    desk.uncertain(ONE)
    desk.ledger.release(ONE)
    second = desk.submitting(ONE)
    assert desk.ledger.adopt(ONE, "run-1") == "adopted"

    assert desk.ledger.submitted(ONE, "run-2", second).run_id == "run-1"

    assert sorted(outcomes(desk)) == [("run-1", "SUBMITTED"), ("run-2", "SUBMITTED")]
    assert desk.ledger.spent().day == 2


def test_a_late_answer_is_better_than_uncertainty(desk):
    owner = desk.submitting(ONE)
    desk.wait(300)
    desk.ledger.sweep()

    assert desk.ledger.submitted(ONE, "run-1", owner).state is JobState.SUBMITTED


def test_a_late_refusal_ends_uncertainty(desk):
    owner = desk.submitting(ONE)
    desk.wait(300)
    desk.ledger.sweep()

    assert desk.ledger.refused(ONE, "413", owner).state is JobState.REFUSED
    assert desk.ledger.spent().day == 0


def test_reasons_are_short_lines_without_addresses(desk):
    address = "https://files.test/a?signature=planted"

    job = desk.ledger.refused(ONE, f"PUT\n {address} \0\ud800 {'x' * 900}", desk.submitting(ONE))

    assert job.reason.startswith("PUT (an address) ?? xxx")
    assert len(job.reason) == 500


@pytest.mark.parametrize(
    ("state", "refusing"),
    [
        ("CLAIMED", "submitted uncertain release completed failed polled begin_collection"),
        ("SUBMITTING", "release completed failed polled begin_collection"),
        ("UNCERTAIN", "completed failed polled begin_collection"),
        ("RELEASED", "refused uncertain release completed failed polled begin_collection"),
        ("REFUSED", "submitted refused uncertain release completed failed polled begin_collection"),
        ("SUBMITTED", "submitted refused release begin_collection"),
        ("COMPLETED", "submitted refused release failed"),
        ("FAILED", "submitted refused release completed begin_collection"),
    ],
)
def test_a_job_goes_no_way_that_its_state_does_not_have(desk, state, refusing):
    reach = {
        "CLAIMED": lambda: desk.claim(ONE),
        "SUBMITTING": lambda: desk.submitting(ONE),
        "UNCERTAIN": lambda: desk.uncertain(ONE),
        "RELEASED": lambda: (desk.uncertain(ONE), desk.ledger.release(ONE)),
        "REFUSED": lambda: desk.ledger.refused(ONE, "413", desk.submitting(ONE)),
        "SUBMITTED": lambda: desk.submitted(ONE),
        "COMPLETED": lambda: desk.completed(ONE),
        "FAILED": lambda: (desk.submitted(ONE), desk.ledger.failed(ONE, "no teeth")),
    }
    arguments = {
        "submitted": ("run-9",),
        "refused": ("413",),
        "uncertain": ("lost",),
        "failed": ("no teeth",),
        "polled": (NOON,),
    }
    reach[state]()
    before = desk.ledger.get(ONE)

    for name in refusing.split():
        with pytest.raises(InputError):
            getattr(desk.ledger, name)(ONE, *arguments.get(name, ()))

    assert desk.ledger.get(ONE) == before
    assert before.state == state


def test_what_the_ledger_does_not_know_is_said_so(desk):
    for call in (desk.ledger.completed, desk.ledger.release, desk.ledger.begin_collection):
        with pytest.raises(InputError, match="knows no job '0000000100"):
            call(ONE)

    assert desk.ledger.get(ONE) is None
    assert desk.ledger.history(ONE) == []
