"""Latency: who is slow beside the other account of its pair, and when that is over."""

from __future__ import annotations

import pytest

from irclient._core.latency import Latencies
from irclient.settings import Failover
from tests.scenarios.scenario import A, B, C


def learner(**failover) -> Latencies:
    return Latencies(Failover(**failover), partners={A.url: B, B.url: A})


def learn(latencies, endpoint, latency, *, times=5, now=100.0, cold=False):
    """The first change, or None."""
    told = [
        latencies.learn("similar", endpoint, latency, now, opened_connection=cold)
        for _ in range(times)
    ]
    return next((each for each in told if each is not None), None)


@pytest.mark.parametrize(
    ("mine", "theirs", "is_slow"),
    [
        (0.600, 0.010, True),
        (0.062, 0.010, True),
        (0.059, 0.010, False),  # Not fifty milliseconds more.
        (0.014, 0.010, False),
        (0.290, 0.100, False),  # Not three times as long.
        (0.310, 0.100, True),
    ],
)
def test_slow_is_a_factor_and_an_amount(mine, theirs, is_slow) -> None:
    latencies = learner()
    learn(latencies, B, theirs)
    reason = learn(latencies, A, mine)
    assert (reason is not None) is is_slow
    assert latencies.is_slow("similar", A) is is_slow
    assert not latencies.is_slow("popular", A)
    if is_slow:
        assert reason == latencies.slow_reason(A)
        assert "b/web takes" in reason


def test_it_is_no_longer_slow_once_it_is_well_below_the_bound() -> None:
    latencies = learner()
    learn(latencies, B, 0.1)
    assert learn(latencies, A, 0.6)
    assert learn(latencies, A, 0.1, now=100.05) is None  # Sent before: it shows no change.
    assert learn(latencies, A, 0.25, now=101) is None  # Below three times, above twice: it stays.
    assert latencies.is_slow("similar", A)
    assert learn(latencies, A, 0.11, times=9, now=102) == ""
    assert not latencies.is_slow("similar", A)
    assert latencies.slow_reason(A) is None


def test_nothing_changes_to_and_fro_near_the_bound() -> None:
    latencies, changes = learner(), []
    learn(latencies, B, 0.1)
    for number in range(400):
        latency = 0.32 if number % 2 else 0.29
        changes.append(latencies.learn("similar", A, latency, 100.0))
    assert sum(change is not None for change in changes) <= 1


def test_an_account_without_a_pair_is_never_slow() -> None:
    latencies = learner()
    assert learn(latencies, C, 9.0, times=50) is None


def test_what_the_other_answered_long_ago_is_no_comparison() -> None:
    latencies = learner(window=30)
    learn(latencies, B, 0.01, now=10.0)
    assert learn(latencies, A, 0.6, now=41.0) is None
    assert latencies.wants_comparison("similar", A, B, 41.0)
    learn(latencies, B, 0.01, times=1, now=41.0)
    assert not latencies.wants_comparison("similar", A, B, 41.0)
    assert learn(latencies, A, 0.6, times=1, now=41.0)


def test_opening_connections_says_nothing_against_an_endpoint() -> None:
    latencies = learner()
    learn(latencies, B, 0.01)
    assert learn(latencies, A, 0.6, times=20, cold=True) is None
    # Where the server keeps none, there is nothing else to go by.
    assert learn(latencies, A, 0.6, times=20, cold=True)


def test_an_answer_over_a_new_connection_counts_for_the_other_one() -> None:
    latencies = learner()
    learn(latencies, B, 0.05, times=3, cold=True)
    assert learn(latencies, A, 0.6)


def test_without_a_factor_nobody_is_slow() -> None:
    latencies = learner(slow_factor=None)
    learn(latencies, B, 0.01)
    assert learn(latencies, A, 9.0, times=50) is None
    assert not latencies.wants_comparison("similar", A, C, 100.0)
