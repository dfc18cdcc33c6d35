"""The carrier for trio: one exchange over streams of anyio, ended by the scope around it."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, cast

import anyio
from anyio.abc import SocketAttribute
from anyio.streams.tls import TLSAttribute, TLSStream

from irclient.transports.addresses import first_of
from irclient.transports.answers import Answers
from irclient.transports.failures import Late, Unreachable
from irclient.transports.names import addresses_of
from irclient.transports.sockets import look_at, words_of

if TYPE_CHECKING:
    from anyio.abc import ByteStream, SocketStream

    from irclient.transports.request import Origin

__all__ = ["TrioConnection", "connect"]

#: Bytes received at a time.
_AT_A_TIME = 64 * 1024


async def connect(origin: Origin, context: ssl.SSLContext | None, until: float) -> TrioConnection:
    """Open a connection, with TLS where a context is given.

    Args:
        origin: What to connect to.
        context: Whom to trust.
        until: When it must be open, in the loop's time.

    Raises:
        Unreachable: No connection could be had.
        Unsendable: The name could not be looked up.
        TimeoutError: It took too long.
    """

    async def connect_to(address: str) -> TrioConnection:
        connection = TrioConnection(origin, await anyio.connect_tcp(address, origin.port))
        try:
            if context is not None:
                await connection.secure(context)
        except BaseException:
            connection.close()
            raise
        return connection

    try:
        with anyio.CancelScope(deadline=until):
            return await first_of(await addresses_of(origin), connect_to)
    except (OSError, anyio.EndOfStream, anyio.BrokenResourceError) as problem:
        raise Unreachable(_words(problem)) from problem
    raise TimeoutError


class TrioConnection:
    """A connection of trio, which one task uses at a time.

    Args:
        origin: What it is connected to.
        stream: The connection.
    """

    def __init__(self, origin: Origin, stream: SocketStream) -> None:
        self.origin = origin
        self.answers = Answers()
        self.opened_at = self.free_at = anyio.current_time()
        self._plain = stream
        self._stream: ByteStream = stream
        self._socket = stream.extra(SocketAttribute.raw_socket)  # noqa: S610  (not Django's)
        self._is_readable = look_at(self._socket)
        self._secured: ssl.SSLObject | None = None

    async def secure(self, context: ssl.SSLContext) -> None:
        """Shake hands."""
        # Compatible: an end that TLS did not announce may be somebody else's doing.
        stream = await TLSStream.wrap(
            self._plain, hostname=self.origin.host, ssl_context=context, standard_compatible=True
        )
        self._stream, self._secured = stream, stream.extra(TLSAttribute.ssl_object)  # noqa: S610  (not Django's)

    async def exchange(self, request: memoryview, ends_at: float, *, is_kept: bool) -> None:
        """Send a request and wait for its answer.

        Args:
            request: The whole request.
            ends_at: When the time for it has passed, in the loop's time.
            is_kept: Whether the connection was used before.

        Raises:
            Late: It took too long.
        """
        with anyio.CancelScope(deadline=ends_at) as scope:
            await self._exchange(request, is_kept=is_kept)
        if scope.cancelled_caught:
            raise Late

    async def _exchange(self, request: memoryview, *, is_kept: bool) -> None:
        answers = self.answers
        answers.begin(is_kept=is_kept)
        # A new connection with TLS may be readable: a session ticket waits to be read.
        if not (is_kept or self._secured is not None or self.is_quiet()):
            answers.lose("the server spoke, or closed the connection, before it was asked")
            return
        broken: Exception | None = None
        try:
            # Any buffer will do.
            await self._stream.send(cast("bytes", request))
        except anyio.BrokenResourceError as problem:
            # A server that refuses a request may have answered before (RFC 9112, section 9.5).
            broken = problem
        try:
            while not answers.is_over:
                if answers.feed(await self._stream.receive(_AT_A_TIME)) and broken is not None:
                    answers.may_be_used_again = False
        except anyio.EndOfStream:
            answers.end()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError) as problem:
            answers.lose(_words(broken or problem))

    def is_quiet(self) -> bool:
        """Whether it is open, and nothing came over it since the last answer."""
        if self._secured is not None:
            # TLS takes what has arrived off the wire, which then looks empty.
            try:
                self._secured.read(1)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                return False
            else:
                return False
        return self._socket.fileno() >= 0 and not self._is_readable(0.0)

    def close(self) -> None:
        """Close it at once: a close that waits for the other side could be held by it."""
        import trio  # noqa: PLC0415  (only where trio runs)

        if self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)
            self._socket.close()


def _words(problem: Exception) -> str:
    # anyio's errors often have no words, but come from one that has: a certificate's, for example.
    found: BaseException | None = problem
    while found is not None:
        if isinstance(found, OSError) or str(found):
            return words_of(found)
        found = found.__cause__ or found.__context__
    return "the connection was closed"
