"""Many calls on tasks, a limited number at a time; each is handed out as it ends."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import anyio
import anyio.lowlevel

from irclient._drivers.batch import Batch
from irclient._drivers.loops import detach, waker
from irclient._runtime.loops import this_loop
from irclient.errors import ClientClosed, IRError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from irclient._core.protocol import Call
    from irclient._drivers.batch import Begin, Job

__all__ = ["EachOnTasks"]

K = TypeVar("K")
T = TypeVar("T")


class RunsCalls(Protocol):
    """What runs one call on the task that asks."""

    async def run(self, begin: Callable[[float], Call[T]]) -> T:
        """Run a call to its end and return its result."""
        ...


class EachOnTasks(AsyncIterator[tuple[K, "T | IRError"]], Generic[K, T]):
    """Yields each call's key and its result, or its `IRError`, in the order of their ends.

    Not a generator: one that is left half-way is closed by the loop, some time later. This cancels
    its tasks as soon as it is dropped; `aclose` waits for their end.

    Args:
        driver: Runs a call.
        calls: The calls, each with its key; taken as there is room for them.
        concurrency: How many at a time.
    """

    def __init__(
        self,
        driver: RunsCalls,
        calls: Iterator[tuple[K, Begin[T]]],
        *,
        concurrency: int,
    ) -> None:
        self._batch = Batch(calls, concurrency)
        self._crew = _Crew[K, T](driver)

    async def __anext__(self) -> tuple[K, T | IRError]:
        batch, crew = self._batch, self._crew
        try:
            crew.settle(batch.under_way)
            while True:
                job = batch.begin_next()
                if job is not None:
                    crew.begin(job)
                if job is None or crew.done:
                    if not batch.under_way:
                        raise StopAsyncIteration
                    return batch.hand_out(await crew.next_done())
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Begin nothing more, and end what is under way."""
        self._batch.end()
        await self._crew.aclose()

    def __del__(self) -> None:
        self._crew.cancel()


class _Crew(Generic[K, T]):
    """The tasks of one batch; they hold this, and never the iterator that ends them."""

    def __init__(self, driver: RunsCalls) -> None:
        self._driver = driver
        self._loop: Any = None
        self._scopes: dict[anyio.CancelScope, None] = {}
        self._changed: anyio.Event | None = None
        self.done: deque[Job[K, T]] = deque()
        #: Cancels all tasks, from any thread.
        self.cancel: Callable[[], None] = _nothing

    def settle(self, under_way: Iterable[Job[K, T]]) -> None:
        """Run on this loop; what ran on another, which has ended, begins anew."""
        loop = this_loop()
        if loop is self._loop:
            return
        has_moved = self._loop is not None
        self._loop, self._scopes, self._changed = loop, {}, None
        self.cancel = waker(_Cancelling(self._scopes))
        if has_moved:
            for job in under_way:
                if job not in self.done:
                    self.begin(job)

    def begin(self, job: Job[K, T]) -> None:
        """Run a call on a task."""
        begin = job.begin
        if not callable(begin):
            job.result = begin.result
            self.done.append(job)
            return
        scope = anyio.CancelScope()
        self._scopes[scope] = None
        if not detach(self._carry_out, job, begin, scope, self._scopes):
            del self._scopes[scope]
            job.result = ClientClosed("the event loop is closing")
            self.done.append(job)

    async def next_done(self) -> Job[K, T]:
        """Return the call that ended next."""
        while not self.done:
            await self._change()
        job = self.done.popleft()
        if not callable(job.begin):
            # Nothing was waited for; others must get their turn all the same.
            await anyio.lowlevel.checkpoint()
        return job

    async def aclose(self) -> None:
        """Cancel all tasks, and wait for those of this loop."""
        self.cancel()
        if self._scopes and self._loop is this_loop():
            with anyio.CancelScope(shield=True):
                while self._scopes:
                    await self._change()

    async def _change(self) -> None:
        self._changed = anyio.Event()
        await self._changed.wait()

    async def _carry_out(
        self,
        job: Job[K, T],
        begin: Callable[[float], Call[T]],
        scope: anyio.CancelScope,
        scopes: dict[anyio.CancelScope, None],
    ) -> None:
        try:
            with scope:
                job.result = await self._driver.run(begin)
        except IRError as error:
            job.result = error
        except Exception as problem:  # noqa: BLE001  (raised where the results are read)
            job.problem = problem
        finally:
            scopes.pop(scope, None)
            if scopes is self._scopes:
                self.done.append(job)
                if self._changed is not None:
                    self._changed.set()
            # The error's traceback holds this frame.
            del job


class _Cancelling:
    """Cancels scopes; on the loop that they belong to."""

    def __init__(self, scopes: dict[anyio.CancelScope, None]) -> None:
        self._scopes = scopes

    def __call__(self) -> None:
        for scope in list(self._scopes):
            scope.cancel()


def _nothing() -> None:
    """There is nothing to cancel yet."""
