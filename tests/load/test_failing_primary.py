"""A primary that fails in any way is no error while the secondary is well, at any concurrency."""

from __future__ import annotations

import pytest

from benchmarks.promise import failing
from benchmarks.promise.accounts import KINDS
from benchmarks.promise.stage import THREADS
from irclient import Timeouts
from tests.load.holding import holds, worlds

BOTH = (THREADS, "asyncio")
_REFUSED = ("401", "403")


def crowds():
    """Kind, world and size."""
    for kind in KINDS:
        for world, callers in (
            (THREADS, 1), (THREADS, 30), (THREADS, 300),
            ("asyncio", 30), ("asyncio", 300), ("trio", 100),
        ):  # fmt: skip
            yield pytest.param(kind, world, callers, id=f"{kind}-{world}-{callers}")


@pytest.mark.parametrize(("kind", "world", "callers"), list(crowds()))
def test_every_call_of_a_crowd_is_answered_while_the_primary_fails(service, kind, world, callers):
    # How long it takes 300 callers is the machine's business; only what hangs is waited for.
    timeouts = Timeouts(deadline=20, attempt=2 if kind == "hanging" else 8, connect=8)
    holds(failing.at_once_of(service, world, kind=kind, callers=callers, timeouts=timeouts))


@pytest.mark.timing
@worlds(*BOTH)
def test_a_primary_that_is_not_cooked_is_left_alone_while_calls_go_on_coming(world):
    holds(failing.uncooked_for_long(world, per_second=200, seconds=2.5))


@worlds(*BOTH)
@pytest.mark.parametrize("kind", ["uncooked", *_REFUSED])
def test_an_account_that_is_known_to_refuse_is_asked_by_a_few_of_the_next_calls(world, kind):
    holds(failing.known(world, kind=kind))


@worlds(*BOTH)
def test_a_failover_fits_into_a_deadline_that_one_attempt_could_use_up(world):
    holds(failing.deadline_fits(world))
