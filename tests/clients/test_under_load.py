"""Both clients under load: forks, threads, loops and thousands of cancelled calls."""

from __future__ import annotations

import gc
import multiprocessing
import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from irclient import Pair
from irclient._runtime.forks import fork_safe_lock
from tests import weather as bad
from tests.runtime.test_forks import held_elsewhere
from tests.weather import weather
from tests.worlds import ASYNC, SYNC, WORLDS, options

if TYPE_CHECKING:
    from tests.worlds import World

FORKS = 20


def descriptors() -> int:
    gc.collect()
    return len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))


def in_a_child(work) -> int:
    """Run work in a fork of this process; the exit code is 0 if it returned."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return pid


def exit_code(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_forked_children_and_their_parent_get_each_their_own_answers(world: World) -> None:
    with weather() as server:
        ir = world.make(server.endpoint("a"))
        calls = 50 if world.is_sync else 20

        def ask_some(name: str) -> None:
            async def story() -> None:
                for n in range(calls):
                    answer = await world.ask(ir.similar(f"{name}-{n}"))
                    assert answer.ids == [f"{name}-{n}"] == [answer.title]

            world.play(story)

        ask_some("parent")
        children = [in_a_child(lambda n=n: ask_some(f"child{n}")) for n in range(FORKS)]
        ask_some("parent")
        assert [exit_code(pid) for pid in children] == [0] * FORKS
        ask_some("parent")
        world.play(lambda: world.close(ir))
    assert len(server.seen) == (FORKS + 3) * calls


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_locks_that_are_held_while_the_process_forks_are_free_in_the_child() -> None:
    with weather() as server, SYNC.make(server.endpoint("a")) as ir:
        ir.popular()
        lock = fork_safe_lock()
        ours = [lock, *(h._lock for h in ir._state.routes.health.values())]
        with held_elsewhere(*ours):
            pid = in_a_child(lambda: (ir.similar("1"), lock.acquire(timeout=1) or 1 / 0))
        assert exit_code(pid) == 0
        assert ir.similar("2").ids == ["2"]


def test_sixteen_threads_share_one_client_and_its_connections() -> None:
    with weather() as server, SYNC.make(server.endpoint("a")) as ir:

        def ask(n: int) -> bool:
            return ir.similar(f"item{n}").ids == [f"item{n}"]

        with ThreadPoolExecutor(16) as pool:
            assert all(pool.map(ask, range(800)))
        assert server.connections <= 16
        assert len(server.seen) == 800


def test_one_client_serves_two_loops_in_two_threads_at_once() -> None:
    with weather() as server:
        ir = ASYNC[0].make(Pair(server.endpoint("a"), bad_twin(server)))
        outcomes: list[bool] = []

        def run(world: World) -> None:
            async def one(name: str) -> None:
                outcomes.append((await ir.similar(name)).ids == [name])

            async def story() -> None:
                for n in range(10):
                    async with anyio.create_task_group() as tasks:
                        for m in range(10):
                            tasks.start_soon(one, f"{world.name}-{n}-{m}")

            world.play(story)

        threads = [threading.Thread(target=run, args=(world,)) for world in ASYNC]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert outcomes == [True] * 200
        ASYNC[0].play(ir.aclose)


def bad_twin(server):
    """Another name for the same server: a pair must name two."""
    again = server.endpoint("b")
    return type(again)("b", "web", tps=again.tps, url=again.url.replace("127.0.0.1", "localhost"))


@pytest.mark.parametrize("world", ASYNC, ids=lambda world: world.name)
def test_a_client_made_before_a_loop_outlives_several(world: World) -> None:
    with weather() as server:
        ir = world.make(server.endpoint("a"))
        before = descriptors()
        for n in range(5):

            async def story(n: int = n) -> None:
                answer = await ir.similar(f"loop{n}")
                assert answer.ids == [f"loop{n}"]

            world.play(story)
        assert descriptors() <= before + 2
        world.play(ir.aclose)


# On a busy machine some of those who go away waited long enough to tell against the endpoint.
@pytest.mark.timing
@pytest.mark.parametrize("world", ASYNC, ids=lambda world: world.name)
def test_after_thousands_of_cancelled_calls_every_call_works(world: World) -> None:
    draw = random.Random(7)

    async def story() -> None:
        settings = options()
        async with world.client(server.endpoint("a"), settings=settings) as ir:

            async def cancelled(name: str) -> None:
                with anyio.move_on_after(draw.uniform(0, 0.02)):
                    await ir.similar(name)

            async def asks(name: str) -> None:
                assert (await ir.similar(name)).ids == [name]

            await ir.popular()
            # Few at a time: the loop sends one after the other, and while it does it hears nobody.
            # With fifty, a slow machine takes ten times as long as the callers wait.
            for n in range(400):
                async with anyio.create_task_group() as tasks:
                    for m in range(5):
                        tasks.start_soon(cancelled, f"cancelled{n}-{m}")
            for n in range(10):
                async with anyio.create_task_group() as tasks:
                    for m in range(50):
                        tasks.start_soon(asks, f"{n}-{m}")
            assert ir.health()["a"].state == "working"

    with weather(bad.after(0.005)) as server:
        before = descriptors()
        world.play(story)
        server.close()
        assert descriptors() <= before


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_client_made_before_multiprocessing_forks_works_in_each_worker() -> None:
    with weather() as server, SYNC.make(server.endpoint("a")) as ir:
        global _shared  # noqa: PLW0603  (how a preloading server hands it down)
        _shared = ir
        ir.popular()
        with multiprocessing.get_context("fork").Pool(4) as pool:
            names = [f"item{n}" for n in range(100)]
            assert pool.map(_ask_shared, names) == names


_shared = None


def _ask_shared(name: str) -> str:
    return _shared.similar(name).ids[0]
