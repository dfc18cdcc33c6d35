"""Full calls on tasks: what one costs, alone and among others, and what many of them get done."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from itertools import count
from typing import TYPE_CHECKING, Final

from benchmarks.measuring import Result, Stopwatch, rounds_of
from benchmarks.rivals import TASKS, installed

if TYPE_CHECKING:
    from benchmarks.measuring import Extent, Sample
    from benchmarks.rivals import GetAsync

__all__ = ["BUSY", "MOST_POSSIBLE", "calls", "throughput"]

BUSY: Final = "200 callers, 100 ms"
_CALLERS: Final = (1, 16, 64, 256)
_BUSY_CALLERS: Final = 200
_DELAY: Final = "after-100ms"
_BUSY_FOR: Final = 3.0
#: Calls a second that so many callers can make, each of which waits so long.
MOST_POSSIBLE: Final = _BUSY_CALLERS / 0.1


def calls(base: str, extent: Extent) -> list[Result]:
    """What a full call costs with so many callers at a time, each asking for another item."""
    return asyncio.run(_calls(base, extent))


def throughput(base: str, extent: Extent) -> list[Result]:
    """What 200 callers get done against a service that takes 100 ms."""
    return asyncio.run(_throughput(f"{base}/{_DELAY}", extent))


async def _calls(base: str, extent: Extent) -> list[Result]:
    results: list[Result] = []
    async with AsyncExitStack() as stack:
        contestants, missing = await _contestants(stack, base)
        for callers in _CALLERS:
            case = f"{callers} {'caller' if callers == 1 else 'callers'}"
            found = {who: Result("tasks", case, who) for who in contestants}
            blocks = {
                who: await _calls_in_a_block(get, callers, extent)
                for who, get in contestants.items()
            }
            for who in rounds_of(list(contestants), extent):
                found[who].samples.append(await _block(contestants[who], callers, blocks[who]))
            results += [*found.values(), *(_missing("tasks", case, who) for who in missing)]
    return results


async def _throughput(base: str, extent: Extent) -> list[Result]:
    suite = "throughput"
    async with AsyncExitStack() as stack:
        contestants, missing = await _contestants(stack, base)
        found = {who: Result(suite, BUSY, who) for who in contestants}
        seconds = 0.5 if extent.is_quick else _BUSY_FOR
        for who in rounds_of(list(contestants), extent):
            # Opens the connections; those of the round before were idle for too long meanwhile.
            await _busy(contestants[who], 0.3)
            found[who].samples.append(await _busy(contestants[who], seconds))
    return [*found.values(), *(_missing(suite, BUSY, who) for who in missing)]


async def _contestants(stack: AsyncExitStack, base: str) -> tuple[dict[str, GetAsync], list[str]]:
    made = {
        who: await stack.enter_async_context(make(base))
        for who, make in TASKS.items()
        if installed(who)
    }
    return made, [who for who in TASKS if who not in made]


def _missing(suite: str, case: str, who: str) -> Result:
    return Result(suite, case, who, reason="not installed")


_items = count()


async def _block(get: GetAsync, callers: int, times: int) -> Sample:
    left = iter(range(times))

    async def caller() -> None:
        for _ in left:
            await get(str(next(_items)))

    with Stopwatch() as watch:
        await asyncio.gather(*(caller() for _ in range(callers)))
    return watch.per(times)


async def _calls_in_a_block(get: GetAsync, callers: int, extent: Extent) -> int:
    """How many calls take about as long as a block shall; connections are open after this."""
    await _block(get, callers, callers)
    # Several for each caller: a crowd shows what it costs only while it lasts.
    trial = max(min(4 * callers, 512), 50)
    took = (await _block(get, callers, trial))["wall"]
    return max(int(extent.block_for / took), trial)


async def _busy(get: GetAsync, seconds: float) -> Sample:
    took: list[float] = []
    ends_at = time.perf_counter() + seconds
    in_time = 0

    async def caller() -> None:
        nonlocal in_time
        while (began_at := time.perf_counter()) < ends_at:
            await get(str(next(_items)))
            now = time.perf_counter()
            took.append(now - began_at)
            in_time += now <= ends_at

    with Stopwatch() as watch:
        await asyncio.gather(*(caller() for _ in range(_BUSY_CALLERS)))
    took.sort()
    return {
        # What comes later comes while others have stopped asking, so it is no part of the rate.
        "rate": in_time / seconds,
        "p50": took[len(took) // 2],
        "p99": took[int(len(took) * 0.99)],
        "cpu": watch.cpu / len(took),
    }
