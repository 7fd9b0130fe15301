"""Of all who ask for the same content, one may submit it; and never beyond the budget."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from imaging.errors import BudgetError, InputError
from imaging.fusion.job import JobDraft, JobState
from imaging.fusion.ledger import Budget, ClaimLostError, Spent
from imaging.fusion.place import FusionFolder
from tests.imaging.fusion.ledger.desk import NOON, PLENTY, key_of

ONE, TWO, THREE = key_of(1), key_of(2), key_of(3)
DAY = 86_400.0


def test_who_claims_first_gets_the_job_with_all_that_was_asked(desk):
    claim = desk.claim(ONE, "smith-1", specification={"a": [1]}, request={"é": None})

    assert claim.owner
    assert claim.job == desk.ledger.get(ONE)
    assert claim.job.state is JobState.CLAIMED
    assert (claim.job.case, claim.job.folder, claim.job.name) == ("smith-1",) * 2 + (
        f"smith-1-{ONE[:8]}",
    )
    assert (claim.job.specification, claim.job.request) == ({"a": [1]}, {"é": None})
    assert (claim.job.created, claim.job.lease) == (NOON, NOON + 120)
    assert (claim.job.deadline, claim.job.claims, claim.job.run_id) == (NOON + 7200, 1, "")


def test_who_claims_second_is_told_how_the_job_stands(desk):
    first = desk.claim(ONE)

    second = desk.claim(ONE, "other-case")

    assert second.owner == ""
    assert second.job == first.job


def test_threads_share_a_ledger_and_one_of_them_gets_the_job(desk):
    with ThreadPoolExecutor(8) as threads:
        claims = list(threads.map(lambda _: desk.claim(ONE), range(16)))

    assert sum(bool(claim.owner) for claim in claims) == 1


def test_a_claim_without_a_sign_of_life_is_anothers_after_its_lease(desk):
    first = desk.claim(ONE)
    desk.wait(119)
    assert not desk.claim(ONE).owner
    assert desk.ledger.abandoned() == []
    desk.wait(1)
    assert [job.key for job in desk.ledger.abandoned()] == [ONE]

    second = desk.claim(ONE)

    assert second.owner not in {"", first.owner}
    assert second.job.claims == 2
    with pytest.raises(ClaimLostError):
        desk.ledger.begin_submission(ONE, first.owner, PLENTY)
    with pytest.raises(ClaimLostError):
        desk.ledger.renew(ONE, first.owner)
    with pytest.raises(ClaimLostError):
        desk.ledger.refused(ONE, "given up", first.owner)
    assert desk.ledger.get(ONE) == second.job


def test_a_sign_of_life_keeps_a_claim(desk):
    claim = desk.claim(ONE)
    desk.wait(100)
    desk.ledger.renew(ONE, claim.owner)
    desk.wait(100)

    assert not desk.claim(ONE).owner
    assert desk.ledger.abandoned() == []


def test_a_sign_of_life_never_shortens_a_lease(desk):
    owner = desk.submitting(ONE)

    desk.ledger.renew(ONE, owner, 10)

    assert desk.ledger.get(ONE).lease == NOON + 300


def test_a_worker_that_was_slow_but_not_replaced_may_go_on(desk):
    claim = desk.claim(ONE)
    desk.wait(1000)

    assert desk.ledger.begin_submission(ONE, claim.owner, PLENTY).state is JobState.SUBMITTING


def test_without_an_owner_nothing_is_submitted(desk):
    desk.claim(ONE)
    for owner in ("", "0" * 16):
        with pytest.raises(ClaimLostError):
            desk.ledger.begin_submission(ONE, owner, PLENTY)

    assert desk.ledger.history(ONE) == []


def test_the_deadline_counts_from_the_submission(desk):
    claim = desk.claim(ONE)
    desk.wait(500)

    job = desk.ledger.begin_submission(ONE, claim.owner, PLENTY, lease_s=90)

    assert (job.submitted, job.deadline, job.lease) == (NOON + 500, NOON + 7700, NOON + 590)


@pytest.mark.parametrize("again", [False, True])
def test_what_is_or_may_be_paid_for_is_not_claimed(desk, again):
    desk.submitting(ONE)
    assert not desk.claim(ONE, again=again).owner
    desk.wait(1000)
    assert not desk.claim(ONE, again=again).owner
    desk.ledger.uncertain(ONE, "lost")
    assert not desk.claim(ONE, again=again).owner
    desk.ledger.adopt(ONE, "run-1")
    assert not desk.claim(ONE, again=again).owner
    desk.ledger.completed(ONE)
    assert not desk.claim(ONE, again=again).owner


def test_a_failed_job_is_claimed_again_only_when_asked_to(desk):
    desk.submitted(ONE)
    desk.ledger.rang(ONE)
    desk.ledger.failed(ONE, "no teeth")
    assert not desk.claim(ONE).owner

    claim = desk.claim(ONE, again=True)

    assert claim.owner
    assert (claim.job.run_id, claim.job.reason, claim.job.rang) == ("", "", 0)
    assert (claim.job.claims, claim.job.created) == (2, NOON)
    assert [(each.run_id, each.outcome) for each in desk.ledger.history(ONE)] == [
        ("run-1", JobState.FAILED)
    ]


def test_a_refused_job_is_claimed_again_and_its_refusal_is_remembered(desk):
    owner = desk.submitting(ONE)
    assert desk.ledger.refused(ONE, "413", owner).reason == "413"

    desk.submitted(ONE)

    assert [each.outcome for each in desk.ledger.history(ONE)] == ["REFUSED", "SUBMITTED"]


def test_a_claim_that_is_given_up_is_free_at_once_and_costs_nothing(desk):
    claim = desk.claim(ONE)
    with pytest.raises(ClaimLostError):
        desk.ledger.refused(ONE, "by somebody else")

    desk.ledger.refused(ONE, "the upload failed", claim.owner)

    assert desk.claim(ONE).owner
    assert desk.ledger.history(ONE) == []


@pytest.mark.parametrize(
    ("key", "case"),
    [
        ("f" * 63, "case"),
        ("F" * 64, "case"),
        (f"{'f' * 64}\n", "case"),
        (ONE, ""),
        (ONE, "../case"),
        (ONE, ".case"),
        (ONE, "c" * 65),
        (ONE, "a\0b"),
    ],
)
def test_a_draft_that_could_lead_elsewhere_is_refused(desk, key, case):
    with pytest.raises(InputError, match="64 hexadecimal digits"):
        desk.ledger.claim(JobDraft(key, case, "default"), PLENTY, 7200)

    assert desk.ledger.jobs() == []


def test_two_jobs_of_one_case_have_a_folder_each(desk, tmp_path):
    long = "C" * 64
    folders = [desk.claim(key_of(number), "Case").job.folder for number in (1, 2)]
    folders += [desk.claim(key_of(number), long).job.folder for number in (3, 4)]
    folders.append(desk.claim(key_of(5), "case").job.folder)
    folders.append(desk.claim(key_of(7), f"Case-{key_of(6)[:8]}").job.folder)
    folders.append(desk.claim(key_of(6), "Case").job.folder)

    assert folders == [
        "Case",
        "Case-00000002",
        long,
        f"{'C' * 55}-00000004",
        "case-00000005",  # some file systems hold Case and case for one
        "Case-00000006",
        "Case-0000000600000000",
    ]
    assert all(FusionFolder.named(folder, tmp_path) for folder in folders)


def test_a_job_keeps_its_folder_unless_its_case_is_renamed(desk):
    desk.submitted(ONE, case="a")
    desk.claim(TWO, "b")
    desk.ledger.failed(ONE, "no teeth")

    again = desk.claim(ONE, "a", again=True)
    assert again.job.folder == "a"
    desk.ledger.refused(ONE, "", again.owner)
    assert desk.claim(ONE, "b").job.folder == f"b-{ONE[:8]}"


def test_the_budget_of_a_day_says_when_the_next_run_is_possible(desk):
    desk.submitted(ONE, "run-1")
    desk.wait(3600)
    desk.submitted(TWO, "run-2")

    with pytest.raises(BudgetError) as caught:
        desk.claim(THREE, budget=Budget(2, 10))

    assert "2 of 2 runs in 24 hours and 2 of 10 in 30 days" in str(caught.value)
    assert "at 2027-01-16 08:00:00 UTC" in str(caught.value)  # a day after the first
    assert desk.ledger.get(THREE) is None
    desk.wait(DAY - 3601)
    with pytest.raises(BudgetError):
        desk.claim(THREE, budget=Budget(2, 10))
    desk.wait(1)
    assert desk.claim(THREE, budget=Budget(2, 10)).owner


def test_the_budget_of_a_month_counts_thirty_days(desk):
    desk.submitted(ONE)
    desk.wait(30 * DAY - 1)
    assert desk.ledger.spent() == Spent(day=0, month=1)
    with pytest.raises(BudgetError, match="0 of 5 runs in 24 hours and 1 of 1 in 30 days"):
        desk.claim(TWO, budget=Budget(5, 1))

    desk.wait(1)

    assert desk.ledger.spent() == Spent(day=0, month=0)
    assert desk.claim(TWO, budget=Budget(5, 1)).owner


def test_uncertain_and_released_runs_count_and_refused_ones_do_not(desk):
    desk.ledger.refused(ONE, "413", desk.submitting(ONE))
    assert desk.ledger.spent() == Spent(0, 0)
    desk.uncertain(TWO)
    assert desk.ledger.spent() == Spent(1, 1)
    desk.ledger.release(TWO)
    assert desk.ledger.spent() == Spent(1, 1)

    with pytest.raises(BudgetError):
        desk.claim(TWO, budget=Budget(1, 10))


def test_a_failed_run_was_paid_for(desk):
    desk.submitted(ONE)
    desk.ledger.failed(ONE, "no teeth")

    assert desk.ledger.spent() == Spent(1, 1)


def test_what_others_prepare_counts_while_they_live(desk):
    desk.claim(ONE, budget=Budget(1, 1))
    with pytest.raises(BudgetError, match="1 more are being prepared; the next is possible when"):
        desk.claim(TWO, budget=Budget(1, 1))
    desk.wait(120)

    assert desk.claim(TWO, budget=Budget(1, 1)).owner


def test_at_the_point_of_no_return_the_budget_is_checked_again(desk):
    budget = Budget(1, 1)
    slow = desk.claim(ONE, budget=budget)
    desk.wait(120)
    quick = desk.claim(TWO, budget=budget)
    desk.ledger.begin_submission(TWO, quick.owner, budget)

    with pytest.raises(BudgetError):
        desk.ledger.begin_submission(ONE, slow.owner, budget)

    assert desk.state(ONE) == "CLAIMED"
    assert desk.ledger.spent() == Spent(1, 1)


def test_with_a_budget_of_nothing_nothing_is_claimed(desk):
    for budget in (Budget(0, 9), Budget(9, 0)):
        with pytest.raises(BudgetError, match="when more are allowed"):
            desk.claim(ONE, budget=budget)


def test_each_account_has_a_budget_of_its_own(desk):
    desk.submitted(ONE, connection="lab")
    desk.claim(TWO, connection="lab")

    assert desk.claim(THREE, budget=Budget(1, 1), connection="clinic").owner
    assert desk.ledger.spent("lab") == Spent(1, 1)
    assert desk.ledger.spent("clinic") == Spent(0, 0)
    assert desk.ledger.spent() == Spent(1, 1)


def test_a_clock_set_back_hides_no_run_from_the_budget(desk):
    desk.submitted(ONE)
    desk.wait(-3600)

    with pytest.raises(BudgetError):
        desk.claim(TWO, budget=Budget(1, 1))
