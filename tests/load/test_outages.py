"""When every account is down nobody waits for it, and nobody makes it worse."""

from __future__ import annotations

import pytest

from benchmarks.promise import batches, outages
from benchmarks.promise.stage import TASKS, THREADS
from tests.load.holding import holds, worlds

BOTH = (THREADS, "asyncio")
#: Whether calls wait for an outage shows in most of them; a busy machine makes some of them late.
_MOST = 0.5


@worlds(*BOTH)
@pytest.mark.parametrize("kind", ["dead", "hanging"])
def test_a_known_outage_costs_a_request_a_call_and_no_time(world, kind):
    holds(outages.fallback(world, kind=kind, calls=60, part=_MOST))


@worlds(*BOTH)
def test_a_hot_stale_answer_is_not_refreshed_again_and_again_in_an_outage(world):
    holds(outages.hot_stale_key(world, kind="503", seconds=2))


@worlds(*BOTH)
def test_many_stale_answers_do_not_make_many_threads(world):
    holds(outages.many_stale_keys(world, keys=1_000, part=_MOST))


@worlds(*BOTH)
def test_a_stale_answer_is_given_at_once_when_both_accounts_are_known_to_be_silent(world):
    holds(outages.stale_at_hand(world, keys=10, part=_MOST))


# Each gives up after half a second of real time: who stands still for that long fails.
@pytest.mark.timing
@worlds(*TASKS)
def test_callers_who_give_up_do_not_hide_an_account_that_hangs(world):
    holds(outages.callers_give_up(world, callers=100))


@worlds(*BOTH)
def test_a_copy_with_a_short_deadline_says_nothing_about_the_accounts(world):
    holds(outages.short_deadlines(world))


@worlds(*BOTH)
def test_equal_calls_through_equal_copies_are_one(world):
    holds(outages.equal_copies(world))


@worlds(*BOTH)
def test_a_batch_takes_the_time_that_the_tps_needs(world):
    holds(batches.under_a_small_tps(world, queries=80))


@worlds(*BOTH)
def test_a_large_batch_tells_its_progress_from_the_first_second_on(world):
    holds(batches.first_progress(world, queries=20_000))
