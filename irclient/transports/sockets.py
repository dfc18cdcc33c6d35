"""The carrier for threads, and for trio: one exchange over a socket, as steps that wait."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from irclient.transports.answers import Answers
from irclient.transports.connecting import words_of
from irclient.transports.waiting import Wait

if TYPE_CHECKING:
    from irclient.transports.request import Origin
    from irclient.transports.waiting import Steps

__all__ = ["SocketConnection"]

#: Bytes received at a time.
_AT_A_TIME: Final = 64 * 1024
_NOTHING: Final = memoryview(b"")
_TRY_AGAIN: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class SocketConnection:
    """A connection over a socket that never blocks; one thread or task uses it at a time.

    Args:
        origin: What it is connected to.
        sock: The socket, connected, and secured where the origin asks for it.
        opened_at: The time, in the time of its pool.
    """

    def __init__(self, origin: Origin, sock: socket.socket, opened_at: float) -> None:
        self.origin = origin
        self.answers = Answers()
        self.opened_at = self.free_at = opened_at
        self._socket = sock
        self._secured = sock if isinstance(sock, ssl.SSLSocket) else None
        self._readable = Wait(sock, until="readable")

    def exchange_in_steps(self, request: memoryview, *, is_kept: bool) -> Steps[None]:
        """Send a request and read its answer.

        Args:
            request: The whole request.
            is_kept: Whether the connection was used before.
        """
        answers = self.answers
        answers.begin(is_kept=is_kept, method=request[0])
        if not (is_kept or self.is_quiet()):
            answers.lose("the server spoke, or closed the connection, before it was asked")
            return
        broken: OSError | None = None
        try:
            while request:
                try:
                    sent = self._socket.send(request)
                    request = request[sent:] if sent < len(request) else _NOTHING
                except _TRY_AGAIN as problem:
                    yield self._wanted(problem) or Wait(self._socket, until="writable")
        except OSError as problem:
            # A server that refuses a request may have answered before (RFC 9112, section 9.5).
            broken = problem
        answers.sent_at = time.monotonic()
        try:
            wanted: Wait | None = None
            while not answers.is_over:
                # Over a flood there is never anything to wait for, but it can be stopped.
                is_flooded = self._secured is not None and self._secured.pending()
                yield wanted or (None if is_flooded else self._readable)
                wanted = None
                try:
                    data = self._socket.recv(_AT_A_TIME)
                except _TRY_AGAIN as problem:
                    wanted = self._wanted(problem)
                    continue
                if not data:
                    answers.end()
                elif answers.feed(data) and broken is not None:
                    answers.may_be_used_again = False
        except OSError as problem:
            answers.lose(words_of(broken or problem))

    def _wanted(self, problem: OSError) -> Wait | None:
        """What TLS waits for: it may have to read before it writes, or the other way round."""
        if isinstance(problem, ssl.SSLWantReadError):
            return self._readable
        is_to_write = isinstance(problem, ssl.SSLWantWriteError)
        return Wait(self._socket, until="writable") if is_to_write else None

    def is_quiet(self) -> bool:
        """Whether it is open, and nothing came over it since the last answer."""
        try:
            if not self._readable.look(0.0):
                return True
            if self._secured is not None:
                # What TLS says to itself, such as a session ticket, is not from the server.
                self._secured.recv(1)
        except _TRY_AGAIN:
            return True
        except OSError:
            pass
        return False

    def close(self) -> None:
        """Close it; only who uses it may, for the system gives its number to the next one."""
        self._socket.close()

    def __del__(self) -> None:
        # An interrupt (Ctrl-C) took it from its user; or struck before it had a socket.
        with suppress(AttributeError):
            self._socket.close()

    def interrupt(self) -> None:
        """End it under another thread, which learns of it at once and closes it."""
        with suppress(OSError):
            # As a plain socket: a TLS one would forget its state under the thread that reads.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
