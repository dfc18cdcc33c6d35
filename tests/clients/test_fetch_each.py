"""Both clients: `fetch_each`, which hands out answers as they come, and its priority."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import itertools
import os
import pickle
import threading
import time
import weakref
from functools import partial

import anyio
import anyio.lowlevel
import httpx
import pytest

from irclient import Pair, ServiceEndpoint, errors
from irclient.queries import Similar
from irclient.settings import Settings, Throttling, Timeouts
from tests import weather as bad
from tests.clients.test_clients import Lent
from tests.weather import listed, weather
from tests.worlds import ASYNC, PATIENT, SYNC, in_each_world, options

A = ServiceEndpoint("a", "web", tps=10_000)
in_each_world_of_tasks = pytest.mark.parametrize("world", ASYNC, ids=lambda world: world.name)


def last_segment(request: httpx.Request) -> str:
    return request.url.path.rpartition("/")[2]


def echo(request: httpx.Request) -> httpx.Response:
    item = last_segment(request)
    return httpx.Response(404) if item.endswith("7") else httpx.Response(200, content=listed(item))


def many_threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "irclient-many"]


def until(claim) -> bool:
    ends_at = time.monotonic() + 10
    while not claim() and time.monotonic() < ends_at:
        time.sleep(0.005)
    return claim()


class Endless:
    """Queries without an end, and how many were taken."""

    def __init__(self, stop: int | None = None) -> None:
        self.taken = 0
        self._stop = stop

    def __iter__(self):
        for number in itertools.count():
            if number == self._stop:
                raise KeyError("a file that cannot be read")
            self.taken += 1
            yield Similar(str(number))


async def some(world, each, count: int) -> list:
    """The first few, and then the loop is left."""
    found = []
    if world.is_sync:
        for one in each:
            found.append(one)
            if len(found) == count:
                break
    else:
        async for one in each:
            found.append(one)
            if len(found) == count:
                break
    return found


@in_each_world
def test_each_query_comes_with_its_own_answer_or_error(world) -> None:
    asked = [Similar(str(number)) for number in range(60)]

    async def story() -> list:
        async with world.client(A, transport=world.transport(echo)) as ir:
            return await world.everything(ir.fetch_each(asked, concurrency=7))

    found = dict(world.play(story))
    assert set(found) == set(asked)
    for query, outcome in found.items():
        if query.item_id.endswith("7"):
            assert isinstance(outcome, errors.QueryError)
        else:
            assert outcome.ids == [query.item_id]
    assert until(lambda: not many_threads())


@in_each_world
def test_a_quick_answer_does_not_wait_for_a_slow_one(world) -> None:
    def answer(peer, seen) -> None:
        if "slow" in seen.target:
            bad.after(0.5)(peer, seen)
        else:
            bad.ok(peer, seen)

    async def story() -> list[str]:
        async with world.client(server.endpoint("a")) as ir:
            asked = [Similar("slow"), *(Similar(str(number)) for number in range(5))]
            found = await world.everything(ir.fetch_each(asked, concurrency=2))
            return [query.item_id for query, _ in found]

    with weather(answer) as server:
        assert world.play(story) == ["0", "1", "2", "3", "4", "slow"]


@in_each_world
def test_no_more_is_taken_than_may_be_under_way_and_leaving_ends_it(world) -> None:
    asked = Endless()

    async def story() -> None:
        async with world.client(A, transport=world.transport(echo)) as ir:
            found = await some(world, ir.fetch_each(asked, concurrency=4), 10)
            assert len(found) == 10
            assert asked.taken <= 10 + 4
            taken = asked.taken
            await world.pause(0.05)
            assert asked.taken == taken
            assert len(ir._state.flights) == 0

    world.play(story)
    assert until(lambda: not many_threads())


@pytest.mark.timing
@in_each_world
def test_leaving_ends_what_waits_for_a_slot(world) -> None:
    settings = options(throttling=Throttling(max_wait=30), timeouts=Timeouts(deadline=60))

    async def story() -> None:
        slow = ServiceEndpoint("a", "web", tps=1)
        transport = world.transport(echo)
        async with world.client(slow, settings=settings, transport=transport) as ir:
            began_at = time.monotonic()
            found = await some(world, ir.fetch_each(Endless(), concurrency=6), 1)
            assert len(found) == 1
            if not world.is_sync:
                gc.collect()
                await world.pause(0.05)
            assert time.monotonic() - began_at < 1.5
            # Their slots were given back.
            assert ir.health()["a"].allowance.next_slot_after <= 1.1

    world.play(story)
    assert until(lambda: not many_threads())


@in_each_world
def test_what_came_before_an_interrupt_is_the_callers(world) -> None:
    async def story() -> dict:
        kept = {}

        def keep(found) -> None:
            kept[found[0].item_id] = found[1]
            if len(kept) == 5:
                raise KeyboardInterrupt

        async with world.client(A, transport=world.transport(echo)) as ir:
            with pytest.raises(KeyboardInterrupt):
                await world.everything(ir.fetch_each(Endless(), concurrency=3), each=keep)
        return kept

    assert len(world.play(story)) == 5
    assert until(lambda: not many_threads())


@in_each_world
def test_what_is_no_query_or_cannot_be_read_ends_it_with_its_own_error(world) -> None:
    async def story() -> None:
        async with world.client(A, transport=world.transport(echo)) as ir:
            with pytest.raises(errors.QueryError, match="expected a query"):
                await world.everything(ir.fetch_each([Similar("1"), "popular"]))
            with pytest.raises(KeyError, match="cannot be read"):
                await world.everything(ir.fetch_each(Endless(stop=5), concurrency=2))
            for wrong in (0, -1, 2.5, True):
                with pytest.raises(errors.QueryError, match="concurrency"):
                    ir.fetch_each([], concurrency=wrong)
            assert await world.everything(ir.fetch_each([])) == []

    world.play(story)
    assert until(lambda: not many_threads())


@in_each_world
def test_progress_knows_the_total_where_the_queries_do(world) -> None:
    told: list[tuple[int, int | None]] = []

    def tell(done, of) -> None:
        told.append((done, of))

    async def story() -> None:
        async with world.client(A, transport=world.transport(echo)) as ir:
            listed_queries = [Similar("1"), Similar("2")]
            await world.everything(ir.fetch_each(listed_queries, progress=tell))
            await world.everything(ir.fetch_each(iter(listed_queries), progress=tell))
            asked = Endless()
            await some(world, ir.fetch_each(asked, progress=tell, concurrency=2), 3)
            await world.pause(0.05)
            assert asked.taken <= 5

    world.play(story)
    assert told == [(1, 2), (2, 2), (1, None), (2, None), (1, None), (2, None), (3, None)]


@in_each_world
def test_memory_does_not_grow_with_the_number_of_queries(world) -> None:
    alive: weakref.WeakSet[Similar] = weakref.WeakSet()

    def asked():
        for number in range(2000):
            query = Similar(str(number))
            alive.add(query)
            yield query
            del query

    async def story() -> int:
        most = 0
        async with world.client(A, transport=world.transport(echo)) as ir:
            each = ir.fetch_each(asked(), concurrency=4)
            if world.is_sync:
                for found in each:
                    del found
                    most = max(most, len(alive))
            else:
                async for found in each:
                    del found
                    most = max(most, len(alive))
        return most

    gc.disable()
    try:
        # Those under way, and a few that are on their way out.
        assert world.play(story) <= 4 + 6
    finally:
        gc.enable()


@in_each_world
def test_what_is_in_memory_needs_neither_thread_nor_task_and_lets_others_have_their_turn(
    world, monkeypatch
) -> None:
    turns: list[int] = []

    async def others() -> None:
        while True:
            turns.append(1)
            await anyio.lowlevel.checkpoint()

    async def story() -> None:
        settings = Settings(timeouts=PATIENT)
        transport = world.transport(echo)
        async with world.client(A, settings=settings, transport=transport) as ir:
            asked = [Similar(str(number)) for number in range(6)]
            await world.everything(ir.fetch_each(asked))
            where = "each_on_threads.DaemonThreads.try_start", "each_on_tasks.detach"
            monkeypatch.setattr(f"irclient._drivers.{where[not world.is_sync]}", None)
            if world.is_sync:
                found = await world.everything(ir.fetch_each(asked))
            else:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(others)
                    found = await world.everything(ir.fetch_each(asked))
                    tasks.cancel_scope.cancel()
                assert len(turns) >= 5
            assert [query for query, _ in found] == asked
            assert {outcome.served.source for _, outcome in found} == {"cache"}

    world.play(story)


@in_each_world
def test_closing_the_client_ends_each_query_with_that_error(world) -> None:
    settings = options(throttling=Throttling(max_wait=30), timeouts=Timeouts(deadline=60))

    async def story() -> list:
        slow = ServiceEndpoint("a", "web", tps=2)
        ir = world.make(slow, settings=settings, transport=world.transport(echo))
        each = ir.fetch_each([Similar(str(number)) for number in range(6)], concurrency=6)
        found = [await world.ask(next(each) if world.is_sync else anext(each)) for _ in range(2)]
        await world.close(ir)
        found += await world.everything(each)
        return [outcome for _, outcome in found]

    outcomes = world.play(story)
    kinds = [type(each).__name__ for each in outcomes]
    assert kinds == ["RecommendationList"] * 2 + ["ClientClosed"] * 4


@in_each_world_of_tasks
def test_a_cancelled_caller_leaves_no_task_behind(world) -> None:
    async def story() -> None:
        async with world.client(server.endpoint("a")) as ir:
            found = []
            with anyio.move_on_after(0.3) as scope:
                async for one in ir.fetch_each(Endless(), concurrency=5):
                    found.append(one)
                    server.now = bad.hang
            assert scope.cancelled_caught
            assert found
            if world.name == "asyncio":
                assert [each for each in asyncio.all_tasks() if "carry_out" in repr(each)] == []
            assert len(ir._state.flights) == 0
            server.now = bad.ok
            assert (await ir.similar("1")).ids == ["1"]

    with weather() as server:
        world.play(story)


@in_each_world_of_tasks
def test_what_is_dropped_half_way_is_cancelled_at_once(world) -> None:
    async def story() -> None:
        async with world.client(server.endpoint("a")) as ir:
            each = ir.fetch_each(Endless(), concurrency=5)
            with anyio.move_on_after(0.2):
                await anext(each)
            # Over, as a generator would be.
            with pytest.raises(StopAsyncIteration):
                await anext(each)
            again = ir.fetch_each([Similar("1"), Similar("2")], concurrency=1)
            server.now = bad.ok
            await anext(again)
            server.now = bad.hang
            crew = again._crew
            del again
            until_at = time.monotonic() + 5
            while crew._scopes and time.monotonic() < until_at:  # noqa: ASYNC110  (nothing tells)
                await anyio.sleep(0.01)
            assert not crew._scopes

    with weather(bad.hang) as server:
        world.play(story)


@in_each_world_of_tasks
def test_in_a_second_loop_what_was_under_way_begins_anew(world) -> None:
    ir = world.make(A, transport=world.transport(echo))
    each = ir.fetch_each([Similar(str(number)) for number in range(6)], concurrency=3)

    async def first() -> list:
        return [(await anext(each))[0].item_id]

    async def rest() -> list:
        found = [query.item_id async for query, _ in each]
        await ir.aclose()
        return found

    assert sorted([*world.play(first), *world.play(rest)]) == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_goes_on_where_its_parent_was() -> None:
    ir = SYNC.make(A, transport=SYNC.transport(echo))
    each = ir.fetch_each([Similar(str(number)) for number in range(9)], concurrency=3)
    first = next(each)[0].item_id
    child = os.fork()
    if child == 0:
        found = {first, *(query.item_id for query, _ in each)}
        os._exit(0 if found == {str(number) for number in range(9)} else 1)
    rest = [query.item_id for query, _ in each]
    assert sorted([first, *rest]) == [str(number) for number in range(9)]
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    ir.close()


WHO: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


@pytest.mark.parametrize("may_start", [0, 2])
def test_without_threads_calls_run_on_those_there_are_or_on_the_callers_own(
    monkeypatch, may_start
) -> None:
    permits = [None] * may_start
    real = threading.Thread.start
    ran_on: set[str] = set()

    def start(self) -> None:
        if not permits:
            raise RuntimeError("can't start new thread")
        permits.pop()
        real(self)

    def answer(request: httpx.Request) -> httpx.Response:
        ran_on.add(threading.current_thread().name)
        assert WHO.get() == "request 9"
        time.sleep(0.002)
        return echo(request)

    def story() -> None:
        WHO.set("request 9")
        with SYNC.make(A, transport=SYNC.transport(answer)) as ir:
            asked = [Similar(str(number)) for number in range(30)]
            found = dict(ir.fetch_each(asked, concurrency=8))
            assert set(found) == set(asked)
            assert len(ir.fetch_many(asked, return_errors=True)) == 30

    monkeypatch.setattr(threading.Thread, "start", start)
    contextvars.copy_context().run(story)
    expected = {"irclient-many", "MainThread"} if may_start else {"MainThread"}
    assert ran_on <= expected


@in_each_world
def test_many_queries_are_paced_by_the_tps_and_none_is_refused(world) -> None:
    asked = [Similar(f"{number}0") for number in range(90)]

    async def story(priority) -> list:
        pair = Pair(ServiceEndpoint("a", "web", tps=20), ServiceEndpoint("b", "web", tps=20))
        async with world.client(pair, transport=world.transport(echo)) as ir:
            copy = ir.with_options(priority=priority)
            return await world.ask(copy.fetch_many(asked, return_errors=True))

    began_at = time.monotonic()
    answers = world.play(partial(story, None))
    assert [each.ids for each in answers] == [[query.item_id] for query in asked]
    assert 1.0 < time.monotonic() - began_at < 5
    # For calls that somebody waits for, these are too many at once.
    urgent = world.play(partial(story, "interactive"))
    assert "Throttled" in {type(each).__name__ for each in urgent}


@in_each_world
def test_what_ends_fetch_many_says_how_many_were_answered(world) -> None:
    async def story() -> errors.IRError:
        async with world.client(A, transport=world.transport(echo)) as ir:
            asked = [Similar(str(number)) for number in range(20)]
            return await world.error(ir.fetch_many, asked, concurrency=1)

    error = world.play(story)
    assert isinstance(error, errors.QueryError)
    assert error.__notes__ == [
        "7 of 20 queries had been answered by then; fetch_each hands out each answer as it comes"
    ]


@in_each_world
def test_many_queries_are_told_of_from_the_first_on(world) -> None:
    first: list[int] = []

    class Enough(Exception):  # noqa: N818  (it is none)
        """Seen enough."""

    def tell(done, of) -> None:
        first.append(of)
        raise Enough

    async def story() -> float:
        async with world.client(A, transport=world.transport(echo)) as ir:
            asked = [Similar(f"{number}0") for number in range(20_000)]
            began_at = time.monotonic()
            with pytest.raises(Enough):
                await world.ask(ir.fetch_many(asked, progress=tell))
            return time.monotonic() - began_at

    assert world.play(story) < 1
    assert first == [20_000]


@in_each_world
def test_a_priority_is_one_of_two_and_goes_with_a_copy(world) -> None:
    ir = world.make(Pair(A, ServiceEndpoint("b", "web", tps=1)), credential=Lent())
    with pytest.raises(errors.ConfigurationError, match="'interactive' or 'batch', got 'urgent'"):
        ir.with_options(priority="urgent")
    assert ir._priority is None
    batch = ir.with_options(priority="batch")
    assert batch._priority == "batch"
    assert batch.with_options(deadline=1)._priority == "batch"
    assert pickle.loads(pickle.dumps(batch))._priority == "batch"
    assert pickle.loads(pickle.dumps(ir))._priority is None
