"""Event loops: what asyncio and trio each do in their own way and anyio does not offer."""

from __future__ import annotations

from contextlib import suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import anyio

from irclient._runtime.loops import asyncio_loop, this_loop

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine

    from irclient._core.flights import Flight

__all__ = ["detach", "until_landed", "waker"]


def waker(wake: Callable[[], None]) -> Callable[[], None]:
    """Return what calls `wake` on this loop from any thread, if the loop has not ended by then."""
    loop = this_loop()
    soon = getattr(loop, "call_soon_threadsafe", None) or loop.run_sync_soon

    def from_anywhere() -> None:
        # The loop may be closed (asyncio) or finished (trio): no task waits there any more.
        with suppress(RuntimeError):
            soon(wake)

    return from_anywhere


_asyncio_tasks: set[Any] = set()


def detach(function: Callable[..., Coroutine[Any, Any, None]], *arguments: object) -> bool:
    """Start a task in the background; anyio has none, since each of its tasks has a parent.

    It runs in a copy of the caller's context. False, and nothing done, where the loop is closing.
    """
    loop = this_loop()
    if not hasattr(loop, "create_task"):
        import trio  # noqa: PLC0415  (only where trio runs)

        try:
            trio.lowlevel.spawn_system_task(function, *arguments, context=copy_context())
        except RuntimeError:
            return False
        return True
    coroutine = function(*arguments)
    try:
        task = loop.create_task(coroutine)
    except RuntimeError:
        coroutine.close()
        return False
    # asyncio keeps only weak references to its tasks.
    _asyncio_tasks.add(task)
    task.add_done_callback(_asyncio_tasks.discard)
    return True


async def until_landed(flight: Flight, within: float) -> None:
    """Wait for a flight, `within` seconds at most."""
    loop = asyncio_loop()
    if loop is not None:
        await _until_landed_on_asyncio(loop, flight, within)
        return
    landed = anyio.Event()
    wake = waker(landed.set)
    if flight.join(wake):
        try:
            with anyio.move_on_after(within):
                await landed.wait()
        finally:
            flight.leave(wake)


async def _until_landed_on_asyncio(
    loop: asyncio.AbstractEventLoop, flight: Flight, within: float
) -> None:
    # One future and one timer, for a flight may have a thousand waiters.
    landed: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not landed.done():
            landed.set_result(None)

    def from_anywhere() -> None:
        if asyncio_loop() is loop:
            wake()
            return
        # The loop may be closed: no task waits there any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(wake)

    if flight.join(from_anywhere):
        timer = loop.call_later(within, wake)
        try:
            await landed
        finally:
            timer.cancel()
            flight.leave(from_anywhere)
