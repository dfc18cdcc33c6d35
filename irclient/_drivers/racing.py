"""Races: two requests under way at once, on threads and on tasks."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from irclient._core.protocol import Finish
from irclient.transports.direct import OpensBlocking
from irclient.transports.exchange import exchange, exchange_async

if TYPE_CHECKING:
    import httpx

    from irclient._core.protocol import Race, Send

__all__ = ["race", "race_async"]

#: How often a thread looks up from its reading while the other request is under way.
_LOOK_UP_AFTER = 0.003


def race(transport: httpx.BaseTransport, command: Race) -> tuple[Finish, ...]:
    """Run a race on this thread; a second one is started only for the second request.

    With the client's own transport the first request stays on the calling thread, which looks
    up between its reads. Any other transport blocks for as long as it likes, so there the
    first request has a thread as well, and a loser is abandoned: nothing can stop its read.
    """
    runners = _Runners(transport, command)
    if isinstance(transport, OpensBlocking):
        runners.run_here(command.first)
    else:
        runners.run_on_thread(command.first)
    runners.wait_until(command.other_at)
    if not runners.is_over:
        runners.start_other()
    while not runners.is_over:
        runners.wait_until(None)
    return tuple(runners.finishes)


class _Overtaken(Exception):  # noqa: N818  (it ends a read, and is never seen outside)
    """The other request has answered: stop reading."""


class _Runners:
    """The requests of one race, and who of them has come to an end."""

    def __init__(self, transport: httpx.BaseTransport, command: Race) -> None:
        self._transport = transport
        self._command = command
        self._ends: queue.SimpleQueue[Finish] = queue.SimpleQueue()
        self._started = 0
        self._other_was_asked = False
        self._has_winner = False
        self.finishes: list[Finish] = []

    @property
    def is_over(self) -> bool:
        return self._has_winner or len(self.finishes) == self._started

    def run_here(self, send: Send) -> None:
        self._started += 1
        outcome = exchange(self._transport, send, look_up=self._look_up)
        if not self._has_winner:
            self._finish(Finish(send, outcome, time.monotonic()))

    def run_on_thread(self, send: Send) -> None:
        self._started += 1

        def run() -> None:
            self._ends.put(Finish(send, exchange(self._transport, send), time.monotonic()))

        threading.Thread(target=run, name="irclient-race", daemon=True).start()

    def start_other(self) -> None:
        """Start the other request, once, if the core wants it now."""
        if not self._other_was_asked:
            self._other_was_asked = True
            send = self._command.other(time.monotonic())
            if send is not None:
                self.run_on_thread(send)

    def wait_until(self, instant: float | None) -> None:
        """Wait for the next end, not longer than until an instant."""
        if self.is_over:
            return
        left = None if instant is None else max(instant - time.monotonic(), 0.0)
        with suppress(queue.Empty):
            self._finish(self._ends.get(timeout=left))

    def _look_up(self) -> float:
        """Return after how many seconds of reading to look up again."""
        left = self._command.other_at - time.monotonic()
        if left > 0:
            return left
        self.start_other()
        if self._started == 1:
            return float("inf")
        while not self._ends.empty():
            self._finish(self._ends.get())
        if self._has_winner:
            raise _Overtaken
        return _LOOK_UP_AFTER if len(self.finishes) < self._started - 1 else float("inf")

    def _finish(self, finish: Finish) -> None:
        self.finishes.append(finish)
        self._has_winner = self._command.is_good(finish.send, finish.outcome)


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
