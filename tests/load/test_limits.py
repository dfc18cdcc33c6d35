"""Whatever is scarce or broken, every wait has its end and every figure its bound."""

from __future__ import annotations

import pytest

from benchmarks.promise import costs, limits, pacing
from benchmarks.promise.confined import can_limit_processes
from benchmarks.promise.stage import THREADS
from tests.load.holding import holds, worlds

BOTH = (THREADS, "asyncio")
#: A machine that has other things to do may be so many seconds late.
_LATE = 0.4


@pytest.mark.skipif(not can_limit_processes(), reason="only root may become another user")
@worlds(*BOTH)
def test_answers_at_hand_are_given_where_no_thread_can_be_started(world):
    holds(limits.process_limit(world))


@pytest.mark.timing
@worlds(*BOTH)
def test_a_pool_that_is_too_small_costs_no_deadline_and_ejects_no_account(world):
    holds(limits.small_pool(world, seconds=1, overrun=_LATE))


@pytest.mark.timing
@worlds(THREADS)
def test_more_callers_than_connections_cost_nobody_a_deadline(world):
    holds(limits.own_pool(world, overrun=_LATE))


@worlds(*BOTH)
def test_a_hostile_body_takes_no_longer_than_the_deadline_and_blocks_no_loop(world):
    holds(limits.hostile_body(world))


@worlds(THREADS)
def test_a_signal_handler_may_ask_for_the_health_whatever_it_interrupts(world):
    holds(limits.signals(world, number=2_000))


@pytest.mark.timing
@worlds(THREADS)
def test_a_silent_name_server_costs_a_bounded_number_of_threads(world):
    holds(limits.names_without_an_answer(world, overrun=_LATE))


@pytest.mark.timing
@worlds(*BOTH)
def test_the_tps_is_kept_while_hedges_open_connections(world):
    holds(pacing.hedged_and_cold(world, seconds=2))


@pytest.mark.timing
@worlds(*BOTH)
def test_the_tps_is_kept_while_kept_connections_break(world):
    holds(pacing.breaking_connections(world, seconds=2))


@worlds(*BOTH)
def test_a_request_is_not_sent_again_after_half_a_head(world):
    holds(pacing.breaking_connections(world, kind="half head", seconds=2))


@worlds(*BOTH)
def test_a_copy_for_one_request_is_cheap(world):
    holds(costs.copies(world))
