"""Hedging: when a slow request is raced, where to, and what it may cost."""

from __future__ import annotations

import pytest

from irclient._core.hedging import HedgeBudget, hedge_delay, hedge_target
from irclient._core.latency import Latencies
from irclient._core.state import ClientState
from irclient.settings import Failover, Hedging, Settings
from irclient.stores import MemoryStore
from irclient.topology import Pair, ServiceEndpoint
from tests.core.virtual_time import OneToken

A, B = (ServiceEndpoint(account, "web", tps=10) for account in "ab")
LEARNING, FIXED = Hedging(enabled=True), Hedging(enabled=True, after=0.2)


def learner() -> Latencies:
    return Latencies(Failover(), partners={A.url: B, B.url: A})


def target(shared: ClientState, endpoints):
    routes, budget = shared.routes, shared.hedge_budget
    return hedge_target(endpoints, routes.health, routes.allowances, budget, now=100.0)


def state() -> ClientState:
    shared = ClientState.of(
        Pair(A, B),
        settings=Settings(failover=Failover(consecutive_failures=1)),
        tokens=OneToken(),
        store=MemoryStore(max_entries=1),
        uniform=lambda: 0.5,
        has_observers=False,
    )
    for _ in range(20):
        shared.hedge_budget.earn(0.1)
    return shared


def test_the_95th_percentile_is_learned_from_twenty_answers_on() -> None:
    latencies = learner()
    for number in range(19):
        latencies.learn("popular", A, 0.001 * number, 100.0)
    assert hedge_delay(LEARNING, latencies, "popular", A) is None
    latencies.learn("popular", A, 0.019, 100.0)
    assert hedge_delay(LEARNING, latencies, "popular", A) == pytest.approx(0.018)


def test_each_operation_and_endpoint_is_learned_on_its_own() -> None:
    latencies = learner()
    for _ in range(20):
        latencies.learn("popular", A, 0.01, 100.0)
        latencies.learn("similar", A, 0.05, 100.0)
    assert latencies.percentile("popular", A) == 0.01
    assert latencies.percentile("similar", A) == 0.05
    assert latencies.percentile("popular", B) is None


def test_what_is_learned_follows_the_service() -> None:
    latencies = learner()
    for latency in [0.01] * 100 + [0.5] * 256:
        latencies.learn("popular", A, latency, 100.0)
    assert latencies.percentile("popular", A) == 0.5


def test_a_fixed_delay_needs_nothing_learned() -> None:
    assert hedge_delay(FIXED, learner(), "popular", A) == 0.2


def test_the_budget_starts_empty_and_earns_a_part_of_a_hedge_with_each_request() -> None:
    budget = HedgeBudget()
    assert not budget.spend()
    for _ in range(10):
        budget.earn(0.1)
    assert budget.spend()
    assert not budget.spend()
    assert budget.saved == 0.0


def test_a_quiet_time_saves_a_few_hedges_and_no_more() -> None:
    budget = HedgeBudget()
    for _ in range(10_000):
        budget.earn(0.1)
    assert sum(budget.spend() for _ in range(100)) == 10


def test_a_hedge_goes_to_the_other_endpoint_and_takes_a_slot_there() -> None:
    shared = state()
    endpoint, slot = target(shared, (B,))
    assert (endpoint, slot.starts_at) == (B, 100.0)
    assert shared.routes.allowances[B.url].status(100.0).used == 1
    assert shared.hedge_budget.saved == pytest.approx(1.0)


def test_no_hedge_without_budget_and_no_slot_is_taken() -> None:
    shared = state()
    while shared.hedge_budget.spend():
        pass
    assert target(shared, (B,)) is None
    assert shared.routes.allowances[B.url].status(100.0).used == 0


def test_no_hedge_to_a_failing_endpoint() -> None:
    shared = state()
    shared.routes.health[B.url].record(99.0, sent_at=99.0, ok=False, reason="down")
    assert target(shared, (B,)) is None


@pytest.mark.parametrize(("used", "goes"), [(5, True), (6, False)])
def test_no_hedge_where_more_than_half_of_the_allowance_is_used(used, goes) -> None:
    shared = state()
    for _ in range(used):
        shared.routes.allowances[B.url].reserve(100.0, not_after=100.0)
    assert (target(shared, (B,)) is not None) is goes


@pytest.mark.parametrize(("throttled_at", "goes"), [(99.0, False), (89.0, True)])
def test_no_hedge_where_a_429_was_seen_lately(throttled_at, goes) -> None:
    shared = state()
    shared.routes.allowances[B.url].throttled(throttled_at, retry_after=None)
    assert (target(shared, (B,)) is not None) is goes


def test_a_single_endpoint_has_nowhere_to_hedge_to() -> None:
    assert target(state(), ()) is None
