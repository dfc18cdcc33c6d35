"""The default transport for tasks: lanes, each one connection that serves one request at a time.

httpx's own async pool stops working for ever after cancelled requests (encode/httpcore#1093) and
slows down as callers are added, because each event looks at all connections and all waiters. A
lane is one httpcore connection without a pool, so none of that can happen: there is nothing to
look through, and a lane whose request did not end normally is closed and never used again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import anyio
import anyio.lowlevel
import httpcore
import httpx

from irclient._forks import fork_count, fork_safe_lock
from irclient.transports.direct import Opens, Sent, from_httpx, headers_of, request_of
from irclient.transports.handshakes import ClosingHandshakes
from irclient.transports.tls import ssl_context

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, AsyncIterator

    from irclient._core.protocol import Send

__all__ = ["Lanes"]

#: Idle lanes kept for each origin; more are closed when they come back.
_IDLE_LANES: Final = 256
#: Shorter than the idle time of common front ends, so that we close first.
_IDLE_FOR: Final = 30.0

_Origin = tuple[bytes, bytes, int | None]
_Lane = httpcore.AsyncHTTPConnection


@dataclass(eq=False, slots=True)
class _OneLoop:
    """The idle lanes of one event loop, and the generator that is closed as the loop ends."""

    free: dict[_Origin, list[_Lane]]
    until_the_loop_ends: AsyncGenerator[None]
    is_closed: bool = False


class Lanes(Opens):
    """Takes the lane that was used last, or opens a new one when none is free.

    Lanes belong to the event loop that opened them and are closed before it ends, so one `Lanes`
    may be made before there is a loop and outlive several; a forked child opens lanes of its
    own. Proxies of the environment are not used: give the client
    ``httpx.AsyncHTTPTransport(proxy=...)`` where one is needed.

    Args:
        ca_file: A PEM file of the only authorities to trust; None trusts the process's usual.
    """

    def __init__(self, *, ca_file: str | os.PathLike[str] | None = None) -> None:
        self._ca_file = ca_file
        self._lock = fork_safe_lock()
        self._forks = fork_count()
        self._by_loop: dict[Any, _OneLoop] = {}

    async def open(self, send: Send) -> Sent:
        """Send a request and return once the head of its answer has arrived.

        The lane is free again once the body was read to its end.
        """
        return await self._begin(request_of(send))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request of httpx over a free lane."""
        sent = await self._begin(from_httpx(request, await request.aread()))
        stream = cast("_LaneStream", sent.stream)
        return httpx.Response(sent.status, headers=sent.headers, stream=stream)

    async def _begin(self, request: httpcore.Request) -> Sent:
        here = self._by_loop.get(_this_loop()) if self._forks == fork_count() else None
        if here is None:
            here = await self._settle()
        url = request.url
        free = here.free.setdefault((url.scheme, url.host, url.port), [])
        lane = await _take(free)
        was_idle = lane is not None
        if lane is None:
            lane = self._open(url.origin)
        try:
            response = await lane.handle_async_request(request)
        except (httpcore.NetworkError, httpcore.RemoteProtocolError):
            await _close(lane)
            if not was_idle or request.method != b"GET":
                raise
            # The server closed an idle connection while we sent on it (RFC 9112, 9.3.1).
            was_idle, lane = False, self._open(url.origin)
            response = await _or_close(lane, request)
        except BaseException:
            await _close(lane)
            raise
        stream = _LaneStream(response, lane, free, here)
        headers = headers_of(response.headers)
        return Sent(response.status, headers, stream, stream.aclose, not was_idle)

    async def aclose(self) -> None:
        """Close the idle lanes of this loop; those of another are closed as that loop ends."""
        here = self._by_loop.get(_this_loop()) if self._forks == fork_count() else None
        if here is not None:
            await here.until_the_loop_ends.aclose()

    async def _settle(self) -> _OneLoop:
        loop = _this_loop()
        here = _OneLoop({}, self._close_at_the_end(loop))
        with self._lock:
            if self._forks != fork_count():
                # Left to the parent: closing would say goodbye over sockets that it still uses.
                self._by_loop, self._forks = {}, fork_count()
            # Loops that ended without closing their generators, and so without ours.
            self._by_loop = {
                each: lanes for each, lanes in self._by_loop.items() if not _has_ended(each)
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
                here.is_closed = True
                for lanes in here.free.values():
                    while lanes:
                        await _close(lanes.pop())

    def _open(self, origin: httpcore.Origin) -> _Lane:
        context = ssl_context(ca_file=self._ca_file)
        is_trio = not hasattr(_this_loop(), "create_task")
        # A cast, for httpcore says less of its backends where trio is not installed.
        network = cast(
            "httpcore.AsyncNetworkBackend",
            httpcore.TrioBackend() if is_trio else httpcore.AnyIOBackend(),
        )
        return _Lane(
            origin,
            ssl_context=context,
            keepalive_expiry=_IDLE_FOR,
            network_backend=ClosingHandshakes(network),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), ca_file=self._ca_file), ()

    def __repr__(self) -> str:
        with self._lock:
            idle = sum(len(free) for loop in self._by_loop.values() for free in loop.free.values())
        return f"Lanes({idle} idle)"


class _LaneStream(httpx.AsyncByteStream):
    """A body that gives its lane back when it was read to the end, and else closes it."""

    def __init__(
        self, response: httpcore.Response, lane: _Lane, free: list[_Lane], here: _OneLoop
    ) -> None:
        self._response = response
        self._lane: _Lane | None = lane
        self._free = free
        self._here = here
        self._was_read = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in cast("AsyncIterator[bytes]", self._response.stream):
            yield chunk
        self._was_read = True

    async def aclose(self) -> None:
        lane, self._lane = self._lane, None
        if lane is None:
            return
        try:
            await self._response.aclose()
        except BaseException:
            await _close(lane)
            raise
        if self._was_read and len(self._free) < _IDLE_LANES and not self._here.is_closed:
            self._free.append(lane)
        else:
            await _close(lane)


async def _take(free: list[_Lane]) -> _Lane | None:
    """Take the lane that was used last, if the server has not closed it meanwhile."""
    while free:
        lane = free.pop()
        if lane.is_idle() and not lane.has_expired():
            return lane
        await _close(lane)
    return None


async def _or_close(lane: _Lane, request: httpcore.Request) -> httpcore.Response:
    try:
        return await lane.handle_async_request(request)
    except BaseException:
        await _close(lane)
        raise


async def _close(lane: _Lane) -> None:
    # Shielded: the usual reason for closing a lane is that its request was cancelled.
    with anyio.CancelScope(shield=True):
        # A connection that is thrown away may break.
        with suppress(Exception):
            await lane.aclose()


def _this_loop() -> Any:  # noqa: ANN401  (asyncio and trio share no type)
    return anyio.lowlevel.current_token().native_token


def _has_ended(loop: Any) -> bool:  # noqa: ANN401  (asyncio and trio share no type)
    # trio always closes the generators of a run that ends, so only asyncio is asked.
    return hasattr(loop, "is_closed") and loop.is_closed()
