"""Waits, apart from what does the waiting: steps say what they wait for, a thread or a loop waits.

Steps are a generator. What it yields is what it waits for, and nothing else of it knows whether
a thread waits or a task, so that connecting and an exchange over a socket are written once.
"""

from __future__ import annotations

import select
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias, TypeVar

from irclient._runtime.loops import this_loop
from irclient.transports.failures import Late

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator
    from concurrent.futures import Future

__all__ = ["Patience", "Steps", "Wait", "on_loop", "on_thread"]

T = TypeVar("T")


class _Socket(Protocol):
    def fileno(self) -> int: ...


class Wait:
    """Until one of these sockets can be read, or written.

    Args:
        sockets: Which; their numbers are sent back into the steps once they are ready.
        until: What can be done.
        seconds: For how long at the most; None for as long as there is time.
    """

    def __init__(
        self,
        *sockets: _Socket,
        until: Literal["readable", "writable"],
        seconds: float | None = None,
    ) -> None:
        self.sockets = sockets
        self.until = until
        self.seconds = seconds
        self._poll: Callable[[float], list[tuple[int, int]]] | None = None
        if hasattr(select, "poll"):
            poll = select.poll()
            for each in sockets:
                poll.register(each.fileno(), getattr(select, _EVENTS[until]))
            self._poll = poll.poll

    def look(self, seconds: float) -> Collection[int]:
        """Block for at most this many seconds; return the numbers of the sockets that are ready."""
        if self._poll is not None:
            # The system rounds up, so that no thread looks again and again within a millisecond.
            return [number for number, _ in self._poll(seconds * 1000)]
        to_read = self.sockets if self.until == "readable" else ()
        to_write = () if to_read else self.sockets
        # Where there is no poll, a connection that was refused is none that can be written to.
        ready = select.select(to_read, to_write, to_write, seconds)
        return {each.fileno() for some in ready for each in some}


_EVENTS: Final = {"readable": "POLLIN", "writable": "POLLOUT"}
_NONE: Final = ()

#: Waits for sockets, for a name that is looked up, or, with None, for nothing: only to be stopped.
Steps: TypeAlias = "Generator[Wait | Future[Any] | None, Collection[int], T]"


class Patience:
    """How long a thread waits.

    Args:
        ends_at: When the time has passed.
        look_up: Asked before each wait: returns after how many seconds to be asked again, and
            may raise to stop.
    """

    def __init__(self, ends_at: float, look_up: Callable[[], float] | None = None) -> None:
        self.ends_at = ends_at
        self.look_up = look_up

    def seconds(self) -> float:
        """How long to wait now.

        Raises:
            Late: No longer.
        """
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise Late
        return left if self.look_up is None else min(self.look_up(), left)

    def but_not_beyond(self, instant: float) -> Patience:
        """The same, with an end that may come earlier."""
        return Patience(min(self.ends_at, instant), self.look_up)


def on_thread(steps: Steps[T], patience: Patience) -> T:
    """Take steps, blocking where they wait.

    Raises:
        Late: They took too long.
    """
    try:
        wait = next(steps)
        while True:
            wait = steps.send(_block(wait, patience))
    except StopIteration as end:
        value: T = end.value
        return value
    finally:
        steps.close()


def _block(wait: Wait | Future[Any] | None, patience: Patience) -> Collection[int]:
    seconds = patience.seconds()
    ready: Collection[int] = _NONE
    if isinstance(wait, Wait):
        if wait.seconds is not None:
            return wait.look(min(wait.seconds, seconds))
        while not (ready := wait.look(seconds)):
            seconds = patience.seconds()
    elif wait is not None and not wait.done():
        with suppress(TimeoutError):
            wait.exception(seconds)
    return ready


async def on_loop(steps: Steps[T]) -> T:
    """Take steps on a task, under asyncio or trio; a cancellation ends them."""
    try:
        wait = next(steps)
        while True:
            wait = steps.send(await _ready(wait))
    except StopIteration as end:
        value: T = end.value
        return value
    finally:
        steps.close()


async def _ready(wait: Wait | Future[Any] | None) -> Collection[int]:
    import anyio.lowlevel  # noqa: PLC0415  (only where a loop runs)

    if wait is None:
        await anyio.lowlevel.checkpoint()
        return _NONE
    if not isinstance(wait, Wait):
        await _landed(wait)
        return _NONE
    it_can_be = anyio.wait_readable if wait.until == "readable" else anyio.wait_writable
    if wait.seconds is None and len(wait.sockets) == 1:
        await it_can_be(wait.sockets[0])
        return (wait.sockets[0].fileno(),)
    ready: list[int] = []

    async def watch(each: _Socket) -> None:
        await it_can_be(each)
        ready.append(each.fileno())
        scope.cancel()

    with anyio.move_on_after(wait.seconds) as scope:
        async with anyio.create_task_group() as watching:
            for each in wait.sockets:
                watching.start_soon(watch, each)
    return ready


async def _landed(looking: Future[Any]) -> None:
    import anyio  # noqa: PLC0415  (only where a loop runs)

    loop: Any = this_loop()
    soon = getattr(loop, "call_soon_threadsafe", None) or loop.run_sync_soon
    landed = anyio.Event()

    def wake(_looking: Future[Any]) -> None:
        # The loop may have ended: no task waits there any more.
        with suppress(RuntimeError):
            soon(landed.set)

    looking.add_done_callback(wake)
    await landed.wait()
