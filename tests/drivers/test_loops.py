"""Event loops: tasks on their own, and waking them from elsewhere."""

from __future__ import annotations

import threading

import anyio
import pytest

from irclient._drivers.loops import detach, this_loop, waker

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
