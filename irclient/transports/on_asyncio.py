"""The carrier for asyncio: one exchange over a protocol that the loop calls as bytes arrive.

There is nothing between the loop and the answer: no stream, and no cancel scope for a read. The end
of an exchange is one instant that the connection knows.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from typing import TYPE_CHECKING, Final, cast
from weakref import WeakKeyDictionary

from irclient.transports.answers import Answers
from irclient.transports.connecting import connected, words_of
from irclient.transports.failures import Late, Unreachable
from irclient.transports.waiting import Wait, on_loop

if TYPE_CHECKING:
    from irclient.transports.request import Origin

__all__ = ["AsyncioConnection", "connect"]

#: Bytes received at a time.
_AT_A_TIME: Final = 64 * 1024
_buffers: WeakKeyDictionary[asyncio.AbstractEventLoop, memoryview] = WeakKeyDictionary()


async def connect(
    origin: Origin, context: ssl.SSLContext | None, until: float
) -> AsyncioConnection:
    """Open a connection, with TLS where a context is given.

    Args:
        origin: What to connect to.
        context: Whom to trust.
        until: When it must be open, in the loop's time.

    Raises:
        Unreachable: No connection could be made.
        Unsendable: The name could not be looked up.
        TimeoutError: It took too long.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout_at(until):
        sock = await on_loop(connected(origin, None))
        try:
            _, connection = await loop.create_connection(
                lambda: AsyncioConnection(origin, loop),
                ssl=context,
                sock=sock,
                server_hostname=None if context is None else origin.host,
            )
        except OSError as problem:
            raise Unreachable(f"{origin}: {words_of(problem)}") from problem
    return connection


class AsyncioConnection(asyncio.BufferedProtocol):
    """A connection of asyncio, which one task uses at a time.

    Args:
        origin: What it is connected to.
        loop: Its loop.
    """

    def __init__(self, origin: Origin, loop: asyncio.AbstractEventLoop) -> None:
        self.origin = origin
        self.answers = Answers()
        self.opened_at = self.free_at = loop.time()
        self._loop = loop
        self._waiter: asyncio.Future[None] | None = None
        self._ends_at = float("inf")
        self._timer: asyncio.TimerHandle | None = None
        self._is_late = False
        self._buffer = _buffer_of(loop)

    async def exchange(self, request: memoryview, ends_at: float, *, is_kept: bool) -> None:
        """Send a request and wait for its answer.

        Args:
            request: The whole request.
            ends_at: When the time for it has passed, in the loop's time.
            is_kept: Whether the connection was used before.

        Raises:
            Late: It took too long.
        """
        self.answers.begin(is_kept=is_kept, method=request[0])
        # A new connection with TLS may be readable: a session ticket waits for the loop.
        if not (is_kept or self._is_secure or self.is_quiet()):
            self.answers.lose("the server spoke, or closed the connection, before it was asked")
            return
        self._waiter = self._loop.create_future()
        self._end_by(ends_at)
        self._transport.write(request)
        self.answers.sent_at = time.monotonic()
        try:
            await self._waiter
        finally:
            self._waiter = None
            self._ends_at = float("inf")
        if self._is_late:
            raise Late
        if self._transport.get_write_buffer_size():
            # An answer to a request that was not read whole (RFC 9112, section 9.5).
            self.answers.may_be_used_again = False

    def is_quiet(self) -> bool:
        """Whether it is open, and nothing came over it since the last answer."""
        # What the loop has read it has told; the rest waits in the socket.
        return not (self._transport.is_closing() or self._look(0.0))

    def close(self) -> None:
        """Close it at once: a close that waits for the other side could be held by it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Know the connection, once it is secured."""
        self._transport = cast("asyncio.Transport", transport)
        self._is_secure = transport.get_extra_info("sslcontext") is not None
        self._look = Wait(transport.get_extra_info("socket"), until="readable").look

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  (asyncio's signature)
        """Where to put what arrives: a protocol that is given bytes costs four times as much."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Read on in the answer; bytes that were not asked for end the connection."""
        waiter = self._waiter
        if waiter is None or waiter.done():
            self.close()
        elif self.answers.feed(bytes(self._buffer[:nbytes])):
            waiter.set_result(None)

    def eof_received(self) -> None:
        """Nothing more comes; the loop closes the connection."""
        if not self.answers.is_over and self._is_announced():
            self.answers.end()
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes, for this reason."""
        if not self.answers.is_over:
            self.answers.lose(str(exc) if exc else "the connection was closed")
            self._wake()

    def _is_announced(self) -> bool:
        # Without TLS saying so, an end may be somebody else's doing (RFC 9112, section 9.8).
        secured: ssl.SSLObject | None = self._transport.get_extra_info("ssl_object")
        try:
            return secured is None or not secured.read(1)
        except ssl.SSLZeroReturnError:
            return True
        except ssl.SSLError:
            return False

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _end_by(self, instant: float) -> None:
        # One timer serves many exchanges: it looks up when it goes off, and starts again if the
        # end has moved on.
        self._ends_at = instant
        if self._timer is None or instant < self._timer.when():
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(instant, self._look_up)

    def _look_up(self) -> None:
        self._timer = None
        if self._ends_at == float("inf"):
            return
        if self._loop.time() < self._ends_at:
            self._end_by(self._ends_at)
            return
        if self._waiter is None or self._waiter.done():
            return  # The loop stood still, and what had come was read before it looked up here.
        self._is_late = True
        self.close()
        self._wake()


def _buffer_of(loop: asyncio.AbstractEventLoop) -> memoryview:
    # One for all connections of a loop, which reads for one at a time; Windows' reads for all.
    if sys.platform == "win32":
        return memoryview(bytearray(_AT_A_TIME))
    buffer = _buffers.get(loop)
    if buffer is None:
        buffer = _buffers[loop] = memoryview(bytearray(_AT_A_TIME))
    return buffer
