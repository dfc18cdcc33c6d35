"""Many calls on threads, a limited number at a time; each is handed out as it ends."""

from __future__ import annotations

import queue
import sys
import time
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from irclient._core.flights import Flight
from irclient._core.protocol import GivenUp
from irclient._drivers.batch import Batch
from irclient._drivers.leaving import give_up
from irclient._runtime.forks import fork_count
from irclient._runtime.threads import DaemonThreads
from irclient.errors import IRError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from irclient._core.protocol import Call
    from irclient._drivers.batch import Begin, Job

__all__ = ["each_on_threads"]

#: Seconds after which a caller that waits for a call checks that its thread still exists.
_LOOK_UP_AFTER: Final = 1.0

K = TypeVar("K")
T = TypeVar("T")


class RunsCalls(Protocol):
    """What runs one call on the thread that asks."""

    def run(self, begin: Callable[[float], Call[T]], over: Flight | None = None) -> T:
        """Run a call to its end and return its result; its waits end when `over` lands."""
        ...


def each_on_threads(
    driver: RunsCalls,
    calls: Iterator[tuple[K, Begin[T]]],
    *,
    concurrency: int,
    within: float,
) -> Generator[tuple[K, T | IRError]]:
    """Yield each call's key and its result, or its `IRError`, in the order of their ends.

    The calls are taken on the thread that asks for results, and run on others; on this one where
    none can be started. Leaving half-way ends all waits, and waits for what is being sent.

    Args:
        driver: Runs a call.
        calls: The calls, each with its key; taken as there is room for them.
        concurrency: How many at a time.
        within: Seconds to wait for those under way after leaving half-way.
    """
    batch = Batch(calls, concurrency)
    # Not `_Crew[K, T](…)`: from 3.13 on that imports, which fails while the interpreter ends.
    crew: _Crew[K, T] = _Crew(driver, concurrency)
    try:
        while True:
            crew.settle(batch.under_way)
            job = batch.begin_next()
            if job is not None:
                crew.begin(job)
            if job is None or crew.has_done:
                if not batch.under_way:
                    return
                yield batch.hand_out(crew.next_done(batch.under_way))
    finally:
        crew.stop(within)


class _Over(BaseException):
    """The caller has left."""


class _Crew(Generic[K, T]):
    """The threads of one batch, begun as they are needed."""

    def __init__(self, driver: RunsCalls, most: int) -> None:
        self._driver = driver
        self._most = most
        self._over = Flight()
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._forks = fork_count()
        self._threads = DaemonThreads(self._most, "irclient-many")
        self._workers = self._busy = 0
        self._inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Job[K, T]] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[None] = queue.SimpleQueue()

    @property
    def has_done(self) -> bool:
        return not self._done.empty()

    def begin(self, job: Job[K, T]) -> None:
        """Run a call on a thread; on this one where there is none."""
        self._busy += 1
        begin = job.begin
        if not callable(begin):
            job.result = begin.result
            self._done.put(job)
            return
        # In a copy of the caller's context, where tracing keeps the span it is in.
        work = partial(copy_context().run, partial(self._carry_out, job, begin, self._done))
        if self._busy > self._workers and self._workers < self._most:
            served = partial(_serve, self._inbox, self._ended)
            self._workers += self._threads.try_start(served)
        if self._workers:
            self._inbox.put(work)
        else:
            work()

    def next_done(self, under_way: Iterable[Job[K, T]]) -> Job[K, T]:
        """Return the call that ended next."""
        while True:
            with suppress(queue.Empty):
                job = self._done.get(timeout=_LOOK_UP_AFTER)
                self._busy -= 1
                return job
            self.settle(under_way)

    def settle(self, under_way: Iterable[Job[K, T]]) -> None:
        """Begin anew what was under way where its threads are gone."""
        if self._forks != fork_count() or (self._workers and sys.is_finalizing()):
            # They are in the parent of a fork, or stand still for ever.
            self._begin_anew()
            for job in list(under_way):
                self.begin(job)

    def stop(self, within: float) -> None:
        """End all waits, begin nothing more, and wait `within` seconds at most for the threads."""
        self._over.land()
        for _ in range(self._workers):
            self._inbox.put(None)
        self._threads.let_go()
        if self._forks != fork_count() or sys.is_finalizing():
            return
        ends_at = time.monotonic() + within
        for _ in range(self._workers):
            try:
                self._ended.get(timeout=max(ends_at - time.monotonic(), 0.0))
            except queue.Empty:
                return

    def _carry_out(
        self,
        job: Job[K, T],
        begin: Callable[[float], Call[T]],
        done: queue.SimpleQueue[Job[K, T]],
    ) -> None:
        try:
            if not self._over.has_landed:
                job.result = self._driver.run(partial(_until_over, self._over, begin), self._over)
        except IRError as error:
            job.result = error
        except BaseException as problem:  # noqa: BLE001  (raised where the results are read)
            job.problem = problem
        done.put(job)
        # The error's traceback holds this frame.
        del job


def _serve(
    inbox: queue.SimpleQueue[Callable[[], None] | None], ended: queue.SimpleQueue[None]
) -> None:
    try:
        while (work := inbox.get()) is not None:
            work()
            del work
    finally:
        ended.put(None)


def _until_over(over: Flight, begin: Callable[[float], Call[T]], now: float) -> Call[T]:
    """The same call, which is given up at its next step once all is over."""
    call: Call[Any] = begin(now)
    try:
        command = next(call)
        while not over.has_landed:
            command = call.send((yield command))
    except StopIteration as end:
        result: T = end.value
        return result
    except GivenUp:
        give_up(call)
        raise
    finally:
        call.close()
    give_up(call)
    raise _Over
