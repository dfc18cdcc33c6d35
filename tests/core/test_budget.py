"""The retry budget: what a further attempt costs, and what brings it back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irclient._core.budget import RetryBudget
from irclient._core.verdict import Meaning, Verdict

TRANSIENT = Verdict(Meaning.FAILED, "500")
THROTTLE = Verdict(Meaning.THROTTLED, "429")


@pytest.mark.parametrize("meaning", [m for m in Meaning if m is not Meaning.THROTTLED])
def test_another_attempt_after_trouble_costs_fourteen(meaning) -> None:
    budget = RetryBudget(500)
    assert budget.take(Verdict(meaning, "")) == 14
    assert budget.tokens == 486


def test_another_attempt_after_a_throttle_costs_five() -> None:
    budget = RetryBudget(500)
    assert budget.take(THROTTLE) == 5
    assert budget.tokens == 495


def test_a_full_budget_pays_for_thirty_five_attempts_of_an_outage() -> None:
    budget = RetryBudget(500)
    paid = [budget.take(TRANSIENT) for _ in range(100)]
    assert paid == [14] * 35 + [None] * 65
    assert budget.tokens == 10
    # What is left still pays for two throttles.
    assert [budget.take(THROTTLE) for _ in range(3)] == [5, 5, None]


def test_success_at_first_brings_one_back_and_success_at_last_what_it_had_cost() -> None:
    budget = RetryBudget(100)
    for _ in range(3):
        budget.take(TRANSIENT)
    budget.succeeded(0)
    assert budget.tokens == 59
    budget.succeeded(14)
    assert budget.tokens == 73
    budget.succeeded(5)
    assert budget.tokens == 78


def test_a_budget_of_nothing_pays_for_nothing() -> None:
    budget = RetryBudget(0)
    budget.succeeded(14)
    assert budget.take(THROTTLE) is None
    assert repr(budget) == "<RetryBudget 0 of 0>"


@given(st.integers(0, 60), st.lists(st.sampled_from(["trouble", "throttle", 0, 5, 14])))
def test_it_is_never_negative_and_never_above_its_capacity(capacity, happenings) -> None:
    budget = RetryBudget(capacity)
    for each in happenings:
        if isinstance(each, int):
            budget.succeeded(each)
        else:
            budget.take(TRANSIENT if each == "trouble" else THROTTLE)
        assert 0 <= budget.tokens <= capacity
