"""Both clients: pages, items, and many queries at once."""

from __future__ import annotations

import gc
from dataclasses import dataclass

import anyio
import httpx
import pytest

from irclient import Pair, ServiceEndpoint, errors, queries
from tests import weather as bad
from tests.weather import listed, weather
from tests.worlds import ASYNC, in_each_world

A = ServiceEndpoint("a", "web", tps=10_000)
B = ServiceEndpoint("b", "web", tps=10_000)


def last_segment(request: httpx.Request) -> str:
    return request.url.path.rpartition("/")[2]


def echo(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=listed(last_segment(request)))


@dataclass
class Shelf:
    """A list of so many items, served page by page."""

    size: int
    version: str | None = "1"
    total: bool = True
    asked: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        skip = int(request.url.params.get("skipItems", 0))
        count = int(request.url.params.get("count", 25))
        ids = [str(n) for n in range(self.size)][skip : skip + count]
        more = {"pagingInfo": {"totalItems": self.size}} if self.total else {}
        return httpx.Response(200, content=listed(*ids, interactionsVersion=self.version, **more))


@in_each_world
@pytest.mark.parametrize("total", [True, False])
def test_items_reads_a_whole_list_in_order(world, total) -> None:
    shelf = Shelf(23, total=total)

    async def story() -> None:
        async with world.client(A, transport=world.transport(shelf)) as ir:
            items = await world.everything(ir.items(queries.Popular(), page_size=10))
            assert [item.id for item in items] == [str(n) for n in range(23)]
            pages = await world.everything(ir.pages(queries.Popular(count=12), page_size=10))
            assert [len(page) for page in pages] == [10, 2]

    world.play(story)
    assert shelf.asked == 5


@in_each_world
def test_pages_stay_on_the_account_that_answered_the_first(world) -> None:
    shelf = Shelf(30)

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        if len(hosts) == 1:
            return httpx.Response(500)
        return shelf(request)

    hosts: list[str] = []

    async def story() -> None:
        async with world.client(Pair(A, B), transport=world.transport(answer)) as ir:
            pages = await world.everything(ir.pages(queries.Popular(), page_size=10))
            assert [page.served.account for page in pages] == ["b", "b", "b"]

    world.play(story)
    assert [host[0] for host in hosts] == ["a", "b", "b", "b"]


@in_each_world
def test_a_list_that_changes_while_it_is_read_is_reported(world) -> None:
    shelf = Shelf(30)

    async def story() -> None:
        async with world.client(A, transport=world.transport(shelf)) as ir:
            seen = []

            def take(item) -> None:
                seen.append(item.id)
                shelf.version = "2"

            with pytest.raises(errors.UnexpectedAnswer, match="changed while it was read"):
                await world.everything(ir.items(queries.Popular(), page_size=10), each=take)
            assert len(seen) == 10

    world.play(story)


@in_each_world
def test_leaving_pages_half_way_leaves_nothing_behind(world) -> None:
    shelf = Shelf(30)

    async def story() -> None:
        async with world.client(A, transport=world.transport(shelf)) as ir:
            items = ir.items(queries.Popular(), page_size=10)
            first = next(items) if world.is_sync else await anext(items)
            assert first.id == "0"
            await world.close(ir)
            rest = []
            with pytest.raises(errors.ClientClosed):
                await world.everything(items, each=rest.append)
            assert len(rest) == 9
            del items
            gc.collect()

    world.play(story)
    assert shelf.asked == 1


@in_each_world
def test_what_has_no_pages_is_refused_before_anything_is_sent(world) -> None:
    async def story() -> None:
        async with world.client(A, transport=world.transport(echo)) as ir:
            with pytest.raises(errors.QueryError, match="only lists have pages"):
                ir.pages(queries.Personalize("u", ("1",)))
            with pytest.raises(errors.QueryError, match="page_size"):
                ir.items(queries.Popular(), page_size=0)
            error = await world.error(ir.fetch, "popular")
            assert "expected a query" in str(error)
            error = await world.error(ir.fetch_many, [queries.Popular()], concurrency=0)
            assert "concurrency" in str(error)

    world.play(story)


@in_each_world
def test_fetch_many_keeps_the_order_and_tells_its_progress(world) -> None:
    told: list[tuple[int, int]] = []

    async def story() -> None:
        async with world.client(A, transport=world.transport(echo)) as ir:
            answers = await world.ask(
                ir.fetch_many(
                    (queries.Similar(str(n)) for n in range(40)),
                    concurrency=7,
                    progress=lambda done, of: told.append((done, of)),
                )
            )
            assert [answer.ids for answer in answers] == [[str(n)] for n in range(40)]
            assert await world.ask(ir.fetch_many([])) == []

    world.play(story)
    assert told == [(n, 40) for n in range(1, 41)]


def refuse_seven(request: httpx.Request) -> httpx.Response:
    return httpx.Response(404) if last_segment(request) == "7" else echo(request)


@in_each_world
def test_fetch_many_puts_errors_in_their_places(world) -> None:
    async def story() -> None:
        async with world.client(A, transport=world.transport(refuse_seven)) as ir:
            answers = await world.ask(
                ir.fetch_many([queries.Similar(str(n)) for n in range(12)], return_errors=True)
            )
        assert isinstance(answers[7], errors.QueryError)
        assert [a.ids[0] for a in answers if not isinstance(a, Exception)] == [
            str(n) for n in range(12) if n != 7
        ]

    world.play(story)


@in_each_world
def test_fetch_many_raises_the_first_error_alone_and_drops_the_rest(world) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(last_segment(request))
        return refuse_seven(request)

    async def story() -> None:
        async with world.client(A, transport=world.transport(answer)) as ir:
            many = [queries.Similar(str(n)) for n in range(500)]
            error = await world.error(ir.fetch_many, many, concurrency=2)
        assert type(error) is errors.QueryError
        assert error.status == 404

    world.play(story)
    assert len(asked) < 500


@in_each_world
def test_fetch_many_passes_on_what_a_progress_callable_raises(world) -> None:
    def stop(done: int, of: int) -> None:
        raise KeyError("enough")

    async def story() -> None:
        async with world.client(A, transport=world.transport(echo)) as ir:
            many = [queries.Similar(str(n)) for n in range(50)]
            with pytest.raises(KeyError, match="enough"):
                await world.ask(ir.fetch_many(many, progress=stop))

    world.play(story)


@pytest.mark.parametrize("world", ASYNC, ids=lambda world: world.name)
def test_fetch_many_can_be_cancelled(world) -> None:
    async def story() -> None:
        async with world.client(server.endpoint("a")) as ir:
            with anyio.move_on_after(0.1) as scope:
                await ir.fetch_many([queries.Similar(str(n)) for n in range(20)])
            assert scope.cancelled_caught
            server.now = bad.ok
            assert (await ir.similar("1")).ids == ["1"]

    with weather(bad.hang) as server:
        world.play(story)
