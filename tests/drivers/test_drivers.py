"""Both drivers by themselves: commands are carried out, and a call is always closed."""

from __future__ import annotations

import contextvars
import threading
import time

import anyio
import httpx
import pytest

from irclient import errors
from irclient._core.flights import Flight
from irclient._core.protocol import Spawn, Start, Tell, Wait
from irclient._drivers.blocking import BlockingDriver
from irclient._drivers.tasks import TaskDriver
from irclient.observe import Returned
from tests.worlds import in_each_world

RECORD = Returned(at=1.0, endpoint="a/web")


def driver(world, observers=()):
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    return (BlockingDriver if world.is_sync else TaskDriver)(transport, observers)


@in_each_world
def test_a_command_is_answered_with_the_time(world) -> None:
    told: list[object] = []

    def call(now):
        resumed = yield Tell(RECORD)
        assert resumed.now >= now
        resumed = yield Wait(now + 0.05)
        assert resumed.now >= now + 0.05
        assert resumed.outcome is None
        # An instant that is past is no wait.
        yield Wait(now)
        return "done"

    async def story() -> None:
        assert await world.ask(driver(world, [told.append]).run(call)) == "done"

    world.play(story)
    assert told == [RECORD]


@in_each_world
def test_a_call_that_raises_is_closed(world) -> None:
    closed = []

    def call(now):
        try:
            yield Wait(now)
            raise errors.Unavailable("as it is")
        finally:
            closed.append(True)

    async def story() -> None:
        with pytest.raises(errors.Unavailable, match="as it is"):
            await world.ask(driver(world).run(call))

    world.play(story)
    assert closed == [True]


@in_each_world
def test_blocking_work_runs_beside_the_call_and_its_end_wakes_who_waits(world) -> None:
    flight = Flight()
    where: list[str] = []

    def work(tell) -> None:
        where.append(threading.current_thread().name)
        tell(RECORD)
        flight.land()

    told: list[object] = []

    def call(now):
        yield Start(work)
        resumed = yield Wait(now + 10, flight)
        return resumed.now - now

    async def story() -> float:
        return await world.ask(driver(world, [told.append]).run(call))

    assert world.play(story) < 5
    assert where == ["irclient-token"]
    assert told == [RECORD]


@in_each_world
def test_a_flight_that_does_not_land_is_left_on_time(world) -> None:
    flight = Flight()

    def call(now):
        yield Wait(now + 0.03, flight)
        return True

    async def story() -> bool:
        return await world.ask(driver(world).run(call))

    assert world.play(story)
    flight.land()


@in_each_world
def test_a_mistake_in_the_background_is_logged_and_harms_nobody(world, caplog) -> None:
    def mistaken(now):
        yield Wait(now)
        raise ZeroDivisionError

    def call(now):
        yield Spawn(mistaken, "probe")
        yield Wait(now + 0.05)
        return True

    async def story() -> None:
        one = driver(world)
        assert await world.ask(one.run(call))
        await world.ask(one.close(within=5) if world.is_sync else one.aclose())
        assert not one._background

    world.play(story)
    assert "ZeroDivisionError" in caplog.text


SPAN: contextvars.ContextVar[str] = contextvars.ContextVar("span", default="none")


@in_each_world
def test_many_calls_see_the_callers_context(world) -> None:
    def call(now):
        yield Wait(now)
        return SPAN.get()

    async def story() -> list[str]:
        SPAN.set("request 7")
        calls, late = enumerate([call] * 5), {"within": 5} if world.is_sync else {}
        each = await world.everything(driver(world).run_each(calls, concurrency=2, **late))
        return [result for _, result in each]

    found = contextvars.copy_context().run(world.play, story)
    assert found == ["request 7"] * 5


def test_a_task_in_the_background_of_another_loop_is_cancelled_from_here() -> None:
    one = TaskDriver(httpx.MockTransport(lambda request: httpx.Response(200)), ())
    spawned, ended = threading.Event(), threading.Event()

    def endless(now):
        yield Wait(now + 60)

    def call(now):
        yield Spawn(endless, "probe")

    async def elsewhere() -> None:
        await one.run(call)
        spawned.set()
        until = time.monotonic() + 10
        while one._background and time.monotonic() < until:  # noqa: ASYNC110  (of another loop)
            await anyio.sleep(0.01)
        ended.set()

    thread = threading.Thread(target=lambda: anyio.run(elsewhere))
    thread.start()
    assert spawned.wait(5)
    anyio.run(one.aclose)
    assert ended.wait(5)
    thread.join()
    assert not one._background
