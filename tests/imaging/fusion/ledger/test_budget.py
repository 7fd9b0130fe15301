"""A budget allows a run exactly when fewer than its most lie in its windows."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.errors import BudgetError
from imaging.fusion.ledger import Budget, Spent
from tests.imaging.fusion.ledger.desk import NOON

DAY, MONTH = 86_400.0, 30 * 86_400.0
MOMENTS = st.lists(st.integers(0, 40 * 24).map(lambda hours: NOON - 3600.0 * hours), max_size=12)
MOSTS = st.integers(0, 8)


def allows(budget, sent, preparing, now):
    try:
        budget.check(sent, preparing, now)
    except BudgetError as error:
        return str(error)
    return ""


@given(MOMENTS, MOSTS, MOSTS, st.integers(0, 3))
def test_a_run_is_allowed_exactly_when_it_fits_into_both_windows(sent, day, month, preparing):
    in_day = sum(NOON - DAY < moment <= NOON for moment in sent)
    in_month = sum(NOON - MONTH < moment <= NOON for moment in sent)
    fits = in_day + preparing < day and in_month + preparing < month

    assert (not allows(Budget(day, month), sent, preparing, NOON)) == fits
    assert Spent.of(sent, NOON) == Spent(in_day, in_month)


@given(MOMENTS, MOSTS, MOSTS)
def test_the_moment_it_names_is_the_first_at_which_a_run_is_possible(sent, day, month):
    budget = Budget(day, month)
    found = re.search(r"possible at (.*) UTC", allows(budget, sent, 0, NOON))
    if found is None:
        return

    moment = datetime.fromisoformat(found[1]).replace(tzinfo=UTC).timestamp()

    assert not allows(budget, sent, 0, moment)
    assert allows(budget, sent, 0, moment - 1)


@pytest.mark.parametrize("budget", [Budget(0, 9), Budget(9, 0)])
def test_a_budget_of_nothing_names_no_moment(budget):
    with pytest.raises(BudgetError, match="when more are allowed"):
        budget.check([], 0, NOON)
