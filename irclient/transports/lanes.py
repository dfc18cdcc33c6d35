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
from ssl import SSLError, SSLWantReadError
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import anyio
import httpcore
import httpx

from irclient._forks import fork_count, fork_safe_lock
from irclient._loops import asyncio_loop, this_loop
from irclient.transports.asyncio_streams import AsyncioStream, connect
from irclient.transports.direct import Opens, Sent, headers_of
from irclient.transports.handshakes import ClosingHandshakes
from irclient.transports.on_httpcore import address_of, from_httpx, request_of
from irclient.transports.tls import ssl_context

if TYPE_CHECKING:
    import os
    import ssl
    from collections.abc import AsyncGenerator, AsyncIterator

    from irclient._core.protocol import Send

__all__ = ["Lanes"]

#: Idle lanes kept for each origin; more are closed when they come back.
_IDLE_LANES: Final = 256
#: Shorter than the idle time of common front ends, so that we close first.
_IDLE_FOR: Final = 30.0

_Key: TypeAlias = tuple[bytes, bytes, int | None]


class _Connection(httpcore.AsyncHTTP11Connection):
    """A connection that does not stay open with more in it than the answers asked for.

    httpcore reads what comes right behind an answer as the answer to the next request, which is
    another caller's.
    """

    def is_idle(self) -> bool:
        """Whether the last answer has arrived to its last byte, and nothing else."""
        return (
            super().is_idle()
            and not self._h11_state.trailing_data[0]
            and (isinstance(self._network_stream, AsyncioStream) or not self._has_more_in_tls())
        )

    def _has_more_in_tls(self) -> bool:
        # trio's TLS takes what has arrived off the wire, which then looks empty.
        secured: ssl.SSLObject | None = self._network_stream.get_extra_info("ssl_object")
        if secured is None:
            return False
        try:
            secured.read(1)
        except SSLWantReadError:
            return False
        except SSLError:
            return True
        return True


@dataclass(eq=False, slots=True)
class _Lane:
    """One connection; its stream is known where it keeps the time of an attempt."""

    connection: _Connection | httpcore.AsyncHTTPConnection
    stream: AsyncioStream | None = None


@dataclass(frozen=True, slots=True)
class _Time:
    """How long an attempt may take.

    Attributes:
        connect: Seconds for connecting, or None.
        ends_at: When it ends, in the time of asyncio's loop; None where somebody else ends it.
    """

    connect: float | None
    ends_at: float | None = None


@dataclass(eq=False, slots=True)
class _OneLoop:
    """The idle lanes of one event loop, and the generator that is closed as the loop ends."""

    free: dict[_Key, list[_Lane]]
    until_the_loop_ends: AsyncGenerator[None]
    is_closed: bool = False


class Lanes(Opens, httpx.AsyncBaseTransport):
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

    def keeps_time(self) -> bool:
        """Under asyncio, each connection knows when its attempt ends."""
        return asyncio_loop() is not None and not _is_replaced()

    async def open(self, send: Send) -> Sent:
        """Send a request and return once the head of its answer has arrived.

        The lane is free again once the body was read to its end.
        """
        address, loop = address_of(send.endpoint.url), asyncio_loop()
        ends_at = None if loop is None else loop.time() + send.within
        time = _Time(send.connect_within, ends_at)
        return await self._begin(address.key, address.origin, request_of(send), time)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request of httpx over a free lane."""
        inner, url = from_httpx(request, await request.aread()), request.url
        key, timeouts = (url.raw_scheme, url.raw_host, url.port), request.extensions.get("timeout")
        time = _Time(timeouts.get("connect") if timeouts else None)
        sent = await self._begin(key, inner.url.origin, inner, time)
        stream = cast("_LaneStream", sent.stream)
        return httpx.Response(sent.status, headers=sent.headers, stream=stream)

    async def _begin(
        self, key: _Key, origin: httpcore.Origin, request: httpcore.Request, time: _Time
    ) -> Sent:
        here = self._by_loop.get(this_loop()) if self._forks == fork_count() else None
        if here is None:
            here = await self._settle()
        free = here.free.get(key)
        if free is None:
            free = here.free[key] = []
        lane = None if _is_replaced() else await _take(free)
        was_idle = lane is not None
        if lane is None:
            lane = await self._open(origin, time)
        try:
            response = await _send(lane, request, time)
        except (httpcore.NetworkError, httpcore.RemoteProtocolError):
            if not was_idle or request.method != b"GET":
                raise
            # The server closed an idle connection while we sent on it (RFC 9112, 9.3.1).
            was_idle, lane = False, await self._open(origin, time)
            response = await _send(lane, request, time)
        stream = _LaneStream(response, lane, free, here)
        headers = headers_of(response.headers)
        return Sent(response.status, headers, stream, stream.aclose, not was_idle)

    async def aclose(self) -> None:
        """Close the idle lanes of this loop; those of another are closed as that loop ends."""
        here = self._by_loop.get(this_loop()) if self._forks == fork_count() else None
        if here is not None:
            await here.until_the_loop_ends.aclose()

    async def _settle(self) -> _OneLoop:
        loop = this_loop()
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

    async def _open(self, origin: httpcore.Origin, time: _Time) -> _Lane:
        if _is_replaced():
            return _Lane(self._replaced(origin))
        is_secure = origin.scheme == b"https"
        context = ssl_context(ca_file=self._ca_file) if is_secure else None
        host, loop = origin.host.decode("ascii"), asyncio_loop()
        stream: httpcore.AsyncNetworkStream
        if loop is not None:
            limits = [loop.time() + time.connect] if time.connect is not None else []
            limits += [time.ends_at] if time.ends_at is not None else []
            until = min(limits, default=None)
            stream = await connect(host, origin.port, context=context, until=until)
        else:
            stream = await _connect_on_trio(host, origin.port, context, time.connect)
        connection = _Connection(origin, stream, keepalive_expiry=_IDLE_FOR)
        return _Lane(connection, stream if isinstance(stream, AsyncioStream) else None)

    def _replaced(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        return httpcore.AsyncHTTPConnection(
            origin,
            ssl_context=ssl_context(ca_file=self._ca_file),
            network_backend=_httpcores_network(),
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

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(cast("AsyncIterator[bytes]", self._response.stream))

    async def aclose(self) -> None:
        lane, self._lane = self._lane, None
        if lane is None:
            return
        try:
            await self._response.aclose()
        except BaseException:
            await _close(lane)
            raise
        if (
            isinstance(lane.connection, _Connection)
            and lane.connection.is_idle()
            and len(self._free) < _IDLE_LANES
            and not self._here.is_closed
        ):
            if lane.stream is not None:
                lane.stream.never_ends()
            self._free.append(lane)
        else:
            await _close(lane)


async def _take(free: list[_Lane]) -> _Lane | None:
    """Take the lane that was used last, if the server has not closed it meanwhile."""
    while free:
        lane = free.pop()
        if not lane.connection.has_expired():
            return lane
        await _close(lane)
    return None


async def _send(lane: _Lane, request: httpcore.Request, time: _Time) -> httpcore.Response:
    if lane.stream is not None and time.ends_at is not None:
        lane.stream.ends_by(time.ends_at)
    try:
        return await lane.connection.handle_async_request(request)
    except BaseException:
        await _close(lane)
        raise


async def _close(lane: _Lane) -> None:
    # A connection that is thrown away may break.
    with suppress(Exception):
        if lane.stream is not None:
            # Never suspends, so that nothing can keep it from closing.
            await lane.connection.aclose()
            return
        # Shielded: the usual reason for closing a lane is that its request was cancelled.
        with anyio.CancelScope(shield=True):
            await lane.connection.aclose()


async def _connect_on_trio(
    host: str, port: int, context: ssl.SSLContext | None, within: float | None
) -> httpcore.AsyncNetworkStream:
    try:
        with anyio.fail_after(within):
            stream = await _httpcores_network().connect_tcp(host, port)
            if context is not None:
                context.set_alpn_protocols(["http/1.1"])
                stream = await stream.start_tls(context, host)
            return stream
    except TimeoutError as problem:
        raise httpcore.ConnectTimeout(str(problem)) from problem


def _httpcores_network() -> httpcore.AsyncNetworkBackend:
    # A cast, for httpcore says less of its backends where trio is not installed.
    network = cast(
        "httpcore.AsyncNetworkBackend",
        httpcore.TrioBackend() if asyncio_loop() is None else httpcore.AnyIOBackend(),
    )
    return ClosingHandshakes(network)


def _is_replaced() -> bool:
    """Whether somebody answers in the place of httpcore's connections, as respx does in tests."""
    owner = httpcore.AsyncHTTPConnection.handle_async_request.__module__
    return not owner.startswith("httpcore.")


def _has_ended(loop: Any) -> bool:  # noqa: ANN401  (asyncio and trio share no type)
    # trio always closes the generators of a run that ends, so only asyncio is asked.
    return hasattr(loop, "is_closed") and loop.is_closed()
