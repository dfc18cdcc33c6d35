"""The blocking driver: a call runs on the thread that makes it."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from irclient._core.flights import Flight
from irclient._core.protocol import NotStarted, Race, Resumed, Send, Spawn, Start, Tell, Wait
from irclient._drivers.background import unheard
from irclient._drivers.leaving import give_up
from irclient._drivers.observing import tell
from irclient._drivers.racing import race
from irclient._threads import DaemonThreads
from irclient.errors import IRError
from irclient.transports.exchange import exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx

    from irclient._core.protocol import Call, Failure, Finish, Work
    from irclient._wire import Response
    from irclient.observe import Observer, Record

__all__ = ["BlockingDriver"]

#: A fetch of a token that hangs keeps its thread; the next one needs another.
_MOST_AT_WORK: Final = 4
_MOST_IN_BACKGROUND: Final = 8
_MOST_RACING: Final = 32

T = TypeVar("T")


class BlockingDriver:
    """Carries commands out on the calling thread.

    Args:
        transport: What requests go through.
        observers: Who is told what happened.
    """

    def __init__(self, transport: httpx.BaseTransport, observers: Sequence[Observer]) -> None:
        self.transport = transport
        self._observers = observers
        self._closing = Flight()
        self._background: set[_Background] = set()
        self._working = DaemonThreads(_MOST_AT_WORK, "irclient-token")
        self._in_background = DaemonThreads(_MOST_IN_BACKGROUND, "irclient-background")
        self._racing = DaemonThreads(_MOST_RACING, "irclient-race")

    def run(self, begin: Callable[[float], Call[T]]) -> T:
        """Run a call to its end and return its result."""
        call = begin(time.monotonic())
        try:
            command = next(call)
            outcome: Response | Failure | tuple[Finish, ...] | NotStarted | None
            while True:
                # Asked first: nearly every command of a call is one of these.
                if isinstance(command, Send):
                    outcome = exchange(self.transport, command)
                else:
                    outcome = self._carry_out(command)
                command = call.send(Resumed(time.monotonic(), outcome))
        except StopIteration as end:
            result: T = end.value
            return result
        except BaseException:
            give_up(call)
            raise
        finally:
            call.close()

    def run_many(
        self,
        begin: Sequence[Callable[[float], Call[T]]],
        *,
        concurrency: int,
        done: Callable[[], object],
        return_errors: bool,
    ) -> list[T | IRError]:
        """Run calls, so many at a time; results keep the order of the calls."""
        stopped = threading.Event()

        def run(each: Callable[[float], Call[T]]) -> T | IRError:
            if stopped.is_set():
                raise CancelledError
            try:
                return self.run(each)
            except IRError as error:
                if return_errors:
                    return error
                # Here and not where the results are read: until then others would be begun.
                stopped.set()
                raise

        with ThreadPoolExecutor(concurrency, thread_name_prefix="irclient") as pool:
            # Each in a copy of the caller's context, where tracing keeps the span it is in.
            futures = [pool.submit(copy_context().run, run, each) for each in begin]
            try:
                for future in as_completed(futures):
                    if not isinstance(future.exception(), CancelledError):
                        future.result()
                        done()
            except BaseException:
                stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            return [future.result() for future in futures]

    def close(self, within: float) -> None:
        """Wake all who wait, and wait `within` seconds at most for the calls in the background."""
        self._closing.land()
        ends_at = time.monotonic() + within
        for each in list(self._background):
            # While the interpreter shuts down no other thread runs, and none will end.
            if each.thread_id != threading.get_ident() and not sys.is_finalizing():
                each.ended.wait(max(ends_at - time.monotonic(), 0.0))

    def tell(self, record: Record) -> None:
        """Hand a record to the observers."""
        tell(self._observers, record)

    def _carry_out(
        self, command: Race | Wait | Tell | Start | Spawn
    ) -> tuple[Finish, ...] | NotStarted | None:
        match command:
            case Race():
                return race(self.transport, command, self._racing)
            case Wait():
                _wait(command, self._closing)
            case Tell():
                self.tell(command.record)
            case Start():
                return self._start(command.work)
            case Spawn():
                return self._spawn(command.call)
        return None

    def _start(self, work: Work) -> NotStarted | None:
        if self._working.try_start(partial(copy_context().run, partial(work, self.tell))):
            return None
        work.abandon()
        return NotStarted("no thread could be started")

    def _spawn(self, begin: Callable[[float], Call[Any]]) -> NotStarted | None:
        if self._closing.has_landed:
            return NotStarted("the client is closed")
        background, is_started = _Background(), False

        def run() -> None:
            background.thread_id = threading.get_ident()
            try:
                with unheard():
                    self.run(begin)
            finally:
                self._background.discard(background)
                background.ended.set()

        # Noted before it starts, so that a close between the two is not missed.
        self._background.add(background)
        try:
            is_started = self._in_background.try_start(partial(copy_context().run, run))
        finally:
            if not is_started:
                self._background.discard(background)
        return None if is_started else NotStarted("no thread could be started")


@dataclass(eq=False, slots=True)
class _Background:
    """A call that nobody waits for; the thread is 0 until it runs."""

    ended: threading.Event = field(default_factory=threading.Event)
    thread_id: int = 0


def _wait(command: Wait, closing: Flight) -> None:
    woken, left = threading.Event(), max(command.until - time.monotonic(), 0.0)
    flights = [closing] if command.flight is None else [command.flight, closing]
    try:
        # Both are joined, or one of them has landed and there is nothing to wait for.
        if all(flight.join(woken.set) for flight in flights):
            woken.wait(left)
    finally:
        for flight in flights:
            flight.leave(woken.set)
