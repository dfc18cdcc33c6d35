"""Slow is a failure too; a little slower is not; and two active accounts share the work."""

from __future__ import annotations

import pytest

from benchmarks.promise import slow
from benchmarks.promise.stage import THREADS
from tests.load.holding import holds, worlds

BOTH = (THREADS, "asyncio")


@pytest.mark.timing
@worlds(*BOTH)
def test_a_primary_that_is_sixty_times_slower_loses_its_traffic(world):
    holds(slow.gray(world, callers=10, seconds=4, p50_below=100))


@pytest.mark.timing
@worlds(*BOTH)
def test_a_primary_that_is_a_little_slower_keeps_its_traffic(world):
    holds(slow.a_little_slower(world, seconds=1.5))


@worlds(*BOTH)
def test_two_active_accounts_share_the_calls_evenly(world):
    holds(slow.shared_evenly(world, seconds=1))


@worlds(*BOTH)
def test_one_of_two_active_accounts_may_die_under_load(world):
    holds(slow.one_of_both_dies(world, seconds=1))


@worlds(*BOTH)
def test_an_active_account_that_is_ten_times_slower_gets_less_than_a_third(world):
    holds(slow.one_of_both_is_slower(world, seconds=1))


@worlds(*BOTH)
def test_a_handshake_that_never_comes_is_hedged(world):
    holds(slow.hedged_while_connecting(world, within=0.5))
