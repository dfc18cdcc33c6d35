"""Pacing and joining through real clients, over real sockets, on threads and on tasks."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest

from irclient import Pair
from irclient.queries import Popular, Similar
from irclient.settings import Caching, Settings, Throttling
from tests import weather as bad
from tests.stopwatch import Stopwatch
from tests.weather import weather
from tests.worlds import PATIENT, in_each_world, options

#: A busy machine may start a few callers late; it cannot make a client faster.
USED = 0.95
TPS = 40
CALLERS = 16


@dataclass
class Counted:
    """A server that answers at once and notes when each request came."""

    came_at: list[float] = field(default_factory=list)

    def __call__(self, peer, seen) -> None:
        self.came_at.append(time.monotonic())
        bad.ok(peer, seen)

    def most_in_a_second(self) -> int:
        times = sorted(self.came_at)
        return max(sum(first <= each < first + 1.0 for each in times) for first in times)


async def at_once(world, begin, times: int) -> list[Any]:
    """What so many calls return that run side by side."""
    if world.is_sync:
        with ThreadPoolExecutor(times) as pool:
            return [each.result() for each in [pool.submit(begin) for _ in range(times)]]
    results: list[Any] = []

    async def one() -> None:
        results.append(await begin())

    async with anyio.create_task_group() as tasks:
        for _ in range(times):
            tasks.start_soon(one)
    return results


@pytest.mark.timing
@in_each_world
def test_sixteen_callers_use_all_of_the_tps_and_never_more(world) -> None:
    counted, lasts = Counted(), 3.0
    settings = options(throttling=Throttling(max_wait=5))

    async def story() -> int:
        async with world.client(server.endpoint("a", tps=TPS), settings=settings) as ir:
            ends_at = time.monotonic() + lasts

            def work() -> None:
                while time.monotonic() < ends_at:
                    ir.popular()

            async def work_on_a_task() -> None:
                while time.monotonic() < ends_at:
                    await ir.popular()

            await at_once(world, work if world.is_sync else work_on_a_task, CALLERS)
            return ir.stats().throttle_waits

    with weather(counted) as server:
        waits = world.play(story)
    assert waits > 0
    assert counted.most_in_a_second() <= TPS
    first = min(counted.came_at)
    used = sum(each < first + lasts for each in counted.came_at)
    assert used >= USED * TPS * lasts


@pytest.mark.timing
@in_each_world
def test_a_pair_carries_what_neither_account_could_and_refuses_nothing(world) -> None:
    one, two = Counted(), Counted()

    async def story() -> tuple[list[Any], float]:
        pair = Pair(first.endpoint("a", tps=20), second.endpoint("b", tps=20))
        async with world.client(pair, settings=options()) as ir:
            numbers = iter(range(100))
            with Stopwatch() as watch:
                answers = await at_once(world, lambda: ir.similar(str(next(numbers))), 36)
            return answers, watch.took

    with weather(one) as first, weather(two) as second:
        answers, took = world.play(story)
        assert took < 0.7
    assert len(answers) == len(one.came_at) + len(two.came_at) == 36
    assert {each.served.attempts for each in answers} == {1}
    assert (len(one.came_at), len(two.came_at)) == (20, 16)


@in_each_world
def test_forty_equal_calls_at_once_are_one_request(world) -> None:
    settings = Settings(timeouts=PATIENT)

    async def story() -> list[Any]:
        async with world.client(server.endpoint("a"), settings=settings) as ir:
            answers = await at_once(world, ir.popular, 40)
            assert ir.stats().joined + ir.stats().by_source.get("cache", 0) == 39
            return answers

    with weather(bad.after(0.3)) as server:
        answers = world.play(story)
        assert len(server.seen) == 1
    assert {tuple(each.ids) for each in answers} == {("popular",)}
    assert len(answers) == 40


@in_each_world
def test_calls_that_differ_are_not_joined_and_nobody_gets_anothers_list(world) -> None:
    settings = Settings(timeouts=PATIENT)

    async def story() -> list[Any]:
        async with world.client(server.endpoint("a"), settings=settings) as ir:
            asked = [Similar(str(number % 10)) for number in range(80)]
            answers = await world.ask(ir.fetch_many(asked, concurrency=16))
            return [(query.item_id, each.ids) for query, each in zip(asked, answers, strict=True)]

    with weather(bad.after(0.05)) as server:
        pairs = world.play(story)
        assert len(server.seen) == 10
    assert all(ids == [item_id] for item_id, ids in pairs)


@pytest.mark.timing
@in_each_world
def test_a_stale_answer_is_refreshed_behind_the_callers_back(world) -> None:
    caching = Caching(fresh_for=0.05, stale_while_refresh_for=60)
    settings = Settings(timeouts=PATIENT, caching=caching)

    async def story() -> None:
        async with world.client(server.endpoint("a"), settings=settings) as ir:
            assert (await world.ask(ir.popular())).served.source == "service"
            server.now = bad.after(0.3)
            await world.pause(0.1)
            with Stopwatch() as watch:
                answers = await at_once(world, ir.popular, 8)
            assert watch.took < 0.25
            assert {each.served.source for each in answers} == {"stale"}
            until = time.monotonic() + 5
            while len(server.seen) < 2 and time.monotonic() < until:
                await world.pause(0.01)
            assert len(server.seen) == 2

    with weather() as server:
        world.play(story)


@in_each_world
def test_copies_with_other_options_share_memory_and_allowance(world) -> None:
    async def story() -> None:
        async with world.client(server.endpoint("a", tps=2), settings=settings) as ir:
            other = ir.with_options(throttling=Throttling(max_wait=0), deadline=9)
            await world.ask(ir.popular())
            assert (await world.ask(other.popular())).served.source == "cache"
            await world.ask(other.fetch(Popular(count=2)))
            error = await world.error(other.fetch, Popular(count=3))
            assert type(error).__name__ == "Throttled"
            assert 0.5 < error.retry_after <= 1.05

    settings = Settings(timeouts=PATIENT)
    with weather() as server:
        world.play(story)
        assert len(server.seen) == 2


@pytest.mark.parametrize("share", [0.25, 0.5])
@in_each_world
def test_a_process_uses_its_share_of_the_tps(world, share) -> None:
    counted = Counted()
    settings = options(throttling=Throttling(share=share, max_wait=0))

    async def story() -> int:
        async with world.client(server.endpoint("a", tps=40), settings=settings) as ir:
            # Interactive: calls of a batch would wait for their slots.
            at_once = ir.with_options(priority="interactive")
            made = await world.ask(at_once.fetch_many([Popular()] * 60, return_errors=True))
            return sum(not isinstance(each, Exception) for each in made)

    with weather(counted) as server:
        assert world.play(story) == 40 * share
    assert len(counted.came_at) == 40 * share
