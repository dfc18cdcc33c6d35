"""Pacing: whether a client that is asked for more than its TPS sends just that, and to whom."""

from __future__ import annotations

import asyncio
import json
import math
import time
from bisect import bisect_left
from itertools import count
from typing import TYPE_CHECKING, Final
from urllib.request import urlopen

from benchmarks.measuring import Result
from benchmarks.rivals import OURS, Token
from irclient import AsyncIRClient, Caching, ServiceEndpoint, Settings, Throttling, Timeouts
from irclient._core.allowance import Allowance

if TYPE_CHECKING:
    from benchmarks.measuring import Extent, Sample

__all__ = ["ALONE", "RATES", "pacing"]

ALONE: Final = "the allowance alone"
RATES: Final = (10, 100, 1_000, 10_000)
_SECONDS: Final = 3


def pacing(base: str, extent: Extent) -> list[Result]:
    """How much of the TPS is used, how much the busiest second holds, how fair the turns are."""
    results: list[Result] = []
    for tps in RATES[: 2 if extent.is_quick else None]:
        case = f"{tps:,} TPS"
        results.append(Result("pacing", case, OURS, [asyncio.run(_calls(base, tps))]))
        results.append(Result("pacing", case, ALONE, [asyncio.run(_slots(tps))]))
    return results


async def _calls(base: str, tps: int) -> Sample:
    """Calls over loopback, judged by when they arrive at the server."""
    settings = Settings(
        timeouts=Timeouts(deadline=60, attempt=60, connect=60),
        throttling=Throttling(max_wait=30),
        caching=Caching(enabled=False),
    )
    endpoint = ServiceEndpoint("contoso-a", "web", tps=tps, url=f"{base}/noted")
    callers = _callers(tps)
    calls, items = [0] * callers, count()
    async with AsyncIRClient(endpoint, credential=Token(), settings=settings) as client:

        async def caller(number: int) -> None:
            while time.monotonic() < ends_at:
                await client.similar(str(next(items)), count=10)
                calls[number] += 1

        _arrivals(base)
        ends_at = time.monotonic() + _SECONDS
        await asyncio.gather(*map(caller, range(callers)))
    return _judged(_arrivals(base), tps, calls)


async def _slots(tps: int) -> Sample:
    """Slots taken in real time, without anything sent."""
    allowance = Allowance(tps, adaptive=True)
    callers = _callers(tps)
    calls, starts = [0] * callers, list[float]()

    async def caller(number: int) -> None:
        while (now := time.monotonic()) < ends_at:
            slot = allowance.reserve(now, not_after=math.inf)
            assert slot is not None
            await asyncio.sleep(max(slot.starts_at - now, 0.0))
            now = time.monotonic()
            if allowance.start(slot, now):
                starts.append(now)
                calls[number] += 1
            allowance.give_back(slot, now)

    ends_at = time.monotonic() + _SECONDS
    await asyncio.gather(*map(caller, range(callers)))
    return _judged(sorted(starts), tps, calls)


def _callers(tps: int) -> int:
    return min(max(tps // 5, 5), 500)


def _judged(starts: list[float], tps: int, calls: list[int]) -> Sample:
    used = bisect_left(starts, starts[0] + _SECONDS)
    busiest = max(bisect_left(starts, each + 1.0) - at for at, each in enumerate(starts))
    fairness = sum(calls) ** 2 / (len(calls) * sum(each * each for each in calls))
    return {
        "used": used / (tps * _SECONDS),
        "busiest second": busiest / tps,
        "fairness": fairness,
    }


def _arrivals(base: str) -> list[float]:
    with urlopen(f"{base}/arrivals", timeout=10) as answer:
        arrivals: list[float] = json.load(answer)
    return arrivals
