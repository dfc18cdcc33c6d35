"""Event loops: what asyncio and trio each do in their own way and anyio does not offer."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio.lowlevel

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["detach", "this_loop", "waker"]


def waker(wake: Callable[[], None]) -> Callable[[], None]:
    """Return what calls `wake` on this loop from any thread, if the loop has not ended by then."""
    loop = this_loop()
    soon = getattr(loop, "call_soon_threadsafe", None) or loop.run_sync_soon

    def from_anywhere() -> None:
        # The loop may be closed (asyncio) or finished (trio): nobody sleeps there any more.
        with suppress(RuntimeError):
            soon(wake)

    return from_anywhere


_asyncio_tasks: set[Any] = set()


def detach(function: Callable[..., Coroutine[Any, Any, None]], *arguments: object) -> None:
    """Start a task that nobody waits for; anyio has none, since every task of its has a parent."""
    loop = this_loop()
    if hasattr(loop, "create_task"):
        # asyncio keeps only weak references to its tasks.
        task = loop.create_task(function(*arguments))
        _asyncio_tasks.add(task)
        task.add_done_callback(_asyncio_tasks.discard)
    else:
        import trio  # noqa: PLC0415  (only where trio runs)

        trio.lowlevel.spawn_system_task(function, *arguments)


def this_loop() -> Any:  # noqa: ANN401  (asyncio and trio share no type)
    return anyio.lowlevel.current_token().native_token
