"""Event loops: tasks on their own, and waking them from elsewhere."""

from __future__ import annotations

import asyncio
import threading

import anyio
import pytest

from irclient._core.flights import Flight
from irclient._drivers.loops import detach, until_landed, waker
from irclient._runtime.loops import asyncio_loop, this_loop

each_backend = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@each_backend
def test_a_detached_task_runs_beside_the_one_that_started_it(backend) -> None:
    async def story() -> None:
        ended = anyio.Event()

        async def work(event: anyio.Event) -> None:
            event.set()

        detach(work, ended)
        assert not ended.is_set()
        with anyio.fail_after(5):
            await ended.wait()

    anyio.run(story, backend=backend)


@each_backend
def test_any_thread_wakes_a_task(backend) -> None:
    async def story() -> None:
        event = anyio.Event()
        thread = threading.Thread(target=waker(event.set))
        thread.start()
        with anyio.fail_after(5):
            await event.wait()
        thread.join()

    anyio.run(story, backend=backend)


@each_backend
def test_waking_a_loop_that_has_ended_does_nothing(backend) -> None:
    woken: list[bool] = []

    async def story():
        return waker(lambda: woken.append(True)), this_loop()

    wake, loop = anyio.run(story, backend=backend)
    wake()
    assert woken == []
    assert loop is not None


@each_backend
def test_a_flight_is_waited_for_until_it_lands(backend) -> None:
    async def story() -> None:
        flight = Flight()
        async with anyio.create_task_group() as waiters:
            for _ in range(20):
                waiters.start_soon(until_landed, flight, 30.0)
            await anyio.wait_all_tasks_blocked()
            flight.land()
        await until_landed(flight, 30.0)

    anyio.run(story, backend=backend)


@each_backend
def test_a_flight_that_lands_on_another_thread_wakes_its_waiters(backend) -> None:
    async def story() -> None:
        flight = Flight()
        async with anyio.create_task_group() as waiters:
            waiters.start_soon(until_landed, flight, 30.0)
            await anyio.wait_all_tasks_blocked()
            with anyio.fail_after(5):
                await anyio.to_thread.run_sync(flight.land)

    anyio.run(story, backend=backend)


@each_backend
def test_a_flight_is_waited_for_as_long_as_was_said(backend) -> None:
    async def story() -> None:
        flight = Flight()
        with anyio.fail_after(5):
            await until_landed(flight, 0.01)
        assert repr(flight) == "<Flight 0 waiting>"

    anyio.run(story, backend=backend)


@each_backend
def test_whoever_is_cancelled_waits_for_nothing_any_more(backend) -> None:
    async def story() -> None:
        flight = Flight()
        async with anyio.create_task_group() as waiters:
            waiters.start_soon(until_landed, flight, 30.0)
            await anyio.wait_all_tasks_blocked()
            waiters.cancel_scope.cancel()
        assert repr(flight) == "<Flight 0 waiting>"
        flight.land()

    anyio.run(story, backend=backend)


def test_a_flight_may_land_after_the_loop_of_its_waiters_has_ended() -> None:
    flight = Flight()
    loop = asyncio.new_event_loop()

    async def join() -> asyncio.Task[None]:
        task = asyncio.ensure_future(until_landed(flight, 30.0))
        await asyncio.sleep(0)
        return task

    task = loop.run_until_complete(join())
    loop.close()
    flight.land()
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    assert not task.done()


def test_a_loop_is_known_for_asyncios_only_where_one_of_its_tasks_runs() -> None:
    assert asyncio_loop() is None

    async def on_asyncio() -> None:
        assert asyncio_loop() is asyncio.get_running_loop() is this_loop()

    async def on_trio() -> None:
        assert asyncio_loop() is None
        assert this_loop() is not None

    anyio.run(on_asyncio, backend="asyncio")
    anyio.run(on_trio, backend="trio")
