"""The default transport for tasks, under asyncio and trio."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import anyio

from irclient._runtime.forks import fork_count, fork_safe_lock
from irclient._runtime.loops import asyncio_loop, this_loop
from irclient.transports.failures import Late, Unsendable
from irclient.transports.kept import KeepsConnections
from irclient.transports.own import OwnAsyncTransport
from irclient.transports.pool import Connection, Pool

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Callable, Coroutine

    from irclient._core.protocol import Failure
    from irclient._wire.responses import Response
    from irclient.transports.request import Origin, Outgoing

__all__ = ["AsyncTransport"]


class AsyncTransport(KeepsConnections, OwnAsyncTransport):
    """Sends over connections that are kept, each of which serves one request at a time.

    Connections belong to the event loop that opened them and are closed before it ends, so one
    transport may be made before there is a loop and outlive several; a forked child opens
    connections of its own. The proxy that ``HTTPS_PROXY`` names is used, but for hosts in
    ``NO_PROXY`` and on loopback.

    It can be used with httpx as well: ``httpx.AsyncClient(transport=AsyncTransport())``.

    Args:
        ca_file: A PEM file of the only authorities to trust; None trusts the process's usual.
        max_connections: How many connections there may be at once on each event loop; None for
            as many as the TPS of the endpoints asks for. Waiting for one is part of the
            attempt's time.

    Raises:
        ConfigurationError: A file of authorities is not there, or `max_connections` is below 1.
    """

    def _hold_none(self) -> None:
        self._lock = fork_safe_lock()
        self._forks = fork_count()
        self._by_loop: dict[Any, _OneLoop] = {}

    def carry(self, outgoing: Outgoing) -> Coroutine[Any, Any, Response | Failure]:
        """Carry a request out and return what came of it; see `OwnAsyncTransport`."""
        here = self._by_loop.get(this_loop()) if self._forks == fork_count() else None
        if here is None or here.permits is not None:
            return self._carry_in_turn(outgoing, here)
        now = here.time()
        return self._carry(outgoing, here, now, now + outgoing.within)

    async def _carry_in_turn(self, outgoing: Outgoing, here: _OneLoop | None) -> Response | Failure:
        here = await self._settle() if here is None else here
        now = here.time()
        ends_at = now + outgoing.within
        if here.permits is None:
            return await self._carry(outgoing, here, now, ends_at)
        async with AsyncExitStack() as held:
            # The other half is for the answer: with less, the service would be blamed for our wait.
            with anyio.move_on_after(outgoing.within / 2) as waiting:
                await held.enter_async_context(here.permits)
            if waiting.cancelled_caught:
                raise Unsendable("no connection was free in time: max_connections is too low")
            return await self._carry(outgoing, here, here.time(), ends_at)

    async def _carry(
        self, outgoing: Outgoing, here: _OneLoop, now: float, ends_at: float
    ) -> Response | Failure:
        pool, connection = here.pool, None
        if not outgoing.over_new_connection:
            connection = pool.take(outgoing.origin, now)
        is_kept = connection is not None
        if connection is None:
            connection = await self._open(outgoing, here, ends_at)
        try:
            await connection.exchange(outgoing.request, ends_at, is_kept=is_kept)
        except BaseException:
            pool.discard(connection)
            raise
        return pool.outcome_of(connection, here.time(), is_kept=is_kept)

    async def _open(self, outgoing: Outgoing, here: _OneLoop, ends_at: float) -> TaskConnection:
        context = self._ready_to_open(outgoing.origin, here.pool)
        until = min(ends_at, here.time() + outgoing.connect_within)
        try:
            connection = await here.connect(outgoing.origin, context, until)
        except TimeoutError:
            within = min(outgoing.connect_within, outgoing.within)
            raise Late(f"no connection within {within:.3g} s") from None
        here.pool.add(connection)
        return connection

    async def aclose(self) -> None:
        """Close the free connections of this loop; those of another are closed as that loop ends.

        Those in use are closed as soon as their answers have come.
        """
        here = self._by_loop.get(this_loop()) if self._forks == fork_count() else None
        if here is not None:
            await here.until_the_loop_ends.aclose()

    async def _settle(self) -> _OneLoop:
        loop = this_loop()
        here = _one_loop(loop, self._close_at_the_end(loop), self._max_connections)
        with self._lock:
            if self._forks != fork_count():
                # Left to the parent: closing would take sockets out of the selector that both use.
                self._by_loop, self._forks = {}, fork_count()
            # Loops that ended without closing their generators, and so without ours.
            self._by_loop = {
                each: known for each, known in self._by_loop.items() if not _has_ended(each)
            }
            self._by_loop[loop] = here
        # From its first step on, the loop knows the generator and closes it before it ends.
        await anext(here.until_the_loop_ends)
        return here

    async def _close_at_the_end(self, loop: object) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            with self._lock:
                here = self._by_loop.pop(loop, None)
            if here is not None and self._forks == fork_count():
                here.pool.close()

    def __repr__(self) -> str:
        with self._lock:
            idle = sum(here.pool.free for here in self._by_loop.values())
        return f"AsyncTransport({idle} idle)"


class TaskConnection(Connection, Protocol):
    """A connection of either event loop."""

    async def exchange(self, request: memoryview, ends_at: float, *, is_kept: bool) -> None:
        """Send a request and wait for its answer, or raise `Late`."""
        ...


class _Connect(Protocol):
    async def __call__(
        self, origin: Origin, context: ssl.SSLContext | None, until: float, /
    ) -> TaskConnection: ...


@dataclass(eq=False, slots=True)
class _OneLoop:
    """The connections of one event loop, and the generator that is closed as the loop ends."""

    time: Callable[[], float]
    connect: _Connect
    until_the_loop_ends: AsyncGenerator[None]
    permits: anyio.Semaphore | None
    pool: Pool[TaskConnection] = field(default_factory=Pool["TaskConnection"])


def _one_loop(
    loop: Any,  # noqa: ANN401  (asyncio and trio share no type)
    until_it_ends: AsyncGenerator[None],
    max_connections: int | None,
) -> _OneLoop:
    permits = None if max_connections is None else anyio.Semaphore(max_connections)
    if asyncio_loop() is not None:
        from irclient.transports import on_asyncio  # noqa: PLC0415  (the loop that runs here)

        return _OneLoop(loop.time, on_asyncio.connect, until_it_ends, permits)
    from irclient.transports import on_trio  # noqa: PLC0415  (the loop that runs here)

    return _OneLoop(anyio.current_time, on_trio.connect, until_it_ends, permits)


def _has_ended(loop: Any) -> bool:  # noqa: ANN401  (asyncio and trio share no type)
    # trio always closes the generators of a run that ends, so only asyncio is asked.
    return hasattr(loop, "is_closed") and loop.is_closed()
