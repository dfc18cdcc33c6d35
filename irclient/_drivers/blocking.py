"""The blocking driver: a call runs on the thread that makes it."""

from __future__ import annotations

import sys
import threading
import time
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from irclient._core.flights import Flight
from irclient._core.protocol import NotStarted, Race, Resumed, Send, Spawn, Start, Tell, Wait
from irclient._drivers.background import unobserved_errors
from irclient._drivers.each_on_threads import each_on_threads
from irclient._drivers.leaving import give_up
from irclient._drivers.observing import tell
from irclient._drivers.racing import race
from irclient._runtime.threads import DaemonThreads
from irclient.transports.exchange import exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    import httpx

    from irclient._core.protocol import Call, Failure, Finish, Work
    from irclient._drivers.batch import Begin
    from irclient._drivers.observing import TellRecords
    from irclient._wire.responses import Response
    from irclient.errors import IRError
    from irclient.observe import Observer

__all__ = ["BlockingDriver"]

#: A fetch of a token that hangs keeps its thread; the next one needs another.
_MOST_AT_WORK: Final = 4
_MOST_IN_BACKGROUND: Final = 8
_MOST_RACING: Final = 32

K = TypeVar("K")
T = TypeVar("T")


class BlockingDriver:
    """Carries commands out on the calling thread.

    Args:
        transport: What requests go through.
        observers: Who is told what happened.
    """

    def __init__(self, transport: httpx.BaseTransport, observers: Sequence[Observer]) -> None:
        self.transport = transport
        #: Hands records to the observers.
        self.tell: TellRecords = partial(tell, observers)
        self._closing = Flight()
        self._background: set[_Background] = set()
        self._working = DaemonThreads(_MOST_AT_WORK, "irclient-token")
        self._in_background = DaemonThreads(_MOST_IN_BACKGROUND, "irclient-background")
        self._racing = DaemonThreads(_MOST_RACING, "irclient-race")

    def run(self, begin: Callable[[float], Call[T]], over: Flight | None = None) -> T:
        """Run a call to its end and return its result; its waits end when `over` lands."""
        call = begin(time.monotonic())
        try:
            command = next(call)
            outcome: Response | Failure | tuple[Finish, ...] | NotStarted | None
            while True:
                # Asked first: nearly every command of a call is one of these.
                if isinstance(command, Send):
                    outcome = exchange(self.transport, command)
                else:
                    outcome = self._carry_out(command, over)
                command = call.send(Resumed(time.monotonic(), outcome))
        except StopIteration as end:
            result: T = end.value
            return result
        except BaseException:
            give_up(call)
            raise
        finally:
            call.close()

    def run_each(
        self,
        calls: Iterator[tuple[K, Begin[T]]],
        *,
        concurrency: int,
        within: float,
    ) -> Generator[tuple[K, T | IRError]]:
        """Run many calls, and yield each one's key and result; see `each_on_threads`."""
        return each_on_threads(self, calls, concurrency=concurrency, within=within)

    def close(self, within: float, transport: httpx.BaseTransport | None = None) -> None:
        """Wake all who wait, and wait for the calls in the background.

        Args:
            within: For how many seconds at most.
            transport: To be closed first.
        """
        try:
            if transport is not None:
                transport.close()
        finally:
            self._close(within)

    def _close(self, within: float) -> None:
        self._closing.land()
        for threads in (self._working, self._in_background, self._racing):
            threads.let_go()
        ends_at = time.monotonic() + within
        for each in list(self._background):
            # While the interpreter shuts down no other thread runs, and none will end.
            if each.thread_id != threading.get_ident() and not sys.is_finalizing():
                each.ended.wait(max(ends_at - time.monotonic(), 0.0))

    def _carry_out(
        self, command: Race | Wait | Tell | Start | Spawn, over: Flight | None
    ) -> tuple[Finish, ...] | NotStarted | None:
        match command:
            case Race():
                return race(self.transport, command, self._racing)
            case Wait():
                _wait(command, self._closing, over)
            case Tell():
                self.tell(command.record)
            case Start():
                return self._start(command.work)
            case Spawn():
                return self.spawn(command.call)
        return None

    def _start(self, work: Work) -> NotStarted | None:
        if self._working.try_start(partial(copy_context().run, partial(work, self.tell))):
            return None
        return NotStarted("no thread could be started")

    def spawn(self, begin: Callable[[float], Call[Any]]) -> NotStarted | None:
        """Drive a call in the background, or say why that cannot be."""
        if self._closing.has_landed:
            return NotStarted("the client is closed")
        background, is_started = _Background(), False

        def run() -> None:
            background.thread_id = threading.get_ident()
            try:
                with unobserved_errors():
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
    """A call in the background; the thread is 0 until it runs."""

    ended: threading.Event = field(default_factory=threading.Event)
    thread_id: int = 0


def _wait(command: Wait, *others: Flight | None) -> None:
    woken, left = threading.Event(), max(command.until - time.monotonic(), 0.0)
    flights = [flight for flight in (command.flight, *others) if flight is not None]
    try:
        # All are joined, or one of them has landed and there is nothing to wait for.
        if all(flight.join(woken.set) for flight in flights):
            woken.wait(left)
    finally:
        for flight in flights:
            flight.leave(woken.set)
