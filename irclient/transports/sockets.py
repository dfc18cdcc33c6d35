"""The carrier for threads: one exchange over a socket that no server can hold beyond its time.

Sockets are never blocking: each wait is for one socket, and for what is left of the exchange.
"""

from __future__ import annotations

import errno
import os
import select
import selectors
import socket
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from irclient.transports.answers import Answers
from irclient.transports.failures import Late, Unreachable
from irclient.transports.names import look_up, looked_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient.transports.request import Origin

__all__ = ["NEXT_ADDRESS_AFTER", "Patience", "SocketConnection", "look_at", "words_of"]

#: Seconds for one address before the next is tried as well (RFC 8305, section 5).
NEXT_ADDRESS_AFTER: Final = 0.25
#: Bytes received at a time.
_AT_A_TIME: Final = 64 * 1024
#: What a connection that is being made says of itself.
_CONNECTING: Final = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)
_TRY_AGAIN: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Patience:
    """How long something may take.

    Args:
        ends_at: When the time has passed.
        look_up: Asked before each wait: returns after how many seconds to be asked again, and
            may raise to stop.
    """

    def __init__(self, ends_at: float, look_up: Callable[[], float] | None = None) -> None:
        self.ends_at = ends_at
        self.look_up = look_up

    def seconds(self) -> float:
        """How long to wait now.

        Raises:
            Late: No longer.
        """
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise Late
        return left if self.look_up is None else min(self.look_up(), left)

    def but_not_beyond(self, instant: float) -> Patience:
        """The same, with an end that may come earlier."""
        return Patience(min(self.ends_at, instant), self.look_up)


class SocketConnection:
    """A connection of threads; one thread uses it at a time.

    Args:
        origin: What to connect to.
        context: Whom to trust; None without TLS.
        patience: How long connecting may take.

    Raises:
        Unreachable: No connection could be had.
        Unsendable: The name could not be looked up.
        Late: It took too long.
    """

    def __init__(self, origin: Origin, context: ssl.SSLContext | None, patience: Patience) -> None:
        self.origin = origin
        self.answers = Answers()
        self._is_secure = context is not None
        try:
            self._socket = _connected(_addresses(origin, patience), origin.port, patience)
            if context is not None:
                self._socket = _secured(self._socket, context, origin.host, patience)
        except OSError as problem:
            raise Unreachable(words_of(problem)) from problem
        self._is_readable = look_at(self._socket)
        self.opened_at = self.free_at = time.monotonic()

    def exchange(self, request: memoryview, patience: Patience, *, is_kept: bool) -> None:
        """Send a request and read its answer.

        Args:
            request: The whole request.
            patience: How long it may take.
            is_kept: Whether the connection was used before.

        Raises:
            Late: It took too long.
        """
        answers = self.answers
        answers.begin(is_kept=is_kept)
        if not (is_kept or self.is_quiet()):
            answers.lose("the server spoke, or closed the connection, before it was asked")
            return
        broken: OSError | None = None
        try:
            self._send(request, patience)
        except OSError as problem:
            # A server that refuses a request may have answered before (RFC 9112, section 9.5).
            broken = problem
        else:
            self._wait_to_read(patience)
        try:
            while not answers.is_over:
                # Asked each time: over a flood there is never anything to wait for.
                patience.seconds()
                data = self._receive(patience)
                if not data:
                    answers.end()
                elif answers.feed(data) and broken is not None:
                    answers.may_be_used_again = False
        except OSError as problem:
            answers.lose(words_of(broken or problem))

    def is_quiet(self) -> bool:
        """Whether it is open, and nothing came over it since the last answer."""
        try:
            if not self._is_readable(0.0):
                return True
            if self._is_secure:
                # What TLS says to itself, such as a session ticket, is not from the server.
                self._socket.recv(1)
        except _TRY_AGAIN:
            return True
        except OSError:
            pass
        return False

    def close(self) -> None:
        """Close it; only who uses it may, for the system gives its number to the next one."""
        self._socket.close()

    def interrupt(self) -> None:
        """End it under another thread, which learns of it at once and closes it."""
        with suppress(OSError):
            # As a plain socket: a TLS one would forget its state under the thread that reads.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _send(self, left: memoryview, patience: Patience) -> None:
        while left:
            try:
                sent = self._socket.send(left)
            except _TRY_AGAIN as problem:
                if isinstance(problem, ssl.SSLWantReadError):
                    self._wait_to_read(patience)
                else:
                    _wait_to_write(self._socket, patience)
            else:
                left = left[sent:]

    def _receive(self, patience: Patience) -> bytes:
        while True:
            try:
                return self._socket.recv(_AT_A_TIME)
            except _TRY_AGAIN as problem:
                if isinstance(problem, ssl.SSLWantWriteError):
                    _wait_to_write(self._socket, patience)
                else:
                    self._wait_to_read(patience)

    def _wait_to_read(self, patience: Patience) -> None:
        while not self._is_readable(patience.seconds()):
            pass


def look_at(sock: socket.socket) -> Callable[[float], bool]:
    """Return what waits so many seconds for something to come, or the end, and says whether."""
    if not hasattr(select, "poll"):
        return lambda seconds: bool(select.select([sock], [], [], seconds)[0])
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    # The system rounds up, so that nobody looks again and again within a millisecond.
    return lambda seconds: bool(poll.poll(seconds * 1000))


def _wait_to_write(sock: socket.socket, patience: Patience) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_WRITE)
        while not selector.select(patience.seconds()):
            pass


def _addresses(origin: Origin, patience: Patience) -> list[str]:
    looking = look_up(origin)
    while not looking.done():
        with suppress(TimeoutError):
            looking.exception(patience.seconds())
    return looked_up(looking, origin)


def _connected(addresses: list[str], port: int, patience: Patience) -> socket.socket:
    """Connect to the address that answers first, trying the next when one is slow (RFC 8305)."""
    problem: OSError = OSError("no address is known")
    left, next_at = list(addresses), 0.0
    with selectors.DefaultSelector() as trying:
        try:
            while left or trying.get_map():
                now = time.monotonic()
                if left and (now >= next_at or not trying.get_map()):
                    next_at = now + NEXT_ADDRESS_AFTER
                    problem = _begin(left.pop(0), port, trying) or problem
                    continue
                seconds = patience.seconds()
                for key, _ in trying.select(min(seconds, next_at - now) if left else seconds):
                    sock: socket.socket = key.fileobj  # type: ignore[assignment]
                    trying.unregister(sock)
                    number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not number:
                        return sock
                    sock.close()
                    problem, next_at = OSError(number, os.strerror(number)), now
        finally:
            # Those that were not first, too.
            for key in list(trying.get_map().values()):
                key.fileobj.close()  # type: ignore[union-attr]
    raise problem


def _begin(address: str, port: int, trying: selectors.BaseSelector) -> OSError | None:
    """Begin to connect to an address; why not, where it fails at once."""
    sock: socket.socket | None = None
    try:
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        sock.settimeout(0)
        # A request is one piece: it must not wait for the acknowledgement of the last.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number = sock.connect_ex((address, port))
        if number not in _CONNECTING:
            raise OSError(number, os.strerror(number))
        trying.register(sock, selectors.EVENT_WRITE)
    except OSError as problem:
        if sock is not None:
            sock.close()
        return problem
    return None


def _secured(
    plain: socket.socket, context: ssl.SSLContext, host: str, patience: Patience
) -> ssl.SSLSocket:
    try:
        # An end of the connection that TLS did not announce may be somebody else's doing.
        secured = context.wrap_socket(
            plain, server_hostname=host, do_handshake_on_connect=False, suppress_ragged_eofs=False
        )
    except BaseException:
        plain.close()
        raise
    is_readable = look_at(secured)
    try:
        while True:
            try:
                secured.do_handshake()
            except ssl.SSLWantReadError:
                while not is_readable(patience.seconds()):
                    pass
            except ssl.SSLWantWriteError:
                _wait_to_write(secured, patience)
            else:
                return secured
    except BaseException:
        secured.close()
        raise


def words_of(problem: BaseException) -> str:
    """What an error says, in the system's words where it is the system's."""
    said = problem.strerror if isinstance(problem, OSError) else None
    return said or str(problem) or type(problem).__name__
