"""The task driver: a call runs on the task that makes it, under asyncio or trio."""

from __future__ import annotations

import time
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio

from irclient._core.flights import Flight
from irclient._core.protocol import NotStarted, Race, Resumed, Send, Spawn, Start, Tell, Wait
from irclient._drivers.background import unobserved_errors
from irclient._drivers.each_on_tasks import EachOnTasks
from irclient._drivers.leaving import give_up
from irclient._drivers.loops import detach, until_landed, waker
from irclient._drivers.observing import tell
from irclient._drivers.racing import race_async
from irclient._runtime.loops import this_loop
from irclient._runtime.threads import DaemonThreads
from irclient.transports.exchange import exchange_async

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import httpx

    from irclient._core.protocol import Call, Failure, Finish, Work
    from irclient._drivers.batch import Begin
    from irclient._drivers.observing import TellRecords
    from irclient._wire.responses import Response
    from irclient.observe import Observer

__all__ = ["TaskDriver"]

#: A fetch of a token that hangs keeps its thread; the next one needs another.
_MOST_AT_WORK: Final = 4

K = TypeVar("K")
T = TypeVar("T")


class TaskDriver:
    """Carries commands out on the calling task.

    Args:
        transport: What requests go through.
        observers: Who is told what happened.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, observers: Sequence[Observer]) -> None:
        self.transport = transport
        #: Hands records to the observers.
        self.tell: TellRecords = partial(tell, observers)
        self._closing = Flight()
        self._background: set[_Background] = set()
        self._working = DaemonThreads(_MOST_AT_WORK, "irclient-token")
        self._last_loop: Any = None

    async def run(self, begin: Callable[[float], Call[T]]) -> T:
        """Run a call to its end and return its result."""
        call = begin(time.monotonic())
        try:
            command = next(call)
            outcome: Response | Failure | tuple[Finish, ...] | NotStarted | None
            while True:
                # Asked first: nearly every command of a call is one of these.
                if isinstance(command, Send):
                    outcome = await exchange_async(self.transport, command)
                else:
                    outcome = await self._carry_out(command)
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
        self, calls: Iterator[tuple[K, Begin[T]]], *, concurrency: int
    ) -> EachOnTasks[K, T]:
        """Run many calls, and yield each one's key and result; see `EachOnTasks`."""
        return EachOnTasks(self, calls, concurrency=concurrency)

    async def aclose(self) -> None:
        """Wake all who wait, cancel what runs in the background, and wait for it on this loop."""
        self._closing.land()
        self._working.let_go()
        for each in list(self._background):
            each.cancel()
        for each in list(self._background):
            if each.loop is this_loop():
                await each.ended.wait()

    async def _carry_out(
        self, command: Race | Wait | Tell | Start | Spawn
    ) -> tuple[Finish, ...] | NotStarted | None:
        match command:
            case Race():
                return await race_async(self.transport, command)
            case Wait():
                left = max(command.until - time.monotonic(), 0.0)
                await until_landed(command.flight or self._closing, left)
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
        # Noted before it starts, so that a close between the two is not missed.
        scope = anyio.CancelScope()
        background = _Background(this_loop(), scope, waker(scope.cancel), anyio.Event())
        self._background.add(background)
        if detach(self._run_unheard, begin, background):
            return None
        self._background.discard(background)
        return NotStarted("the event loop is closing")

    def spawn_from_anywhere(self, begin: Callable[[float], Call[Any]]) -> NotStarted | None:
        """Drive a call in the background, from a thread without a loop on the last one's."""
        with suppress(RuntimeError):
            self._last_loop = this_loop()
            return self.spawn(begin)
        soon = getattr(self._last_loop, "call_soon_threadsafe", None) or getattr(
            self._last_loop, "run_sync_soon", None
        )
        try:
            if soon is not None:
                soon(self.spawn, begin)
                return None
        except RuntimeError:
            pass  # That loop has ended.
        return NotStarted("no event loop runs")

    async def _run_unheard(
        self, begin: Callable[[float], Call[Any]], background: _Background
    ) -> None:
        try:
            with background.scope, unobserved_errors():
                await self.run(begin)
        finally:
            self._background.discard(background)
            background.ended.set()


@dataclass(frozen=True, eq=False, slots=True)
class _Background:
    """A call in the background; `cancel` may be called from any loop and any thread."""

    loop: Any
    scope: anyio.CancelScope
    cancel: Callable[[], None]
    ended: anyio.Event
