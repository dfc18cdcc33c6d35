"""Answers that need no request of their own: from memory, and from an equal call under way."""

from __future__ import annotations

import asyncio
import json
import random
import tracemalloc
from functools import partial
from itertools import count, cycle
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.request import urlopen

from cachetools import TTLCache, cached

from benchmarks.measuring import Result, Stopwatch, gather, rounds_of, timed
from benchmarks.rivals import OURS, TASKS, THREADS, Token, home
from benchmarks.server import BODY
from irclient import AsyncIRClient, Caching, IRClient, Settings
from irclient._wire.responses import Response
from irclient.queries import Similar
from irclient.stores import MemoryStore
from irclient.transports.own import OwnTransport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.measuring import Extent, Sample
    from irclient._core.entry import Entry
    from irclient._core.protocol import Send
    from irclient.results import Answer

__all__ = ["BY_HAND", "SIZES", "cached_answers", "growth", "single_flight"]

BY_HAND: Final = "cachetools"
SIZES: Final = (100, 1_000, 10_000, 100_000, 1_000_000)
_WAITERS: Final = 1_000
_ITEMS_LOOKED_UP: Final = 2_000


def cached_answers(base: str, extent: Extent) -> list[Result]:
    """What an answer from memory costs, beside a lookup as one writes it by hand."""
    results: list[Result] = []
    look_up = _by_hand(10_000)
    filters = {"Category": "Clothing"}
    with (
        IRClient(home(base), credential=Token()) as client,
        IRClient(home(base), credential=Token(), observers=[lambda _: None]) as observed,
    ):
        query, ask = Similar("64702", count=10), client.similar
        cases: dict[str, Callable[[], object]] = {
            "cached, sync": lambda: ask("64702", count=10),
            "cached, sync, a query of one's own": lambda: client.fetch(query),
            "cached, sync, with filters": lambda: ask("64702", count=10, filters=filters),
            "cached, sync, observed": lambda: observed.similar("64702", count=10),
        }
        for case, look_up_ours in cases.items():
            contestants = {
                OURS: timed(look_up_ours, extent),
                BY_HAND: timed(lambda: look_up("64702"), extent),
            }
            results += gather("memory", case, contestants, extent)
    return results + asyncio.run(_cached_async(base, extent))


def _by_hand(most: int) -> Callable[[str], Any]:
    @cached(TTLCache(most, 86_400), lock=Lock())
    def look_up(_: str) -> Any:
        return json.loads(BODY)

    return look_up


async def _cached_async(base: str, extent: Extent) -> list[Result]:
    look_up = _by_hand(10_000)

    async def by_hand() -> object:
        return look_up("64702")

    async with AsyncIRClient(home(base), credential=Token()) as client:
        gets = {OURS: lambda: client.similar("64702", count=10), BY_HAND: by_hand}
        times = {who: await _times(get, extent) for who, get in gets.items()}
        found = {who: Result("memory", "cached, async", who) for who in gets}
        for who in rounds_of(list(gets), extent):
            found[who].samples.append(await _repeat(gets[who], times[who]))
    return list(found.values())


async def _times(get: Callable[[], Awaitable[object]], extent: Extent) -> int:
    await get()
    return int(extent.block_for / (await _repeat(get, 500))["wall"])


async def _repeat(get: Callable[[], Awaitable[object]], times: int) -> Sample:
    with Stopwatch() as watch:
        for _ in range(times):
            await get()
    return watch.per(times)


def growth(base: str, extent: Extent) -> list[Result]:
    """What a cached answer costs as the memory grows, and what an entry weighs."""
    sizes = SIZES[:3] if extent.is_quick else SIZES
    contestants: dict[tuple[int, str], Callable[[], Sample]] = {}
    for size in sizes:
        ids = [str(number) for number in range(size)]
        looked_up = random.Random(size).sample(ids, min(size, _ITEMS_LOOKED_UP))
        client, look_up = _filled(base, ids), _by_hand(size)
        for each in ids:
            look_up(each)
        contestants[size, OURS] = _looks_up(partial(client.similar, count=10), looked_up, extent)
        contestants[size, BY_HAND] = _looks_up(look_up, looked_up, extent)
    found = {(size, who): Result("growth", f"{size:,} entries", who) for size, who in contestants}
    names = {f"{size} {who}": (size, who) for size, who in contestants}
    for name in rounds_of(list(names), extent):
        found[names[name]].samples.append(contestants[names[name]]())
    return [*found.values(), *_weights(base)]


def _looks_up(
    look_up: Callable[[str], object], ids: list[str], extent: Extent
) -> Callable[[], Sample]:
    following = cycle(ids).__next__
    return timed(lambda: look_up(following()), extent)


class _AtOnce(OwnTransport):
    """A service in this process, so that a memory is filled in the time that calls take."""

    def exchange(self, send: Send, look_up: Callable[[], float] | None = None) -> Response:  # noqa: ARG002
        """The answer, which is always the same."""
        return Response(200, {}, BODY, 0.0)


class _OneAnswer(MemoryStore):
    """A million answers of their own would be seven gigabytes: here all entries share the first."""

    _first: Answer | None = None

    def set(self, key: str, entry: Entry, /) -> None:
        """Keep an entry."""
        self._first = self._first or entry.answer
        super().set(key, entry._replace(answer=self._first))


def _filled(base: str, ids: list[str]) -> IRClient:
    """A client that was asked for each of them, so that it knows the queries as well."""
    client = IRClient(
        home(base, tps=1e6),
        credential=Token(),
        settings=Settings(caching=Caching(fresh_for=86_400, max_entries=len(ids))),
        store=_OneAnswer(max_entries=len(ids)),
        transport=_AtOnce(),
    )
    for each in ids:
        client.similar(each, count=10)
    return client


def _weights(base: str) -> list[Result]:
    """Bytes for each entry of ten items, keys and bookkeeping included."""
    numbers = count()
    weighed: dict[str, float] = {}
    with THREADS[OURS](base) as get:
        look_up = _by_hand(10_000)
        for who, fill in {OURS: get, BY_HAND: look_up}.items():
            for _ in range(100):
                fill(str(next(numbers)))
            tracemalloc.start()
            for _ in range(1_000):
                fill(str(next(numbers)))
            weighed[who] = tracemalloc.get_traced_memory()[0] / 1_000
            tracemalloc.stop()
    return [
        Result("weight", "an entry of ten items", who, [{"bytes": weight}])
        for who, weight in weighed.items()
    ]


def single_flight(base: str, extent: Extent) -> list[Result]:
    """What it costs when a thousand tasks ask the same at the same time."""
    return asyncio.run(_single_flight(f"{base}/noted", extent))


async def _single_flight(base: str, extent: Extent) -> list[Result]:
    items = count()
    case = f"{_WAITERS:,} equal calls at once"
    async with TASKS[OURS](base) as ours, TASKS["httpx"](base) as httpx:
        contestants = {OURS: ours, "httpx, joined by hand": _joined(httpx)}
        found = {who: Result("single flight", case, who) for who in contestants}
        for who in rounds_of(list(contestants), extent):
            get, item = contestants[who], str(next(items))
            _arrivals(base)
            with Stopwatch() as watch:
                await asyncio.gather(*(get(item) for _ in range(_WAITERS)))
            found[who].samples.append(watch.per(_WAITERS) | {"requests": _arrivals(base)})
    return list(found.values())


def _joined(get: Callable[[str], Awaitable[object]]) -> Callable[[str], Awaitable[object]]:
    """Single flight as one writes it by hand: a task for each item, and everybody awaits it."""
    under_way: dict[str, asyncio.Future[object]] = {}

    async def joined(item: str) -> object:
        task = under_way.get(item)
        if task is None:
            task = under_way[item] = asyncio.ensure_future(get(item))
            task.add_done_callback(lambda _: under_way.pop(item))
        return await asyncio.shield(task)

    return joined


def _arrivals(base: str) -> int:
    with urlopen(base.removesuffix("/noted") + "/arrivals", timeout=10) as answer:
        return len(json.load(answer))
