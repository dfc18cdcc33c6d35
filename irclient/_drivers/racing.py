"""Races: two requests under way at once, on threads and on tasks."""

from __future__ import annotations

import queue
import time
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING

from irclient._core.protocol import Finish
from irclient.transports.exchange import exchange, exchange_async, timed_out
from irclient.transports.own import OwnTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from irclient._core.protocol import Race, Send
    from irclient._runtime.threads import DaemonThreads

__all__ = ["race", "race_async"]

#: How often a thread looks up from its reading while the other request is under way.
_LOOK_UP_AFTER = 0.003
#: Seconds that a request may be late by before it counts as hung: a thread has to be woken, and a
#: transport that a user brought may not look at the clock at all.
_LATE = 0.05
#: Seconds that a thread waits for what it was started for.
_HANDED_WITHIN = 1.0


def race(
    transport: httpx.BaseTransport, command: Race, threads: DaemonThreads
) -> tuple[Finish, ...]:
    """Run a race on this thread; a second one is started only for the second request.

    With the client's own transport the first request stays on the calling thread, and both look
    up while they wait: a loser that was opening a connection must not reach the service after
    its race is over. Any other transport blocks for as long as it likes, so there the first
    request has a thread as well, and a loser is abandoned: nothing can stop its read.
    Where no thread can be started there is one request, on the calling thread.
    """
    runners = _Runners(transport, command, threads)
    try:
        if isinstance(transport, OwnTransport) or not runners.run_on_thread(command.first):
            runners.run_here(command.first)
        runners.wait_until(command.other_at)
        if not runners.is_over:
            runners.start_other()
        while not runners.is_over:
            runners.wait_until(None)
        return tuple(runners.finishes)
    finally:
        runners.has_ended = True


class _Overtaken(Exception):  # noqa: N818  (it ends a read, and is never seen outside)
    """The other request has answered: stop reading."""


class _Runners:
    """The requests of one race, and who of them has come to an end."""

    def __init__(
        self, transport: httpx.BaseTransport, command: Race, threads: DaemonThreads
    ) -> None:
        self._transport = transport
        self._command = command
        self._threads = threads
        self._ends: queue.SimpleQueue[Finish] = queue.SimpleQueue()
        #: The requests under way, and when each has hung.
        self._hung_at: dict[int, tuple[Send, float]] = {}
        self._other_was_asked = False
        self._has_winner = False
        #: Whether the call has gone on without what is still under way.
        self.has_ended = False
        self.finishes: list[Finish] = []

    @property
    def is_over(self) -> bool:
        return self._has_winner or not self._hung_at

    def run_here(self, send: Send) -> None:
        self._begin(send)
        outcome = exchange(self._transport, send, look_up=self._look_up)
        if not self._has_winner:
            self._finish(Finish(send, outcome, time.monotonic()))

    def run_on_thread(self, send: Send) -> bool:
        """Run a request on a thread; False, and nothing done, where none can be started."""
        is_started = self._start(partial(self._exchange, send))
        if is_started:
            self._begin(send)
        return is_started

    def start_other(self) -> None:
        """Start the other request, once, if the core wants it now and there is a thread for it."""
        if self._other_was_asked:
            return
        self._other_was_asked = True
        # The thread first: a request that the core was asked for has a slot, and counts.
        handed: queue.SimpleQueue[Send | None] = queue.SimpleQueue()
        if not self._start(partial(self._exchange_handed, handed)):
            return
        send = None
        try:
            send = self._command.other(time.monotonic())
            if send is not None:
                self._begin(send)
        finally:
            handed.put(send)

    def wait_until(self, instant: float | None) -> None:
        """Wait for the next end, until an instant at most, and never for what has hung."""
        if self.is_over:
            return
        hung_at = min(at for _, at in self._hung_at.values())
        until = hung_at if instant is None else min(instant, hung_at)
        try:
            self._finish(self._ends.get(timeout=max(until - time.monotonic(), 0.0)))
        except queue.Empty:
            now = time.monotonic()
            for send, at in list(self._hung_at.values()):
                if now >= at:
                    self._finish(Finish(send, timed_out(send), now))

    def _start(self, work: Callable[[], None]) -> bool:
        return self._threads.try_start(partial(copy_context().run, work))

    def _begin(self, send: Send) -> None:
        self._hung_at[id(send)] = send, time.monotonic() + send.within + _LATE

    def _exchange(self, send: Send) -> None:
        outcome = exchange(self._transport, send, look_up=self._look_up_beside)
        self._ends.put(Finish(send, outcome, time.monotonic()))

    def _exchange_handed(self, handed: queue.SimpleQueue[Send | None]) -> None:
        with suppress(queue.Empty):
            send = handed.get(timeout=_HANDED_WITHIN)
            if send is not None:
                self._exchange(send)

    def _look_up(self) -> float:
        """Return after how many seconds of reading to look up again."""
        left = self._command.other_at - time.monotonic()
        if left > 0:
            return left
        self.start_other()
        while not self._ends.empty():
            self._finish(self._ends.get())
        if self._has_winner:
            raise _Overtaken
        return _LOOK_UP_AFTER if len(self._hung_at) > 1 else float("inf")

    def _look_up_beside(self) -> float:
        """The same on the other request's thread."""
        if self.has_ended or self._has_winner:
            raise _Overtaken
        return _LOOK_UP_AFTER

    def _finish(self, finish: Finish) -> None:
        # One that had hung may still come to its end, and has been counted.
        if self._hung_at.pop(id(finish.send), None) is not None:
            self.finishes.append(finish)
            if self._command.is_good(finish.send, finish.outcome):
                self._has_winner = True


async def race_async(transport: httpx.AsyncBaseTransport, command: Race) -> tuple[Finish, ...]:
    """Run a race on tasks; the loser is cancelled."""
    import anyio  # noqa: PLC0415  (races are few)

    finishes: list[Finish] = []
    over = anyio.Event()

    async def run(send: Send) -> None:
        outcome = await exchange_async(transport, send)
        finishes.append(Finish(send, outcome, time.monotonic()))
        if command.is_good(send, outcome) or len(finishes) == len(started):
            over.set()

    started = [command.first]
    async with anyio.create_task_group() as runners:
        runners.start_soon(run, command.first)
        with anyio.move_on_after(command.other_at - time.monotonic()):
            await over.wait()
        send = None if over.is_set() else command.other(time.monotonic())
        if send is not None:
            started.append(send)
            runners.start_soon(run, send)
        await over.wait()
        runners.cancel_scope.cancel()
    return tuple(finishes)
