"""Preference: who is asked first, call by call."""

from __future__ import annotations

from collections import Counter

import pytest

from irclient._core.latency import Latencies
from irclient._core.preference import Load, Preference
from irclient.settings import Failover
from irclient.topology import Pair
from tests.scenarios.scenario import A, B, C, D


def preference(regions, **failover):
    settings = Failover(**failover)
    latencies = Latencies(settings, partners={A.url: B, B.url: A})
    return Preference(regions, settings=settings, latencies=latencies), latencies


def firsts(asked: Preference, times: int, *, now=100.0, every=0.0) -> Counter[str]:
    orders = (asked.order("similar", now + every * number) for number in range(times))
    return Counter(order[0].account for order in orders)


def test_regions_stay_in_their_order() -> None:
    asked, _ = preference([Pair(A, B), C, D])
    assert asked.order("similar", 100.0) == (A, B, C, D)
    assert preference(A)[0].order("similar", 100.0) == (A,)


def test_the_secondary_gets_one_call_every_so_many_seconds_and_no_more() -> None:
    asked, _ = preference(Pair(A, B), trickle_every=20)
    assert firsts(asked, 1000, every=0.1) == {"a": 996, "b": 4}


def test_a_client_that_is_seldom_used_sends_one_call_in_twenty_there() -> None:
    asked, _ = preference(Pair(A, B), trickle_every=20)
    assert firsts(asked, 200, every=30) == {"a": 191, "b": 9}


def test_a_burst_is_no_reason_for_a_trickle() -> None:
    asked, _ = preference(Pair(A, B), trickle_every=20)
    assert firsts(asked, 1000) == {"a": 1000}


def test_a_trickle_can_be_turned_off() -> None:
    asked, _ = preference(Pair(A, B), trickle_every=None)
    assert firsts(asked, 1000, every=1) == {"a": 1000}


def test_a_slow_primary_gets_one_call_a_second() -> None:
    asked, latencies = preference(Pair(A, B))
    for endpoint, latency in ((B, 0.01), (A, 0.6)):
        for _ in range(5):
            latencies.learn("similar", endpoint, latency, 100.0)
    assert firsts(asked, 1000, every=0.01) == {"b": 991, "a": 9}
    assert asked.order("popular", 110.0)[0] == A


def test_a_primary_that_may_be_slow_is_compared() -> None:
    asked, latencies = preference(Pair(A, B))
    for _ in range(5):
        latencies.learn("similar", A, 0.6, 100.0)
    assert firsts(asked, 40) == {"a": 31, "b": 9}
    for _ in range(3):
        latencies.learn("similar", B, 0.55, 100.0)
    assert firsts(asked, 40) == {"a": 40}


def played(asked: Preference, latencies: dict, *, calls: int, at_once: int) -> Counter[str]:
    """Calls of so many callers, each of whom calls again when it has its answer."""
    now, ends, served = 100.0, [], Counter()
    for number in range(calls):
        if number >= at_once:
            now, endpoint = min(ends, key=lambda each: each[0])
            ends.remove((now, endpoint))
            asked.loads[endpoint].end(now, latencies[endpoint])
        endpoint = asked.order("similar", now)[0]
        asked.loads[endpoint].begin()
        served[endpoint.account] += 1
        ends.append((now + latencies[endpoint], endpoint))
    return served


@pytest.mark.parametrize("at_once", [1, 10, 100])
def test_two_healthy_accounts_share_the_calls(at_once) -> None:
    asked, _ = preference(Pair(A, B, mode="active-active"))
    served = played(asked, {A: 0.010, B: 0.0101}, calls=2000, at_once=at_once)
    assert 0.4 <= served["a"] / 2000 <= 0.6


@pytest.mark.parametrize("at_once", [1, 10, 100])
def test_an_account_that_is_ten_times_slower_gets_less_than_a_third(at_once) -> None:
    asked, _ = preference(Pair(A, B, mode="active-active"))
    served = played(asked, {A: 0.100, B: 0.010}, calls=2000, at_once=at_once)
    assert 0 < served["a"] / 2000 < 1 / 3


def test_an_expectation_rises_at_once_and_falls_slowly() -> None:
    load = Load()
    load.end(100.0, 0.01)
    assert load.cost() == pytest.approx(0.01)
    load.end(100.0, 0.5)
    assert load.cost() == pytest.approx(0.5)
    load.end(105.0, 0.01)
    assert 0.2 < load.cost() < 0.4
    load.end(200.0, 0.01)
    assert load.cost() < 0.02
    load.begin()
    assert load.in_flight == 1
    load.end(200.0, None)
    load.end(200.0, None)
    assert load.in_flight == 0
