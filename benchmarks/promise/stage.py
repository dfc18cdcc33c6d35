"""A client on its stage: threads, asyncio or trio, used alike by a program that only blocks.

What a row of the promise does is written once: every method here blocks until what it says has
happened, and returns what the callers met. Tasks run on a loop in a thread of its own.
"""

from __future__ import annotations

import inspect
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import anyio
from anyio.from_thread import start_blocking_portal

from irclient import AsyncIRClient, IRClient, StaticToken
from irclient.queries import Similar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Sequence

    from anyio.from_thread import BlockingPortal

    Ask: TypeAlias = Callable[[Any], Any]

__all__ = ["TASKS", "THREADS", "WORLDS", "Ended", "Stage", "failed", "late", "on_stage"]

THREADS: Final = "threads"
TASKS: Final = ("asyncio", "trio")
WORLDS: Final = (THREADS, *TASKS)

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that came to its end.

    Attributes:
        began_at: By the monotonic clock.
        elapsed: Seconds.
        answer: What came, or None.
        error: What was raised instead; a `TimeoutError` where the caller gave up.
    """

    began_at: float
    elapsed: float
    answer: Any
    error: BaseException | None


def failed(ends: Sequence[Ended]) -> list[Ended]:
    """Those that were not answered."""
    return [each for each in ends if each.error is not None]


def late(ends: Sequence[Ended], part: float) -> float:
    """The seconds that this part of the calls did not exceed."""
    ranked = sorted(each.elapsed for each in ends)
    return ranked[min(int(part * len(ranked)), len(ranked) - 1)] if ranked else 0.0


def another(ir: Any) -> Any:
    """Ask what was not asked before."""
    return ir.fetch(Similar(f"item-{next(_numbers)}"))


class Stage:
    """A client, and callers of it."""

    def __init__(self, world: str, ir: Any, portal: BlockingPortal | None) -> None:
        self.world, self.ir, self._portal = world, ir, portal

    def call(self, ask: Ask = another) -> Ended:
        """Let one caller ask once; in the world of threads, on this one."""
        if self._portal is not None:
            return self.at_once(1, ask)[0]
        return _blocking(self.ir, ask)

    def at_once(
        self, callers: int, ask: Ask = another, *, give_up_after: float | None = None
    ) -> list[Ended]:
        """Let so many callers ask once each, all at the same time.

        Args:
            callers: How many.
            ask: What each does with the client.
            give_up_after: Seconds until each caller cancels its call; for tasks alone.
        """
        if self._portal is not None:
            return self._portal.call(_each, self.ir, [ask] * callers, give_up_after)
        ready = threading.Barrier(callers)

        def one(_: int) -> Ended:
            ready.wait()
            return _blocking(self.ir, ask)

        with ThreadPoolExecutor(callers) as pool:
            return list(pool.map(one, range(callers)))

    def one_after_the_other(self, calls: int, ask: Ask = another) -> list[Ended]:
        """Let one caller ask again and again."""
        return [self.call(ask) for _ in range(calls)]

    def for_seconds(self, callers: int, seconds: float, ask: Ask = another) -> list[Ended]:
        """Let callers ask again and again, for so long."""
        ends_at = time.monotonic() + seconds
        if self._portal is not None:
            return self._portal.call(_until, self.ir, callers, ends_at, ask)

        def again_and_again(_: int) -> list[Ended]:
            ends: list[Ended] = []
            while time.monotonic() < ends_at:
                ends.append(_blocking(self.ir, ask))
            return ends

        with ThreadPoolExecutor(callers) as pool:
            return [end for ends in pool.map(again_and_again, range(callers)) for end in ends]

    def at_rate(self, per_second: float, seconds: float, ask: Ask = another) -> list[Ended]:
        """Let a call begin at even intervals, whatever came of those before it."""
        begins_at = time.monotonic() + 0.05
        instants = [begins_at + n / per_second for n in range(int(per_second * seconds))]
        if self._portal is not None:
            return self._portal.call(_on_schedule, self.ir, instants, ask)

        def in_time(instant: float) -> Ended:
            time.sleep(max(instant - time.monotonic(), 0.0))
            return _blocking(self.ir, ask)

        # Enough for all calls that can be under way, and for those that wait for their instant.
        with ThreadPoolExecutor(min(len(instants), 400)) as pool:
            return list(pool.map(in_time, instants))

    def do(self, ask: Ask) -> Any:
        """Do something with the client, and return or raise what comes of it."""
        if self._portal is not None:
            return self._portal.call(_outcome, self.ir, ask)
        return ask(self.ir)

    def close(self) -> None:
        """Close the client."""
        self.do(lambda ir: ir.close() if self._portal is None else ir.aclose())


@contextmanager
def on_stage(world: str, endpoints: Any, *, ir: Any = None, **arguments: Any) -> Generator[Stage]:
    """Put a client on its stage for the length of a block.

    Args:
        world: One of `WORLDS`.
        endpoints: The client's.
        ir: A client that was made otherwise.
        arguments: More of the client's.
    """
    kind = IRClient if world == THREADS else AsyncIRClient
    arguments.setdefault("credential", StaticToken("token"))
    client = kind(endpoints, **arguments) if ir is None else ir
    if world == THREADS:
        stage = Stage(world, client, None)
        try:
            yield stage
        finally:
            stage.close()
        return
    with start_blocking_portal(world) as portal:
        stage = Stage(world, client, portal)
        try:
            yield stage
        finally:
            stage.close()


def _blocking(ir: Any, ask: Ask) -> Ended:
    began_at = time.monotonic()
    answer, error = None, None
    try:
        answer = ask(ir)
    except Exception as raised:  # noqa: BLE001  (whatever a caller meets is what is measured)
        error = raised
    return Ended(began_at, time.monotonic() - began_at, answer, error)


async def _task(ir: Any, ask: Ask, give_up_after: float | None = None) -> Ended:
    began_at = time.monotonic()
    answer, error = None, None
    try:
        with anyio.fail_after(give_up_after):
            answer = await ask(ir)
    except Exception as raised:  # noqa: BLE001  (whatever a caller meets is what is measured)
        error = raised
    return Ended(began_at, time.monotonic() - began_at, answer, error)


async def _each(ir: Any, asks: Sequence[Ask], give_up_after: float | None) -> list[Ended]:
    return await _gathered([lambda ask=ask: _task(ir, ask, give_up_after) for ask in asks])


async def _until(ir: Any, callers: int, ends_at: float, ask: Ask) -> list[Ended]:
    async def again_and_again() -> list[Ended]:
        ends: list[Ended] = []
        while time.monotonic() < ends_at:
            ends.append(await _task(ir, ask))
            # An answer from memory never suspends; the others must get their turn all the same.
            await anyio.lowlevel.checkpoint()
        return ends

    return [end for ends in await _gathered([again_and_again] * callers) for end in ends]


async def _on_schedule(ir: Any, instants: Sequence[float], ask: Ask) -> list[Ended]:
    async def in_time(instant: float) -> Ended:
        await anyio.sleep(max(instant - time.monotonic(), 0.0))
        return await _task(ir, ask)

    return await _gathered([lambda at=at: in_time(at) for at in instants])


async def _gathered(each: Sequence[Callable[[], Awaitable[Any]]]) -> list[Any]:
    results: list[Any] = [None] * len(each)

    async def run(index: int) -> None:
        results[index] = await each[index]()

    async with anyio.create_task_group() as tasks:
        for index in range(len(each)):
            tasks.start_soon(run, index)
    return results


async def _outcome(ir: Any, ask: Ask) -> Any:
    outcome = ask(ir)
    return await outcome if inspect.isawaitable(outcome) else outcome
