"""The retry budget: what pays for asking again, and for how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irclient._core.budget import RetryBudget


def paid(budget: RetryBudget, now: float, tries: int = 1000) -> int:
    return sum(budget.pay(now) for _ in range(tries))


def test_a_fifth_of_the_calls_that_were_answered_may_be_asked_again() -> None:
    budget = RetryBudget(0.2, floor=0.0)
    for _ in range(100):
        budget.answered(50.0)
    assert budget.left(50.0) == 20
    assert paid(budget, 50.0) == 20
    assert budget.left(50.0) == 0


def test_the_floor_is_there_without_any_answer() -> None:
    assert paid(RetryBudget(0.2, floor=10.0), 50.0) == 100


def test_ten_seconds_later_everything_is_forgotten() -> None:
    budget = RetryBudget(0.5, floor=1.0)
    budget.answered(50.9)
    budget.answered(50.9)
    assert paid(budget, 51.0) == 11
    assert paid(budget, 59.9) == 0  # The answers of second 50 still count, and what was paid.
    assert budget.left(60.0) == 0  # Second 50 is gone, what was paid in 51 is not.
    assert paid(budget, 61.0) == 10


def test_a_long_silence_leaves_nothing_behind() -> None:
    budget = RetryBudget(1.0, floor=0.0)
    budget.answered(50.0)
    assert budget.left(1e9) == 0
    budget.answered(1e9)
    assert paid(budget, 1e9) == 1


def test_a_thread_with_an_older_clock_counts_for_the_newest_second() -> None:
    budget = RetryBudget(1.0, floor=0.0)
    budget.answered(60.0)
    budget.answered(45.0)
    assert budget.left(60.0) == 2


def test_in_an_outage_the_floor_does_not_count() -> None:
    budget = RetryBudget(0.2, floor=10.0)
    assert not budget.pay_in_outage(50.0)
    for _ in range(5):
        budget.answered(50.0)
    assert budget.pay_in_outage(50.0)
    assert not budget.pay_in_outage(50.0)


def test_a_budget_of_nothing_pays_for_nothing() -> None:
    budget = RetryBudget(0.0, floor=0.0)
    budget.answered(50.0)
    assert not budget.pay(50.0)
    assert repr(budget) == "<RetryBudget 0 requests left>"


@given(
    st.floats(0, 1),
    st.floats(0, 5),
    st.lists(st.tuples(st.booleans(), st.floats(0, 30)), max_size=80),
)
def test_never_more_is_paid_than_ratio_and_floor_allow(ratio, floor, happenings) -> None:
    budget = RetryBudget(ratio, floor=floor)
    now, answered, sent = 100.0, 0, 0
    for is_answer, seconds in happenings:
        now += seconds / 100
        if is_answer:
            budget.answered(now)
            answered += 1
        elif budget.pay(now):
            sent += 1
    windows = (now - 100.0) / 10 + 2
    assert sent <= ratio * answered + windows * 10 * floor + 1
    assert budget.left(now) >= 0


@pytest.mark.parametrize("many", [300])
def test_what_is_under_way_is_no_limit(many) -> None:
    # Failing over is free, so the budget is not even asked; a budget of tokens that came back with
    # the answer allowed 35 at once.
    budget = RetryBudget(0.2, floor=0.0)
    for _ in range(many):
        budget.answered(50.0)
    assert budget.left(50.0) == many // 5
