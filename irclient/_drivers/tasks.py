"""The task driver: a call runs on the task that makes it, under asyncio or trio."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.lowlevel

from irclient._core.protocol import Race, Resumed, Send, Spawn, Start, Tell, Wait
from irclient._drivers.background import unheard
from irclient._drivers.loops import detach, until_landed, waker
from irclient._drivers.observing import tell
from irclient._drivers.racing import race_async
from irclient._loops import this_loop
from irclient.errors import IRError
from irclient.transports.exchange import exchange_async

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx

    from irclient._core.protocol import Call, Failure, Finish
    from irclient._wire import Response
    from irclient.observe import Observer, Record

__all__ = ["TaskDriver"]

T = TypeVar("T")


class TaskDriver:
    """Carries commands out on the calling task.

    Args:
        transport: What requests go through.
        observers: Who is told what happened.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, observers: Sequence[Observer]) -> None:
        self.transport = transport
        self._observers = observers
        self._background: set[_Background] = set()

    async def run(self, begin: Callable[[float], Call[T]]) -> T:
        """Run a call to its end and return its result."""
        call = begin(time.monotonic())
        try:
            command = next(call)
            outcome: Response | Failure | tuple[Finish, ...] | None
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
        finally:
            call.close()

    async def run_many(
        self,
        begin: Sequence[Callable[[float], Call[T]]],
        *,
        concurrency: int,
        done: Callable[[], object],
        return_errors: bool,
    ) -> list[T | IRError]:
        """Run calls, so many at a time; results keep the order of the calls."""
        results: dict[int, T | IRError] = {}
        first_error: list[Exception] = []
        left = iter(enumerate(begin))

        async def work() -> None:
            for index, each in left:
                # Answers from memory never suspend; others must get their turn all the same.
                await anyio.lowlevel.checkpoint()
                try:
                    results[index] = await self.run(each)
                except IRError as error:
                    if not return_errors:
                        raise
                    results[index] = error
                done()

        async def work_or_stop() -> None:
            try:
                await work()
            except Exception as error:  # noqa: BLE001  (raised below, alone instead of in a group)
                first_error.append(error)
                workers.cancel_scope.cancel()

        async with anyio.create_task_group() as workers:
            for _ in range(min(concurrency, len(begin))):
                workers.start_soon(work_or_stop)
        if first_error:
            raise first_error[0]
        return [results[index] for index in range(len(begin))]

    async def aclose(self) -> None:
        """Cancel what runs in the background, and wait for what runs on this loop."""
        for each in list(self._background):
            each.cancel()
        for each in list(self._background):
            if each.loop is this_loop():
                await each.ended.wait()

    async def _carry_out(
        self, command: Race | Wait | Tell | Start | Spawn
    ) -> tuple[Finish, ...] | None:
        match command:
            case Race():
                return await race_async(self.transport, command)
            case Wait():
                await _wait(command)
            case Tell():
                self.tell(command.record)
            case Start():
                # A daemon: a process must be able to end while a vault does not answer.
                work = command.work
                Thread(target=lambda: work(self.tell), name="irclient-token", daemon=True).start()
            case Spawn():
                detach(self._run_unheard, command.call, self._in_background())
        return None

    def tell(self, record: Record) -> None:
        """Hand a record to the observers."""
        tell(self._observers, record)

    def _in_background(self) -> _Background:
        # Noted before it starts, so that a close between the two is not missed.
        scope = anyio.CancelScope()
        each = _Background(this_loop(), scope, waker(scope.cancel), anyio.Event())
        self._background.add(each)
        return each

    async def _run_unheard(
        self, begin: Callable[[float], Call[Any]], background: _Background
    ) -> None:
        try:
            with background.scope, unheard():
                await self.run(begin)
        finally:
            self._background.discard(background)
            background.ended.set()


@dataclass(frozen=True, eq=False, slots=True)
class _Background:
    """A call that nobody waits for; `cancel` may be called from any loop and any thread."""

    loop: Any
    scope: anyio.CancelScope
    cancel: Callable[[], None]
    ended: anyio.Event


async def _wait(command: Wait) -> None:
    left = max(command.until - time.monotonic(), 0.0)
    if command.flight is None:
        await anyio.sleep(left)
    else:
        await until_landed(command.flight, left)
