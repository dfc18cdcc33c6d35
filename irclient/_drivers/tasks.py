"""The task driver: a call runs on the task that makes it, under asyncio or trio."""

from __future__ import annotations

import time
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.lowlevel

from irclient._core.protocol import Resumed, Send, Spawn, Start, Tell, Wait
from irclient._drivers.observing import tell
from irclient.errors import IRError
from irclient.transports.exchange import exchange_async

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import httpx

    from irclient._core.protocol import Call, Command, Failure
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
        self._transport = transport
        self._observers = observers
        # The loop of each scope: a scope may only be cancelled from the loop that it runs on.
        self._background: dict[anyio.CancelScope, Any] = {}

    async def run(self, begin: Callable[[float], Call[T]]) -> T:
        """Run a call to its end and return its result."""
        call = begin(time.monotonic())
        try:
            command = next(call)
            while True:
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
        first_error: list[IRError] = []
        left = iter(enumerate(begin))

        async def work() -> None:
            for index, each in left:
                try:
                    results[index] = await self.run(each)
                except IRError as error:
                    results[index] = error
                    if not return_errors:
                        first_error.append(error)
                        workers.cancel_scope.cancel()
                        return
                done()

        async with anyio.create_task_group() as workers:
            for _ in range(min(concurrency, len(begin))):
                workers.start_soon(work)
        if first_error:
            raise first_error[0]
        return [results[index] for index in range(len(begin))]

    async def aclose(self) -> None:
        """Cancel what runs in the background of this loop."""
        for scope, loop in list(self._background.items()):
            if loop is _this_loop():
                scope.cancel()

    async def _carry_out(self, command: Command) -> Response | Failure | None:
        match command:
            case Send():
                return await exchange_async(self._transport, command)
            case Wait():
                await _wait(command)
            case Tell():
                self._tell(command.record)
            case Start():
                # A daemon: a process must be able to end while a vault does not answer.
                work = command.work
                Thread(target=lambda: work(self._tell), name="irclient-token", daemon=True).start()
            case Spawn():
                _detach(self._run_unheard, command.call)
        return None

    def _tell(self, record: Record) -> None:
        tell(self._observers, record)

    async def _run_unheard(self, begin: Callable[[float], Call[Any]]) -> None:
        with anyio.CancelScope() as scope:
            self._background[scope] = _this_loop()
            try:
                await self.run(begin)
            except IRError:
                pass  # It was told to the observers; nobody waits for it.
            finally:
                del self._background[scope]


async def _wait(command: Wait) -> None:
    left = max(command.until - time.monotonic(), 0.0)
    if command.flight is None:
        await anyio.sleep(left)
        return
    landed = anyio.Event()
    wake = _waker(landed.set)
    if command.flight.join(wake):
        try:
            with anyio.move_on_after(left):
                await landed.wait()
        finally:
            command.flight.leave(wake)


def _waker(wake: Callable[[], None]) -> Callable[[], None]:
    """Let any thread wake a task of this loop, even when the loop has ended meanwhile."""
    loop = _this_loop()
    soon = getattr(loop, "call_soon_threadsafe", None) or loop.run_sync_soon

    def from_anywhere() -> None:
        # The loop may be closed (asyncio) or finished (trio): nobody sleeps there any more.
        with suppress(RuntimeError):
            soon(wake)

    return from_anywhere


_asyncio_tasks: set[Any] = set()


def _detach(function: Callable[..., Awaitable[None]], argument: object) -> None:
    """Start a task that nobody waits for; anyio has none, since every task of its has a parent."""
    loop = _this_loop()
    if hasattr(loop, "create_task"):
        # asyncio keeps only weak references to its tasks.
        task = loop.create_task(function(argument))
        _asyncio_tasks.add(task)
        task.add_done_callback(_asyncio_tasks.discard)
    else:
        import trio  # noqa: PLC0415  (only where trio runs)

        trio.lowlevel.spawn_system_task(function, argument)


def _this_loop() -> Any:  # noqa: ANN401  (asyncio and trio share no type)
    return anyio.lowlevel.current_token().native_token
