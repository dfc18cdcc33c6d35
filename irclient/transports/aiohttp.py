"""The transport of the extra ``aiohttp``: aiohttp's connections under httpx's interface.

By way of the package httpx-aiohttp for who uses it with httpx; irclient's own requests go to the
same aiohttp session without httpx's objects. Both know what httpx-aiohttp alone does not: paths
stay as they are to the byte (aiohttp would make ``/similar/%2E%2E`` the path ``/``), a request is
sent again only where an idle connection was found closed, and an error has the name of its kind.
"""

from __future__ import annotations

import asyncio
import weakref
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx

from irclient._forks import fork_count, fork_safe_lock
from irclient.errors import ConfigurationError
from irclient.transports.asyncio_streams import look_at
from irclient.transports.direct import HEADERS, Opens, Sent, headers_of
from irclient.transports.tls import ssl_context

try:
    import aiohttp
    import httpx_aiohttp
    from yarl import URL
except ImportError:
    raise ConfigurationError(
        "AiohttpTransport needs aiohttp and httpx-aiohttp: pip install 'irclient[aiohttp]'"
    ) from None

if TYPE_CHECKING:
    import os
    import ssl
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.client_reqrep import ConnectionKey
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

    from irclient._core.protocol import Send

__all__ = ["AiohttpTransport"]

#: Shorter than the idle time of common front ends, so that we close first.
_IDLE_FOR: Final = 30.0

T = TypeVar("T")


class AiohttpTransport(Opens, httpx.AsyncBaseTransport):
    """Sends over aiohttp, whose parser is written in C, for asyncio only.

    Like the default transport it may be made before there is a loop and outlive several, opens
    connections of its own in a forked child, follows no redirect, keeps no cookie, leaves bodies
    compressed and uses no proxy of the environment. There is no limit of connections: the
    allowance of each endpoint is one. Calls that are under way when it is closed end in an error.

    Args:
        ca_file: A PEM file of the only authorities to trust; None trusts the process's usual.

    Raises:
        ConfigurationError: At the import, without the extra ``aiohttp``; at a request, under
            another event loop than asyncio's.
    """

    def __init__(self, *, ca_file: str | os.PathLike[str] | None = None) -> None:
        self._ca_file = ca_file
        self._lock = fork_safe_lock()
        self._forks = fork_count()
        self._by_loop: dict[asyncio.AbstractEventLoop, _OneLoop] = {}

    def keeps_time(self) -> bool:
        """aiohttp's total timeout ends connecting, the request and the body."""
        return True

    async def open(self, send: Send) -> Sent:
        """Send a request and return once the head of its answer has arrived.

        The connection is free again once the body has arrived.
        """
        here = await self._here()
        # One turn of the loop, so that callers whose answers came together send together. One by
        # one, each request would wake a server that has gone to sleep since the last: a fifth of
        # the CPU of 64 callers.
        await asyncio.sleep(0)
        request = send.request
        headers = {**HEADERS, "Authorization": f"Bearer {send.token}"}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        attempt = _Attempt(URL(_base_of(send.endpoint.url) + request.target, encoded=True))
        send_once = partial(
            here.session.request,
            request.method,
            attempt.url,
            headers=headers,
            data=request.body,
            ssl=here.context if self._ca_file is None else ssl_context(ca_file=self._ca_file),
            timeout=_timeout(send.within, send.connect_within),
            allow_redirects=False,
        )
        response = await _send(request.method, attempt, send_once)
        chunks = _Chunks(response)
        headers_now = headers_of(response.raw_headers)
        return Sent(response.status, headers_now, chunks, chunks.aclose, attempt.connects)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request of httpx."""
        here = await self._here()
        await request.aread()
        attempt = _Attempt(URL(str(request.url), encoded=True))
        send_once = partial(here.by_httpx.handle_async_request, request)
        return await _send(request.method, attempt, send_once)

    async def aclose(self) -> None:
        """Close the connections of this loop; those of another are closed as that loop ends."""
        here = self._by_loop.get(_this_loop()) if self._forks == fork_count() else None
        if here is not None:
            await here.until_the_loop_ends.aclose()

    async def _here(self) -> _OneLoop:
        here = self._by_loop.get(_this_loop()) if self._forks == fork_count() else None
        return here or await self._settle()

    async def _settle(self) -> _OneLoop:
        loop, context = _this_loop(), ssl_context(ca_file=self._ca_file)
        session = _session(context)
        here = _OneLoop(
            context,
            session,
            httpx_aiohttp.AiohttpTransport(verify=context, client=session),
            _close_at_the_end(session, partial(_forget, weakref.ref(self), loop)),
        )
        with self._lock:
            if self._forks != fork_count():
                for each in self._by_loop.values():
                    # Left to the parent: closing would say goodbye over sockets that it still
                    # uses, and take them out of the selector that both share.
                    each.session.detach()
                self._by_loop, self._forks = {}, fork_count()
            # Loops that ended without closing their generators, and so without ours.
            self._by_loop = {
                each: one for each, one in self._by_loop.items() if not each.is_closed()
            }
            self._by_loop[loop] = here
        # From its first step on, the loop knows the generator and closes it before it ends.
        await anext(here.until_the_loop_ends)
        return here

    def forget(self, loop: asyncio.AbstractEventLoop) -> None:
        """Know nothing more of this loop, which ends."""
        with self._lock:
            self._by_loop.pop(loop, None)

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), ca_file=self._ca_file), ()

    def __repr__(self) -> str:
        return f"AiohttpTransport(ca_file={self._ca_file!r})"


@dataclass(frozen=True, eq=False, slots=True)
class _OneLoop:
    """The session of one event loop, and the generator that is closed as the loop ends."""

    context: ssl.SSLContext
    session: aiohttp.ClientSession
    by_httpx: httpx_aiohttp.AiohttpTransport
    until_the_loop_ends: AsyncGenerator[None]


def _session(context: ssl.SSLContext) -> aiohttp.ClientSession:
    connector = _Connector(
        # Not aiodns, even where it is installed: one resolver, the system's.
        resolver=aiohttp.ThreadedResolver(),
        ssl=context,
        limit=0,
        keepalive_timeout=_IDLE_FOR,
    )
    connector.forks = fork_count()
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        middlewares=(_sent_as_it_is_and_once,),
    )


async def _close_at_the_end(
    session: aiohttp.ClientSession, forget: Callable[[], None]
) -> AsyncGenerator[None]:
    # It holds the session and not the transport, so that one that is dropped is closed too.
    forks = fork_count()
    try:
        yield
    finally:
        forget()
        if forks == fork_count():
            await session.close()


def _forget(transport: weakref.ref[AiohttpTransport], loop: asyncio.AbstractEventLoop) -> None:
    known = transport()
    if known is not None:
        known.forget(loop)


@dataclass(slots=True)
class _Attempt:
    """One request on its way through aiohttp.

    Attributes:
        url: Where to, to the byte.
        connects: Whether it opened a connection, instead of using an idle one.
    """

    url: URL
    connects: bool = False


_attempt: ContextVar[_Attempt] = ContextVar("_attempt")


async def _send(method: str, attempt: _Attempt, send_once: Callable[[], Awaitable[T]]) -> T:
    _attempt.set(attempt)
    try:
        return await send_once()
    except (httpx.NetworkError, httpx.RemoteProtocolError):
        if attempt.connects or method != "GET":
            raise
        # The server closed an idle connection while we sent on it (RFC 9112, 9.3.1). Where it
        # closed others too, the loop has noticed by now and aiohttp leaves those out.
        return await send_once()


async def _sent_as_it_is_and_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    request.url = _attempt.get().url
    try:
        return await handler(request)
    except aiohttp.ClientError as error:
        # An error of aiohttp's own would make it send again, over a new connection too.
        raise _as_httpx(error) from error


class _Connector(aiohttp.TCPConnector):
    """Tells an attempt that it connects, and leaves a parent's connections alone in a child."""

    forks = 0

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  (aiohttp's signature)
    ) -> ResponseHandler:
        _attempt.get().connects = True
        return await super()._create_connection(req, traces, timeout)

    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        while (connection := await super()._get(key, traces)) is not None:
            protocol = connection.protocol
            if protocol is not None and not protocol.should_close and not _is_readable(protocol):
                return connection
            # What came while nobody asked would be read as the answer to the next request.
            connection.close()
        return None

    def __del__(self, *ignored: object) -> None:
        if self.forks == fork_count():
            super().__del__(*ignored)


def _is_readable(protocol: ResponseHandler) -> bool:
    transport = protocol.transport
    return transport is None or look_at(transport.get_extra_info("socket"))()


class _Chunks:
    """A body as it arrives."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._content = response.content
        self._is_begun = False

    def __aiter__(self) -> _Chunks:
        return self

    async def __anext__(self) -> bytes:
        content = self._content
        if self._is_begun and content.at_eof() and content.exception() is None:
            # Most bodies are one chunk, and have ended before it is asked for.
            raise StopAsyncIteration
        self._is_begun = True
        try:
            chunk = await content.readany()
        except aiohttp.ClientError as error:
            raise _as_httpx(error) from error
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        # The connection of a body that arrived whole is free already; another one is closed.
        self._response.close()


#: The first that fits; httpx-aiohttp calls most of them a ConnectTimeout.
_KINDS: Final = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ServerTimeoutError, httpx.ReadTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.ClientOSError, httpx.ReadError),
    (aiohttp.ClientConnectionError, httpx.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (aiohttp.ClientPayloadError, httpx.RemoteProtocolError),
)


def _as_httpx(error: aiohttp.ClientError) -> Exception:
    words = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    words = " ".join(words.split())
    return next((kind(words) for known, kind in _KINDS if isinstance(error, known)), error)


@lru_cache(maxsize=64)
def _timeout(within: float, connect_within: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        # 0 would be no limit at all.
        total=max(within, 0.001),
        connect=connect_within,
        sock_connect=connect_within,
        # aiohttp rounds longer times up to whole seconds of its loop.
        ceil_threshold=float("inf"),
    )


@lru_cache(maxsize=256)
def _base_of(url: str) -> str:
    # yarl for the host, which may need IDNA; the path as it is.
    return f"{URL(url).origin()}{urlsplit(url).path}"


def _this_loop() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise ConfigurationError(
            "AiohttpTransport works under asyncio only: leave transport= out under another event "
            "loop, such as trio's"
        ) from None
