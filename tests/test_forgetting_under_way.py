"""Forgetting reaches what is under way: its caller is answered, and nothing of it is kept."""

from __future__ import annotations

import threading
import time

import anyio
import pytest

from irclient import Pair, ServiceEndpoint, queries
from irclient.settings import Caching
from irclient.testing import ScriptedService
from tests.worlds import in_each_world, options

HOME = Pair(ServiceEndpoint("a", "web", tps=10_000), ServiceEndpoint("b", "web", tps=10_000))
ASKED = queries.Picks("ann", params={"userId": "ann"})


@in_each_world
@pytest.mark.parametrize(
    "forget",
    [
        lambda cache: cache.forget_user("ann"),
        lambda cache: cache.forget_item("1"),
        lambda cache: cache.clear(),
    ],
    ids=["a user", "an item", "everything"],
)
def test_an_answer_that_was_under_way_is_not_kept(world, forget) -> None:
    async def story() -> None:
        service = ScriptedService()
        service.on().answer(["1"], after=0.2, times=1)
        settings = options(caching=Caching())
        async with world.client(HOME, transport=service, settings=settings) as ir:
            answered = await beside(world, lambda: ir.fetch(ASKED), lambda: forget(ir.cache))
            assert answered.ids == ["1"]
            assert ir.stats().cached == 0
            # What is asked for afterwards is asked anew, and kept.
            for source in ("service", "cache"):
                assert (await world.ask(ir.fetch(ASKED))).served.source == source

    world.play(story)


@in_each_world
def test_whoever_asks_after_a_forgetting_asks_anew(world) -> None:
    async def story() -> None:
        service = ScriptedService()
        service.on().answer(["1"], after=0.3, times=1).answer(["2"])
        settings = options(caching=Caching())
        later = []
        async with world.client(HOME, transport=service, settings=settings) as ir:

            def forget_and_ask() -> object:
                ir.cache.forget_item("1")
                return ir.fetch(queries.Popular())

            async def then() -> None:
                later.append(await world.ask(forget_and_ask()))

            first = await beside(world, lambda: ir.fetch(queries.Popular()), then)
            assert (first.ids, later[0].ids) == (["1"], ["2"])
            assert len(service.requests) == 2

    world.play(story)


async def beside(world, ask, then):
    """What a call comes to, during which something else is done."""
    answers: list[object] = []
    if world.is_sync:
        thread = threading.Thread(target=lambda: answers.append(ask()))
        thread.start()
        time.sleep(0.1)  # noqa: ASYNC251  (in the world of threads nothing else runs)
        await done(then())
        thread.join()
        return answers[0]

    async def call() -> None:
        answers.append(await ask())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        await anyio.sleep(0.1)
        await done(then())
    return answers[0]


async def done(work: object) -> None:
    if hasattr(work, "__await__"):
        await work
