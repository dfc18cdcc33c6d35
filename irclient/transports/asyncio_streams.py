"""Connections of asyncio for httpcore: no cancel scope and no turn of the loop for an operation.

httpcore's own, on anyio, enters a scope for each read and write and asks the selector anew each
time. Here the loop reads all along, an operation that need not wait does not, and the end of an
attempt is one instant that the connection knows: no server can hold it longer, byte by byte.
"""

from __future__ import annotations

import asyncio
import ipaddress
import select
import socket
import threading
from collections import deque
from contextlib import suppress
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, cast

import anyio
import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

__all__ = ["AsyncioStream", "connect", "look_at"]

#: Bytes that wait to be read until the loop stops receiving, and goes on again.
_MOST_WAITING: Final = 256 * 1024
_FEW_WAITING: Final = 64 * 1024
#: Bytes read at once, and seconds of reading what has arrived until others get their turn: the
#: smallest parts that HTTP allows cost a thousand times what their bytes do.
_MOST_AT_ONCE: Final = 16 * 1024
_LONGEST_TURN: Final = 0.005
#: Seconds for the first address before the next is tried as well (RFC 8305).
_NEXT_ADDRESS_AFTER: Final = 0.25


async def connect(
    host: str, port: int, *, context: ssl.SSLContext | None, until: float | None
) -> AsyncioStream:
    """Open a connection, with TLS where a context is given.

    Args:
        host: A name or an address.
        port: The port.
        context: Whom to trust.
        until: When it must be open, in the loop's time.

    Raises:
        httpcore.ConnectError: Nobody answers there, or the handshake fails.
        httpcore.ConnectTimeout: It took too long.
    """
    try:
        async with asyncio.timeout_at(until):
            return await _connected(host, port, context)
    except TimeoutError as problem:
        raise httpcore.ConnectTimeout(str(problem)) from problem
    except OSError as problem:
        raise httpcore.ConnectError(str(problem)) from problem


async def _connected(host: str, port: int, context: ssl.SSLContext | None) -> AsyncioStream:
    stream = await _first_of(await _addresses(host, port), port)
    if context is None:
        return stream
    context.set_alpn_protocols(["http/1.1"])
    transport = stream.transport
    try:
        if stream.get_extra_info("is_readable"):
            # What somebody on the way sent in the clear would be read as if it had been secured,
            # and a handshake over a connection that was closed would never end.
            raise OSError("the server spoke, or closed the connection, before the handshake")
        secured = await asyncio.get_running_loop().start_tls(
            transport, stream, context, server_hostname=host
        )
    except BaseException:
        # A handshake that is broken off leaves its socket to the garbage collector otherwise.
        transport.abort()
        raise
    stream.connection_made(cast("asyncio.Transport", secured))
    return stream


async def _addresses(host: str, port: int) -> list[str]:
    """The addresses of a host, the families in turn, in the resolver's order."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        infos = await _looked_up(host, port)
    else:
        return [host]
    found = list(dict.fromkeys((info[0], str(info[4][0])) for info in infos))
    by_family = {family: [each for kind, each in found if kind == family] for family, _ in found}
    turns = zip_longest(*by_family.values())
    return [each for turn in turns for each in turn if each is not None]


_lookups: dict[tuple[Any, str, int], asyncio.Future[list[Any] | OSError]] = {}


async def _looked_up(host: str, port: int) -> list[Any]:
    """What the resolver says, on a thread of its own for all who ask at the same time.

    The loop's own threads are few: names that hang would keep all others from being looked up,
    and the program from ending.
    """
    loop = asyncio.get_running_loop()
    key = loop, host, port
    found = _lookups.get(key)
    if found is None:
        found = _lookups[key] = loop.create_future()
        resolve = partial(_look_up, loop, host, port, found)
        try:
            threading.Thread(target=resolve, name="irclient-resolve", daemon=True).start()
        except BaseException:
            del _lookups[key]
            raise
    result = await asyncio.shield(found)
    if isinstance(result, OSError):
        raise OSError(f"the name {host!r} is not known: {result}") from result
    return result


def _look_up(
    loop: asyncio.AbstractEventLoop,
    host: str,
    port: int,
    found: asyncio.Future[list[Any] | OSError],
) -> None:
    result: list[Any] | OSError
    try:
        result = list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except OSError as problem:
        result = problem
    finally:
        del _lookups[loop, host, port]
    # The loop may be closed: nobody waits there any more.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(found.set_result, result)


async def _first_of(addresses: list[str], port: int) -> AsyncioStream:
    """Connect to the address that answers first, trying the next when one is slow (RFC 8305).

    asyncio can do this, but a race of its that is cancelled may leave a connection open.
    """
    loop = asyncio.get_running_loop()
    if len(addresses) == 1:
        return (await loop.create_connection(AsyncioStream, addresses[0], port))[1]
    opened: list[AsyncioStream] = []
    problems: list[OSError] = []

    async def attempt(address: str, is_over: anyio.Event) -> None:
        try:
            _, stream = await loop.create_connection(AsyncioStream, address, port)
        except OSError as problem:
            problems.append(problem)
        else:
            opened.append(stream)
            race.cancel_scope.cancel()
        is_over.set()

    try:
        async with anyio.create_task_group() as race:
            for address in addresses:
                is_over = anyio.Event()
                race.start_soon(attempt, address, is_over)
                with anyio.move_on_after(_NEXT_ADDRESS_AFTER):
                    await is_over.wait()
    except BaseException:
        for stream in opened:
            stream.transport.abort()
        raise
    for stream in opened[1:]:
        stream.transport.abort()
    if not opened:
        raise problems[0] if problems else OSError("no address is known")
    return opened[0]


class AsyncioStream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """What the loop calls and what httpcore calls, in one object.

    Attributes:
        transport: The connection, from its first moment on.
    """

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._received: deque[bytes | memoryview] = deque()
        self._size = 0
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._receives = self._may_write = True
        self._has_ended = self._is_late = False
        self._problem: Exception | None = None
        self._ends_at = float("inf")
        self._turn_began_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def ends_by(self, instant: float) -> None:
        """Let every operation end by an instant of the loop's time, and the connection too.

        One timer serves many attempts: it looks up when it goes off, and starts again if the
        end has moved on.
        """
        self._ends_at = instant
        if self._timer is None or instant < self._timer.when():
            self._stop_timer()
            self._timer = self._loop.call_at(instant, self._look_up)

    def never_ends(self) -> None:
        """Lift the end, while nobody uses the connection."""
        self._ends_at = float("inf")

    def _look_up(self) -> None:
        self._timer = None
        if self._ends_at == float("inf"):
            return
        if self._loop.time() < self._ends_at:
            self.ends_by(self._ends_at)
            return
        self._is_late = True
        self.transport.abort()
        self._wake()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Know the connection; called once more as it is secured."""
        self.transport = cast("asyncio.Transport", transport)
        self._look = look_at(transport.get_extra_info("socket"))

    def data_received(self, data: bytes) -> None:
        """Keep what arrived for the next read."""
        self._received.append(data)
        self._size += len(data)
        if self._size > _MOST_WAITING and self._receives:
            self._receives = False
            self.transport.pause_reading()
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def eof_received(self) -> None:
        """Nothing more comes; the loop closes the connection."""
        self._has_ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes, for this reason."""
        self._has_ended = True
        self._problem = self._problem or exc
        self._stop_timer()
        self._wake()

    def pause_writing(self) -> None:
        """What was written waits for the other side to take it."""
        self._may_write = False

    def resume_writing(self) -> None:
        """It was taken."""
        self._may_write = True
        self._wake()

    def _wake(self) -> None:
        for each in (self._reader, self._writer):
            if each is not None and not each.done():
                each.set_result(None)

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's signature)
    ) -> bytes:
        if not self._received and not self._has_ended and not self._is_late:
            self._reader = self._loop.create_future()
            try:
                await _within(timeout, self._reader, httpcore.ReadTimeout)
            finally:
                self._reader = None
            self._turn_began_at = self._loop.time()
        elif self._loop.time() > self._turn_began_at + _LONGEST_TURN:
            await asyncio.sleep(0)
            self._turn_began_at = self._loop.time()
            if self._turn_began_at >= self._ends_at:
                self._look_up()
        if self._is_late:
            raise httpcore.ReadTimeout("the attempt's time passed")
        if self._received:
            return self._next(min(max_bytes, _MOST_AT_ONCE))
        if self._problem is not None:
            raise httpcore.ReadError(str(self._problem)) from self._problem
        return b""

    def _next(self, max_bytes: int) -> bytes:
        data = self._received.popleft()
        if len(data) > max_bytes:
            self._received.appendleft(memoryview(data)[max_bytes:])
            data = data[:max_bytes]
        self._size -= len(data)
        if not self._receives and self._size <= _FEW_WAITING:
            self._receives = True
            if not self.transport.is_closing():
                self.transport.resume_reading()
        return bytes(data)

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's signature)
    ) -> None:
        if not buffer:
            return
        self._check_writable()
        self.transport.write(buffer)
        while not self._may_write:
            self._writer = self._loop.create_future()
            try:
                await _within(timeout, self._writer, httpcore.WriteTimeout)
            finally:
                self._writer = None
            self._check_writable()

    def _check_writable(self) -> None:
        if self._is_late:
            raise httpcore.WriteTimeout("the attempt's time passed")
        if self._has_ended or self.transport.is_closing():
            raise httpcore.WriteError(str(self._problem or "the connection was closed"))

    async def aclose(self) -> None:
        # What an HTTP client closes holds nothing that is still to be sent; a close that waits
        # for the other side, as that of TLS does, could be held by it.
        self._has_ended = True
        self._received.clear()
        self._stop_timer()
        self.transport.abort()
        self._wake()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  (httpcore's signature)
        match info:
            case "is_readable":
                return self._has_ended or bool(self._received) or self._look()
            case "client_addr":
                return self.transport.get_extra_info("sockname")
            case "server_addr":
                return self.transport.get_extra_info("peername")
            case _:
                return self.transport.get_extra_info(info)


async def _within(
    seconds: float | None, done: Awaitable[None], late: type[httpcore.TimeoutException]
) -> None:
    if seconds is None:
        await done
        return
    try:
        async with asyncio.timeout(seconds):
            await done
    except TimeoutError as problem:
        raise late(str(problem)) from problem


def look_at(sock: socket.socket) -> Callable[[], bool]:
    """Return what says whether something came, or the end, that the loop has not seen yet."""
    if not hasattr(select, "poll"):
        return lambda: bool(select.select([sock], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    return lambda: bool(poll.poll(0))
