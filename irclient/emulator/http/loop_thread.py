"""One event loop on a thread of its own, for parts that are used from ordinary code."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["LoopThread"]

_T = TypeVar("_T")
_LOOK_EVERY: Final = 0.5


class LoopThread:
    """Runs coroutines for other threads, one loop's lifetime long."""

    def __init__(self, *, name: str) -> None:
        self._started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        # A daemon, so that a program that forgets to stop it can still end.
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._live()), name=name, daemon=True
        )
        self._thread.start()
        self._loop, self._stopped = self._started.result()

    def run(self, coroutine: Coroutine[object, object, _T]) -> _T:
        """Run a coroutine there and return its result."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        while True:
            # In steps, because Windows handles no Ctrl-C before a wait is over.
            done, _ = wait([future], timeout=_LOOK_EVERY)
            if done:
                return future.result()

    def call(self, function: Callable[[], _T]) -> _T:
        """Call a function there and return its result."""

        async def call() -> _T:
            return function()

        return self.run(call())

    def close(self) -> None:
        """End the loop and the thread."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    async def _live(self) -> None:
        stopped = asyncio.Event()
        self._started.set_result((asyncio.get_running_loop(), stopped))
        await stopped.wait()
