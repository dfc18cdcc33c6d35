"""Everything has an end: threads, connections, the size of an answer, a lock that is held."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import anyio
import httpx

from benchmarks.promise.accounts import accounts, after
from benchmarks.promise.confined import confined
from benchmarks.promise.figures import Figure, at_most, exactly
from benchmarks.promise.service import Behaviour
from benchmarks.promise.stage import THREADS, another, failed, late, on_stage
from irclient import Settings, Timeouts

if TYPE_CHECKING:
    from benchmarks.promise.stage import Stage

__all__ = [
    "hostile_body",
    "names_without_an_answer",
    "own_pool",
    "process_limit",
    "signals",
    "small_pool",
]

_PATIENT: Final = Timeouts(deadline=10, attempt=5, connect=5)


def process_limit(world: str) -> list[Figure]:
    """Sixty threads in all, 300 stale answers at hand, and a service that hangs."""
    with accounts() as service:
        found = confined("process limit", world, service)
    where = "60 threads in all, 300 stale answers"
    note = "hung" if found.get("hung") else ", ".join(found["errors"])
    closed = not found.get("hung") and found["ended"] and not found["raised"]
    return [
        exactly(f"{where}: answered", world, found.get("answered", 0), 300, note=note),
        Figure(
            what=f"{where}: close()",
            world=world,
            measured="returned" if closed else found.get("raised") or "hung",
            bar="returns",
            is_met=bool(closed),
        ),
    ]


def signals(world: str, *, number: int = 10_000) -> list[Figure]:
    """A handler of SIGUSR1 that calls `health()` and `stats()`, under load."""
    with accounts() as service:
        found = confined("signals", world, service, str(number))
    handled = "hung" if found.get("hung") else f"{found['handled']:,} handled"
    what = f"{number:,} signals under load, each handler asks for health() and stats()"
    is_met = found.get("handled", 0) >= number
    return [Figure(what=what, world=world, measured=handled, bar="no hang", is_met=is_met)]


def names_without_an_answer(world: str, *, overrun: float = 0.05) -> list[Figure]:
    """A name server that is silent: look-ups are shared and bounded."""
    with accounts() as service:
        found = confined("resolver", world, service)
    where = "60 calls/s for 4 s, names are looked up for 15 s"
    return [
        at_most(f"{where}: threads left", world, found.get("threads", 10_000), 32),
        at_most(f"{where}: slowest call", world, found.get("slowest", 1e9), 3 + overrun, "s"),
    ]


def small_pool(
    world: str, *, connections: int = 4, seconds: float = 2, overrun: float = 0.05
) -> list[Figure]:
    """A transport of the user with fewer connections than callers."""
    limits = httpx.Limits(max_connections=connections)
    kind = httpx.HTTPTransport if world == THREADS else httpx.AsyncHTTPTransport
    settings = Settings(timeouts=_PATIENT)
    with accounts() as service:
        for name in "ab":
            service.behave(name, after(seconds))
        transport: Any = kind(limits=limits, trust_env=False)
        with on_stage(world, service.pair(), settings=settings, transport=transport) as stage:
            late_by = _hurried_while_others_wait(stage, connections)
            _close(stage, transport)
        for name in "ab":
            service.behave(name, after(0.2))
        transport = kind(limits=limits, trust_env=False)
        with on_stage(world, service.pair(), transport=transport) as stage:
            ends = stage.for_seconds(6 * connections, seconds)
            ejected = [each.endpoint for each in stage.ir.health() if each.state != "working"]
            _close(stage, transport)
    where = f"{connections} connections"
    return [
        at_most(
            f"{where}, all in use: deadline of 0.5 s overrun by",
            world,
            late_by,
            1000 * overrun,
            "ms",
        ),
        exactly(f"{where}, {6 * connections} callers: ejected", world, len(ejected), 0),
        at_most(
            f"{where}, {6 * connections} callers: slowest", world, late(ends, 1), 3 + overrun, "s"
        ),
    ]


def own_pool(world: str, *, callers: int = 300, overrun: float = 0.05) -> list[Figure]:
    """More callers than the client's own transport has connections, and one in a hurry."""
    settings = Settings(timeouts=_PATIENT)
    with (
        accounts() as service,
        on_stage(world, service.pair(), settings=settings) as stage,
    ):
        for name in "ab":
            service.behave(name, after(2))
        late_by = _hurried_while_others_wait(stage, callers)
        ejected = [each.endpoint for each in stage.ir.health() if each.state != "working"]
    where = f"{callers} callers wait for 2 s"
    return [
        at_most(f"{where}: deadline of 0.5 s overrun by", world, late_by, 1000 * overrun, "ms"),
        exactly(f"{where}: ejected", world, len(ejected), 0),
    ]


def _close(stage: Stage, transport: Any) -> None:
    # What is passed in is never closed by the client.
    stage.do(lambda _: transport.close() if stage.world == THREADS else transport.aclose())


def _hurried_while_others_wait(stage: Stage, patient: int) -> float:
    """So many patient callers, and a little later one with a deadline; milliseconds over it."""
    begins_at = time.monotonic() + 0.3 + patient / 400

    def hurried(ir: Any) -> Any:
        return another(ir.with_options(deadline=0.5))

    if stage.world == THREADS:
        ends = stage.at_once(patient + 1, partial(_patient_or_not, [0], hurried, begins_at))
    else:
        ends = stage.at_once(patient + 1, partial(_patient_or_not_async, [0], hurried, begins_at))
    [overrun] = [each.answer for each in ends if isinstance(each.answer, float)]
    return overrun


def _patient_or_not(turn: list[int], hurried: Any, begins_at: float, ir: Any) -> Any:
    turn[0] += 1
    if turn[0] > 1:
        return another(ir)
    time.sleep(max(begins_at - time.monotonic(), 0.0))
    began_at = time.monotonic()
    with suppress(Exception):  # How long it took is the figure.
        hurried(ir)
    return 1000 * (time.monotonic() - began_at - 0.5)


async def _patient_or_not_async(turn: list[int], hurried: Any, begins_at: float, ir: Any) -> Any:
    turn[0] += 1
    if turn[0] > 1:
        return await another(ir)
    await anyio.sleep(max(begins_at - time.monotonic(), 0.0))
    began_at = time.monotonic()
    with suppress(Exception):  # How long it took is the figure.
        await hurried(ir)
    return 1000 * (time.monotonic() - began_at - 0.5)


def hostile_body(world: str) -> list[Figure]:
    """A body of 4 MiB whose rows are all wrong; a deadline of a second."""
    settings = Settings(timeouts=Timeouts(deadline=1.0))
    gap = [0.0]

    async def metered(ir: Any) -> Any:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_watch_the_loop, gap)
            await anyio.sleep(0.05)
            try:
                return await another(ir)
            finally:
                # The last gap is only known when the loop has come round once more.
                await anyio.sleep(0.01)
                tasks.cancel_scope.cancel()

    with accounts() as service:
        for name in "ab":
            service.behave(name, Behaviour(body="hostile"))
        with on_stage(world, service.pair(), settings=settings) as stage:
            end = stage.call(another if world == THREADS else metered)
    where = "hostile body of 4 MiB, deadline 1 s"
    elapsed = end.elapsed - (0.0 if world == THREADS else 0.06)
    note = type(end.error).__name__ if failed([end]) else "answered"
    figures = [at_most(f"{where}: the call ends after", world, elapsed, 1.1, "s", note=note)]
    if world != THREADS:
        figures.append(at_most(f"{where}: loop blocked", world, 1000 * gap[0], 100, "ms"))
    return figures


async def _watch_the_loop(gap: list[float]) -> None:
    before = time.monotonic()
    while True:
        await anyio.sleep(0.002)
        now = time.monotonic()
        gap[0] = max(gap[0], now - before - 0.002)
        before = now
