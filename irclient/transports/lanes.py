"""The default transport for tasks: lanes, each one connection that serves one request at a time.

httpx's own async pool stops working for ever after cancelled requests (encode/httpcore#1093) and
slows down as callers are added, because each event looks at all connections and all waiters. A
lane is an httpx transport of one connection, so none of that can happen: there is nothing to
look through, and a lane whose request did not end normally is closed and never used again.
"""

from __future__ import annotations

import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

import anyio
import anyio.lowlevel
import httpx

from irclient._forks import fork_count, fork_safe_lock
from irclient.transports.tls import ssl_context

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator

__all__ = ["Lanes"]

#: Idle lanes kept for each origin; more are closed when they come back.
_IDLE_LANES: Final = 256
_LIMITS: Final = httpx.Limits(
    max_connections=1,
    max_keepalive_connections=1,
    # Shorter than the idle time of common front ends, so that we close first.
    keepalive_expiry=30.0,
)

_Origin = tuple[str, str, int | None]
_Free = dict[_Origin, list[httpx.AsyncHTTPTransport]]


class Lanes(httpx.AsyncBaseTransport):
    """Takes the lane that was used last, or opens a new one when none is free.

    Lanes belong to the event loop that opened them, so one `Lanes` may be made before there is
    a loop and outlive several; a forked child opens lanes of its own. Proxies of the
    environment are not used: give the client ``httpx.AsyncHTTPTransport(proxy=...)`` where one
    is needed.

    Args:
        ca_file: A PEM file of the only authorities to trust; None trusts the process's usual.
    """

    def __init__(self, *, ca_file: str | os.PathLike[str] | None = None) -> None:
        self._ca_file = ca_file
        self._lock = fork_safe_lock()
        self._forks = fork_count()
        self._by_loop: weakref.WeakKeyDictionary[Any, _Free] = weakref.WeakKeyDictionary()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request over a free lane; the lane is free again once the body was read."""
        free = self._free_lanes(request.url)
        lane = free.pop() if free else self._open()
        try:
            response = await lane.handle_async_request(request)
        except BaseException:
            await _close(lane)
            raise
        stream = cast("httpx.AsyncByteStream", response.stream)
        response.stream = _LaneStream(stream, lane, free)
        return response

    async def aclose(self) -> None:
        """Close the idle lanes of this loop; lanes of loops that have ended died with them."""
        with self._lock:
            by_origin = self._by_loop.pop(_this_loop(), {})
        if self._forks == fork_count():
            for lanes in by_origin.values():
                while lanes:
                    await _close(lanes.pop())

    def _free_lanes(self, url: httpx.URL) -> list[httpx.AsyncHTTPTransport]:
        loop = _this_loop()
        with self._lock:
            if self._forks != fork_count():
                # Left to the parent: closing would say goodbye over sockets that it still uses.
                self._by_loop, self._forks = weakref.WeakKeyDictionary(), fork_count()
            by_origin = self._by_loop.get(loop)
            if by_origin is None:
                by_origin = self._by_loop[loop] = {}
        return by_origin.setdefault((url.scheme, url.host, url.port), [])

    def _open(self) -> httpx.AsyncHTTPTransport:
        context = ssl_context(ca_file=self._ca_file)
        return httpx.AsyncHTTPTransport(verify=context, limits=_LIMITS)

    def __repr__(self) -> str:
        idle = sum(len(lanes) for free in self._by_loop.values() for lanes in free.values())
        return f"Lanes({idle} idle)"


class _LaneStream(httpx.AsyncByteStream):
    """A body that gives its lane back when it was read to the end, and else closes it."""

    def __init__(
        self,
        inner: httpx.AsyncByteStream,
        lane: httpx.AsyncHTTPTransport,
        free: list[httpx.AsyncHTTPTransport],
    ) -> None:
        self._inner = inner
        self._lane: httpx.AsyncHTTPTransport | None = lane
        self._free = free
        self._was_read = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            yield chunk
        self._was_read = True

    async def aclose(self) -> None:
        lane, self._lane = self._lane, None
        if lane is None:
            return
        try:
            await self._inner.aclose()
        except BaseException:
            await _close(lane)
            raise
        if self._was_read and len(self._free) < _IDLE_LANES:
            self._free.append(lane)
        else:
            await _close(lane)


async def _close(lane: httpx.AsyncHTTPTransport) -> None:
    # Shielded: the usual reason for closing a lane is that its request was cancelled.
    with anyio.CancelScope(shield=True):
        # A connection that is thrown away may break.
        with suppress(Exception):
            await lane.aclose()


def _this_loop() -> Any:  # noqa: ANN401  (asyncio and trio share no type)
    return anyio.lowlevel.current_token().native_token
