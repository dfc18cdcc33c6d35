"""No thread can be started: what needs one is answered, and nobody waits for it."""

from __future__ import annotations

import contextvars
import threading
import time
from typing import NamedTuple

import anyio
import httpx
import pytest

from irclient import AuthenticationError, Caching, Hedging, Pair, Settings
from irclient._core.flights import Flight
from irclient._core.protocol import NotStarted, Spawn, Start, Wait
from irclient._drivers.blocking import BlockingDriver
from irclient._drivers.tasks import TaskDriver
from irclient.topology import ServiceEndpoint
from tests import weather as bad
from tests.weather import listed, weather
from tests.worlds import PATIENT, SYNC, in_each_world, options

A = ServiceEndpoint("a", "web", tps=1000)
B = ServiceEndpoint("b", "web", tps=1000)
WHO: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


@pytest.fixture
def no_threads(monkeypatch):
    """Each start of a thread fails, as in a container at its limit of processes."""

    def refuse(self) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    return monkeypatch


def driver(world):
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    return (BlockingDriver if world.is_sync else TaskDriver)(transport, ())


class Token(NamedTuple):
    """As azure-core's."""

    token: str
    expires_on: int


class Work:
    """Work that others wait for."""

    def __init__(self) -> None:
        self.flight = Flight()
        self.seen: list[str] = []

    def __call__(self, tell) -> None:
        self.seen.append(WHO.get())
        self.flight.land()

    def abandon(self) -> None:
        raise AssertionError("that is for the call to decide")


@in_each_world
def test_work_that_cannot_be_started_is_left_and_the_call_hears_of_it(world, no_threads) -> None:
    work = Work()

    def call(now):
        return (yield Start(work)).outcome

    async def story():
        return await world.ask(driver(world).run(call))

    began_at = time.monotonic()
    assert isinstance(world.play(story), NotStarted)
    assert time.monotonic() - began_at < 5
    assert work.seen == []


@in_each_world
def test_nothing_is_begun_in_the_background_of_a_closed_client(world) -> None:
    def background(now):
        begun.append(True)
        yield Wait(now)

    def call(now):
        return (yield Spawn(background, "probe")).outcome

    begun: list[bool] = []

    async def story():
        one = driver(world)
        assert await world.ask(one.run(call)) is None
        await world.ask(one.close(within=5) if world.is_sync else one.aclose())
        count = len(begun)
        outcome = await world.ask(one.run(call))
        await world.pause(0.05)
        assert len(begun) == count
        return outcome

    assert world.play(story) == NotStarted("the client is closed")


def test_a_background_call_without_a_thread_is_never_begun_and_closing_returns(no_threads) -> None:
    def background(now):
        raise AssertionError("begun")
        yield

    def call(now):
        return (yield Spawn(background, "probe")).outcome

    one = driver(SYNC)
    assert isinstance(one.run(call), NotStarted)
    assert not one._background
    one.close(within=5)
    one.close(within=5)


@in_each_world
def test_closing_ends_what_waits(world) -> None:
    flight = Flight()

    def call(now):
        return (yield Wait(now + 30)).now - now

    def joined(now):
        return (yield Wait(now + 30, flight)).now - now

    async def story():
        one = driver(world)
        if world.is_sync:
            threading.Timer(0.05, one.close, kwargs={"within": 1}).start()
            # Threads may close while others wait for a flight whose worker is stuck.
            return one.run(call), one.run(joined)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(close_soon, one)
            return (await one.run(call),)

    async def close_soon(one) -> None:
        await world.pause(0.05)
        await one.aclose()

    assert max(world.play(story)) < 5


@in_each_world
def test_a_token_that_cannot_be_fetched_for_want_of_a_thread_is_an_error_and_the_next_call_works(
    world, no_threads
) -> None:
    class Credential:
        def get_token(self, *scopes, **options):
            return Token("t", int(time.time()) + 3600)

    async def story() -> None:
        transport = world.transport(lambda request: httpx.Response(200, content=listed("1")))
        async with world.client(A, credential=Credential(), transport=transport) as ir:
            began_at = time.monotonic()
            error = await world.error(ir.popular)
            assert isinstance(error, AuthenticationError)
            assert "thread" in str(error)
            assert isinstance(await world.error(ir.popular), AuthenticationError)
            assert time.monotonic() - began_at < 2
            no_threads.undo()
            await world.pause(0.6)
            assert (await world.ask(ir.popular())).ids == ["1"]

    world.play(story)


@in_each_world
def test_a_stale_answer_needs_no_thread(world, no_threads) -> None:
    def answer(request):
        return httpx.Response(200, content=listed("1"))

    async def story() -> None:
        settings = Settings(caching=Caching(fresh_for=0.001), timeouts=PATIENT)
        async with world.client(A, settings=settings, transport=world.transport(answer)) as ir:
            await world.ask(ir.popular())
            await world.pause(0.01)
            for _ in range(20):
                assert (await world.ask(ir.popular())).served.source == "stale"

    world.play(story)


@pytest.mark.parametrize("is_ours", [True, False], ids=["own transport", "user's transport"])
def test_a_race_without_a_thread_is_one_request(no_threads, is_ours) -> None:
    hedging = Hedging(enabled=True, after=0.02, budget=1.0)

    def answer(request):
        time.sleep(0.2)
        return httpx.Response(200, content=listed("popular"))

    no_threads.undo()
    with weather(bad.after(0.2)) as slow, weather() as quick:
        # The servers have threads of their own; the client gets none.
        real = threading.Thread.start

        def refuse(self) -> None:
            if self.name.startswith("irclient"):
                raise RuntimeError("can't start new thread")
            real(self)

        no_threads.setattr(threading.Thread, "start", refuse)
        pair = Pair(slow.endpoint("a"), quick.endpoint("b"))
        transport = None if is_ours else SYNC.transport(answer)
        with SYNC.make(pair, settings=options(hedging=hedging), transport=transport) as ir:
            answered = ir.popular()
            assert answered.ids == ["popular"]
            assert (answered.served.account, answered.served.attempts) == ("a", 1)
            # A hedge that never was is no hedge: no slot of the other account, nothing counted.
            assert ir.stats().hedges == 0
            assert ir.health()["b"].allowance.used == 0
    assert quick.seen == []


def test_a_request_that_hangs_in_somebodys_transport_ends_the_race_on_time() -> None:
    release = threading.Event()

    def hang(request):
        release.wait(20)
        return httpx.Response(200, content=listed("1"))

    hedging = Hedging(enabled=True, after=0.05, budget=1.0)
    settings = options(hedging=hedging).model_copy(
        update={"timeouts": PATIENT.model_copy(update={"attempt": 0.3, "deadline": 1.0})}
    )
    try:
        with SYNC.make(Pair(A, B), settings=settings, transport=SYNC.transport(hang)) as ir:
            began_at = time.monotonic()
            with pytest.raises(Exception, match="timed out"):
                ir.popular()
            assert time.monotonic() - began_at < 2
    finally:
        release.set()


def test_races_background_calls_and_work_run_in_the_callers_context() -> None:
    seen: dict[str, set[str]] = {"requests": set(), "background": set()}
    work = Work()

    def answer(request):
        seen["requests"].add(WHO.get())
        time.sleep(0.1)
        return httpx.Response(200, content=listed("1"))

    def background(now):
        seen["background"].add(WHO.get())
        yield Wait(now)

    def call(now):
        yield Spawn(background, "probe")
        yield Start(work)
        yield Wait(now + 10, work.flight)

    def story() -> None:
        WHO.set("request 7")
        hedging = Hedging(enabled=True, after=0.02, budget=1.0)
        with SYNC.make(
            Pair(A, B), settings=options(hedging=hedging), transport=SYNC.transport(answer)
        ) as ir:
            ir.popular()
            assert ir.stats().hedges == 1
            ir._driver.run(call)

    contextvars.copy_context().run(story)
    assert seen == {"requests": {"request 7"}, "background": {"request 7"}}
    assert work.seen == ["request 7"]


@in_each_world
def test_a_background_call_sees_its_callers_context(world) -> None:
    ended = Flight()
    seen: list[str] = []

    def background(now):
        seen.append(WHO.get())
        ended.land()
        yield Wait(now)

    def call(now):
        yield Spawn(background, "probe")
        yield Wait(now + 10, ended)

    async def story() -> None:
        WHO.set("request 8")
        await world.ask(driver(world).run(call))

    contextvars.copy_context().run(world.play, story)
    assert seen == ["request 8"]
