"""Wherever an answer comes from, it knows the query of the call that it answers."""

from __future__ import annotations

import anyio
import httpx
import pytest

from irclient import Fallback, Pair, ServiceEndpoint, queries
from irclient.settings import Caching, Retries
from irclient.testing import ScriptedService
from tests.weather import listed
from tests.worlds import ASYNC, in_each_world, options

HOME = Pair(ServiceEndpoint("a", "web", tps=10_000), ServiceEndpoint("b", "web", tps=10_000))
ASKED = queries.Similar("7", count=3, modeling="adw")
ONCE = Retries(max_attempts=1)


def asked_of(answer) -> tuple[str, object]:
    return answer.served.source, answer.query


@in_each_world
def test_from_the_service_from_memory_and_stale(world) -> None:
    async def story() -> None:
        service = ScriptedService()
        caching = Caching(fresh_for=0.05, stale_while_refresh_for=0.0)
        settings = options(caching=caching, retries=ONCE)
        async with world.client(HOME, transport=service, settings=settings) as ir:
            assert asked_of(await world.ask(ir.fetch(ASKED))) == ("service", ASKED)
            assert asked_of(await world.ask(ir.fetch(ASKED))) == ("cache", ASKED)
            by_method = await world.ask(ir.similar("7", count=3, modeling="adw"))
            assert asked_of(by_method) == ("cache", ASKED)
            service.on().respond(503)
            await world.pause(0.06)
            assert asked_of(await world.ask(ir.fetch(ASKED))) == ("stale", ASKED)

    world.play(story)


@in_each_world
def test_from_the_fallback(world) -> None:
    async def story() -> None:
        service = ScriptedService()
        service.on(operation="similar").respond(503)
        fallback = Fallback(queries=[queries.Popular()], items=["1"])
        settings = options(caching=Caching(), retries=ONCE)
        async with world.client(
            HOME, transport=service, settings=settings, fallback=fallback
        ) as ir:
            for _ in range(2):  # The service's popular list, then the one in memory.
                assert asked_of(await world.ask(ir.fetch(ASKED))) == ("fallback", ASKED)
            only_items = ir.with_options(fallback=Fallback(queries=(), items=["1"]))
            assert asked_of(await world.ask(only_items.fetch(ASKED))) == ("fallback", ASKED)

    world.play(story)


@in_each_world
def test_pages_selectors_and_personal_lists_know_it_too(world) -> None:
    async def story() -> None:
        selectors = queries.ItemSelectors("7")

        def serve(request: httpx.Request) -> httpx.Response:
            is_selectors = "/selectors/" in request.url.path
            content = b'{"value":[{"keyName":"color"}]}' if is_selectors else listed("1", "2")
            return httpx.Response(200, content=content)

        async with world.client(HOME, transport=world.transport(serve)) as ir:
            assert (await world.ask(ir.fetch(selectors))).query == selectors
            ranked = await world.ask(ir.personalize("ann", ["1", "2"]))
            assert ranked.query == queries.Personalize("ann", ["1", "2"])
            pages = await world.everything(ir.pages(queries.Popular(count=4), page_size=2))
            assert [page.query for page in pages] == [
                queries.Popular(count=2, skip=0),
                queries.Popular(count=2, skip=2),
            ]

    world.play(story)


@pytest.mark.parametrize("world", ASYNC)
def test_whoever_joined_an_equal_call(world) -> None:
    async def story() -> None:
        service = ScriptedService()
        service.on().answer(after=0.05)
        settings = options(caching=Caching())
        answers = []
        # Equal on the wire, and yet each its own.
        asked = [queries.Similar("7", count=3), queries.Similar("7", params={"count": "3"})]
        async with world.client(HOME, transport=service, settings=settings) as ir:

            async def ask(query) -> None:
                answers.append(await ir.fetch(query))

            async with anyio.create_task_group() as tasks:
                for query in asked:
                    tasks.start_soon(ask, query)
            assert ir.stats().joined == 1
        assert len(service.requests) == 1
        assert {answer.query for answer in answers} == set(asked)

    world.play(story)
